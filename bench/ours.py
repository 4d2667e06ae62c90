"""Our side of a comparison: the whole stack with everything on that a customer would have on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Pop:
    agent: str
    caller: str
    at_ns: int


class OurSystem:
    name = "hotline"
    pops: list[Pop]
    sip: tuple[str, int]

    async def start(self, agents: Sequence[str], *, callers_port: int, agents_port: int) -> None: ...
    def pids(self) -> dict[str, int]:
        return {}

    async def stop(self) -> None: ...


def our_system(folder: Path) -> OurSystem:
    return OurSystem()
