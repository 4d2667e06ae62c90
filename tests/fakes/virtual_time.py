"""An event loop with a clock that jumps to the next timer.

A test of minutes takes milliseconds and gives the same result on every machine. Nothing here may wait for a socket or a
thread: the clock does not pass while real work is done, and no timer fires because the machine is slow.
"""

import asyncio
import selectors
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Any

import pytest

START = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
"""The wall clock's time when a loop is new."""
LONGEST_S = 6 * 3600.0
"""A test that lasts longer than this, in virtual time, waits for an event that never comes."""
STEP_S = 0.01


class NothingHappens(BaseException):
    """The test waits for an event that will never come.

    A BaseException, so that no code under test handles it.
    """


class _JumpingSelector(selectors.SelectSelector):
    """Selector that advances the loop's clock instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            # No timer: only a thread of the standard executor, at the loop's end, can wake the loop.
            found = super().select(1.0)
            if not found:
                raise NothingHappens("every task waits, and no timer is set")
            return found
        found = super().select(0)
        if not found and timeout > 0:
            self.now_s += timeout
            if self.now_s > LONGEST_S:
                raise NothingHappens(f"still waiting after {LONGEST_S:.0f} virtual seconds")
        return found


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Event loop on virtual time."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the seconds since the loop was made."""
        return self._jumping.now_s


def loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Return the loops for a conftest's hook `pytest_asyncio_loop_factories`."""
    return {"virtual": VirtualTimeLoop}


def set_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `foundation.clock` follow the running loop."""

    def now(zone: tzinfo) -> datetime:
        try:
            passed_s = asyncio.get_running_loop().time()
        except RuntimeError:
            passed_s = 0.0  # a fixture that runs before the loop does
        return (START + timedelta(seconds=passed_s)).astimezone(zone)

    clock: Any = SimpleNamespace(now=now, fromtimestamp=datetime.fromtimestamp)
    monkeypatch.setattr("foundation.clock.datetime", clock)


async def until(condition: Callable[[], object], *, within_s: float = 60.0) -> None:
    """Wait in virtual time until a condition holds.

    Raises:
        AssertionError: it does not within the time.
    """
    deadline = asyncio.get_running_loop().time() + within_s
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"not within {within_s:g} virtual seconds"
        await asyncio.sleep(STEP_S)
