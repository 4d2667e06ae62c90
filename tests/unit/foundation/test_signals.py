"""Signals: every listener is called, in order, and no failure is lost."""

import pytest

from foundation.signals import AsyncSignal, Signal


def test_signal_without_listeners_is_silent() -> None:
    signal = Signal[[str]]()
    signal.announce("nothing")
    assert not signal.has_listeners


def test_failing_listener_does_not_stop_the_next() -> None:
    signal = Signal[[str]]()
    heard: list[str] = []

    def broken(_fact: str) -> None:
        raise ValueError("broken")

    signal.add_listener(broken)
    signal.add_listener(heard.append)
    with pytest.raises(ValueError, match="broken"):
        signal.announce("fact")
    assert heard == ["fact"]


async def test_async_signal_reports_every_failure() -> None:
    signal = AsyncSignal[[int]]()
    heard: list[int] = []

    async def broken(_fact: int) -> None:
        raise ValueError("broken")

    async def hear(fact: int) -> None:
        heard.append(fact)

    for listener in (broken, hear, broken):
        signal.add_listener(listener)
    with pytest.raises(ExceptionGroup) as failed:
        await signal.announce(7)
    assert heard == [7]
    assert len(failed.value.exceptions) == 2
