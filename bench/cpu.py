"""CPU time of one handled call beside `app_queue` (G4).

All our processes count, against one Asterisk.
"""

import asyncio
from pathlib import Path
from random import Random
from socket import SOCK_DGRAM

from bench import sipp
from bench.harness import Context, Row, cpu_ms, paired_rounds, ratio_row
from bench.ours import our_system
from bench.systems import NUMBER, NativeSystem, System
from dev.ports import free_port

AGENTS = [f"agent-{number}" for number in range(1, 51)]
PER_SECOND = 40.0
CALLS = 400
WARM_UP_CALLS = 100
TALK_MS = 300
SETTLE_SECONDS = 2.0
"""What a system still does about calls that are over is part of their price."""
AIM = 2.0


class Side:
    """One system under SIPp's load."""

    def __init__(self, system: System, folder: Path, random: Random) -> None:
        self.system = system
        self._folder = folder
        self._random = random
        self.callers_port, self.agents_port = free_port(SOCK_DGRAM), free_port(SOCK_DGRAM)

    async def start(self) -> None:
        await self.system.start(AGENTS, callers_port=self.callers_port, agents_port=self.agents_port)

    async def measure(self, count: int = CALLS) -> dict[str, float]:
        """CPU milliseconds for one call, by process, and together.

        Raises:
            LoadFailed: a call failed: then the price of a handled call was not measured.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with sipp.agents(self._folder, self.agents_port, talk_ms=TALK_MS):
            before = {name: cpu_ms(pid) for name, pid in self.system.pids().items()}
            await sipp.callers(
                self._folder,
                self.callers_port,
                self.system.sip,
                NUMBER,
                self._random,
                per_second=PER_SECOND,
                count=count,
            )
            await asyncio.sleep(SETTLE_SECONDS)
            used = {name: (cpu_ms(pid) - before[name]) / count for name, pid in self.system.pids().items()}
        return {**used, "all": sum(used.values())}


async def run(context: Context) -> list[Row]:
    """Measure 40 calls a second, 50 agents, talks of 0.3 s.

    The peer records nothing; a recording peer is in the detail.
    """
    random = Random(context.seed)
    systems: dict[str, System] = {
        "ours": our_system(context.folder),
        "peer": NativeSystem(context.folder),
        "recording_peer": NativeSystem(context.folder, recording=True),
    }
    sides = {name: Side(system, context.folder / f"sipp-{name}", random) for name, system in systems.items()}
    try:
        for side in sides.values():
            await side.start()
            await side.measure(WARM_UP_CALLS)
        pairs = await paired_rounds(
            context.rounds, lambda _: sides["ours"].measure(), lambda _: sides["peer"].measure()
        )
        recording = await sides["recording_peer"].measure()
    finally:
        for system in systems.values():
            await system.stop()
    row = ratio_row(
        "G4",
        [one["all"] for one, _ in pairs],
        [other["all"] for _, other in pairs],
        AIM,
        "CPU ms for one handled call",
        {
            "ours": [one for one, _ in pairs],
            "peer": {"what": "app_queue, no recording", "rounds": [other for _, other in pairs]},
            "recording_peer": {"what": "app_queue with MixMonitor of both sides, one round", **recording},
        },
    )
    context.keep("G4", {"row": row})
    return [row]
