"""Parts of a stack are noted before they are ready."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dev.processes import ChildProcess, ProcessFailed
from dev.stack import private_stack


@pytest.mark.parametrize("part", ["redis", "asterisk"])
def test_part_is_noted_before_it_is_ready(part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(process: ChildProcess, _ready: Callable[[], bool], *, seconds: float = 0.0, **_: object) -> None:
        process.kill()
        raise ProcessFailed(f"{process.name} was not ready within {seconds} s")

    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setattr(ChildProcess, "wait_until", fail)
    stack = private_stack(tmp_path)
    noted: dict[str, int] = {}
    stack.note = noted.__setitem__
    start = stack._start_redis if part == "redis" else stack._start_asterisk
    with pytest.raises(ProcessFailed):
        start()
    process = stack.redis.process if part == "redis" and stack.redis is not None else stack.asterisk.process
    assert process is not None
    assert noted == {part: process.pid}


def test_progress_of_prompts_is_said(tmp_path: Path) -> None:
    stack = private_stack(tmp_path)
    said: list[str] = []
    stack.say = said.append
    stack._tell('{"event": "prompts_being_made", "ready": 40, "prompts": 210}\n{"event": "other"}\nno JSON\n')
    assert said == ["speaking the prompts: 40 of 210; the next start has them"]
