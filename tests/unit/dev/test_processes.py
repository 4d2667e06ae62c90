"""A start goes on while it makes progress."""

from pathlib import Path
from signal import Signals
from types import SimpleNamespace

import pytest

from dev import processes
from dev.processes import ManagedProcess, ProcessFailed


class _Slow(ManagedProcess):
    """Program on a clock of its own; each look takes 20 s."""

    pid = 0
    running = True

    def __init__(self, log: Path, talks: bool) -> None:
        super().__init__("hotline supervise", log)
        self.seconds = 0.0
        self._talks = talks

    def signal(self, number: Signals) -> None:
        self.running = False

    def wait(self, seconds: float) -> bool:
        return True

    def ending(self) -> str:
        return "ended"

    def ready_after(self, seconds: float) -> bool:
        self.seconds += 20
        if self._talks:
            with self.log.open("a") as log:
                log.write(f"{self.seconds:.0f}\n")
        return self.seconds >= seconds


def _slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, talks: bool) -> _Slow:
    process = _Slow(tmp_path / "hotline.log", talks)
    clock = SimpleNamespace(monotonic=lambda: process.seconds, sleep=lambda _seconds: None)
    monkeypatch.setattr(processes, "time", clock)
    return process


def test_slow_start_goes_on_while_its_log_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = _slow(tmp_path, monkeypatch, talks=True)
    heard: list[str] = []
    process.wait_until(lambda: process.ready_after(300), seconds=60, tell=heard.append)
    assert "".join(heard).split() == [str(second) for second in range(20, 300, 20)]


def test_silent_start_is_ended_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = _slow(tmp_path, monkeypatch, talks=False)
    with pytest.raises(ProcessFailed) as failed:
        process.wait_until(lambda: process.ready_after(300), seconds=60)
    assert str(failed.value).splitlines() == [
        "hotline supervise was not ready, and silent for 80 s:",
        f"it wrote nothing to {process.log}",
    ]


def test_program_that_only_writes_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = _slow(tmp_path, monkeypatch, talks=True)
    with pytest.raises(ProcessFailed):
        process.wait_until(lambda: process.ready_after(10_000), seconds=60)
    assert process.seconds < 1000
