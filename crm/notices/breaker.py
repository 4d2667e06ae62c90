"""A circuit breaker: what fails again and again is left alone for a while, and then tried with one (F32)."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class _Circuit:
    failures: int = 0
    opened_at: float = 0.0
    open_s: float = 0.0
    trying: bool = False


class Breaker:
    """Circuits by name, of this process alone: another one finds out for itself."""

    def __init__(
        self,
        failures: int = 5,
        first_open_s: float = 15.0,
        longest_open_s: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures = failures
        self._first_open_s = first_open_s
        self._longest_open_s = longest_open_s
        self._clock = clock
        self._circuits: dict[str, _Circuit] = {}

    def room(self, name: str, wanted: int) -> int:
        """How many may be tried now: as many as wanted, or one to see whether it works again, or none."""
        circuit = self._circuits.get(name)
        if circuit is None or circuit.failures < self._failures:
            return wanted
        if circuit.trying or self._clock() < circuit.opened_at + circuit.open_s:
            return 0
        return min(1, wanted)

    def closed_to(self) -> list[str]:
        """The names of which nothing may be tried now."""
        return [name for name in self._circuits if self.room(name, 1) == 0]

    def opens_in_s(self) -> float | None:
        """When the next of those that are left alone is tried again, in seconds; None where none is."""
        now = self._clock()
        waits = [
            circuit.opened_at + circuit.open_s - now
            for name, circuit in self._circuits.items()
            if not circuit.trying and self.room(name, 1) == 0
        ]
        return max(0.0, min(waits)) if waits else None

    def begun(self, name: str) -> None:
        """Something is being tried."""
        circuit = self._circuits.get(name)
        if circuit is not None and circuit.failures >= self._failures:
            circuit.trying = True

    def succeeded(self, name: str) -> None:
        """It works."""
        self._circuits.pop(name, None)

    def failed(self, name: str) -> None:
        """It failed; once too often, and it is left alone, each time for longer."""
        circuit = self._circuits.setdefault(name, _Circuit())
        circuit.failures += 1
        circuit.trying = False
        if circuit.failures >= self._failures:
            circuit.opened_at = self._clock()
            circuit.open_s = min(self._longest_open_s, max(self._first_open_s, circuit.open_s * 2))

    def left_undecided(self, name: str) -> None:
        """What was being tried was taken back: nothing is known."""
        circuit = self._circuits.get(name)
        if circuit is not None:
            circuit.trying = False
