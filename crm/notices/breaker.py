"""Circuit breaker: pauses after repeated failures, then one trial (F32)."""

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
    """Circuits by name, for this process alone."""

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
        """Return how many attempts may start now: `wanted`, one trial, or none."""
        circuit = self._circuits.get(name)
        if circuit is None or circuit.failures < self._failures:
            return wanted
        if circuit.trying or self._clock() < circuit.opened_at + circuit.open_s:
            return 0
        return min(1, wanted)

    def closed_to(self) -> list[str]:
        """Return the names of open circuits."""
        return [name for name in self._circuits if self.room(name, 1) == 0]

    def opens_in_s(self) -> float | None:
        """Return the seconds until the next trial; None without an open circuit."""
        now = self._clock()
        waits = [
            circuit.opened_at + circuit.open_s - now
            for name, circuit in self._circuits.items()
            if not circuit.trying and self.room(name, 1) == 0
        ]
        return max(0.0, min(waits)) if waits else None

    def begun(self, name: str) -> None:
        """Count the start of an attempt."""
        circuit = self._circuits.get(name)
        if circuit is not None and circuit.failures >= self._failures:
            circuit.trying = True

    def succeeded(self, name: str) -> None:
        """Close the circuit after a success."""
        self._circuits.pop(name, None)

    def failed(self, name: str) -> None:
        """Count a failure; too many open the circuit, each time for longer."""
        circuit = self._circuits.setdefault(name, _Circuit())
        circuit.failures += 1
        circuit.trying = False
        if circuit.failures >= self._failures:
            circuit.opened_at = self._clock()
            circuit.open_s = min(self._longest_open_s, max(self._first_open_s, circuit.open_s * 2))

    def left_undecided(self, name: str) -> None:
        """Count an attempt without a result."""
        circuit = self._circuits.get(name)
        if circuit is not None:
            circuit.trying = False
