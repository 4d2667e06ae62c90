"""Faults, one class each, and what must hold for present callers."""

import asyncio
import os
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from signal import SIGCONT, SIGHUP, SIGKILL, SIGSTOP
from typing import Literal

from dev.paths import PROJECT
from dev.postgres import Postgres
from dev.stack import Stack
from tests.chaos.desks import SUPERVISOR, desk_of, storm
from tests.chaos.disk import Disk

WHOLE_S = 30.0
POLL_S = 0.02
GONE_S = 35.0
"""Until who waited was led to the fallback, and some were served by it."""


@dataclass
class Scene:
    """The processes a row may harm."""

    stack: Stack
    postgres: Postgres
    disk: Disk
    """Where the recordings are."""
    cut_off: Callable[[], None]
    """Have all phones notice that Asterisk is dead."""
    notes: dict[str, object] = field(default_factory=dict)
    """What a row adds to its line."""

    async def whole(self) -> float:
        """Seconds until the service says that everything it needs is there.

        Raises:
            TimeoutError: it does not.
        """
        began = time.monotonic()
        async with asyncio.timeout(WHOLE_S):
            while not await asyncio.to_thread(self.stack.ready):
                await asyncio.sleep(POLL_S)
        return time.monotonic() - began


class Row(ABC):
    """A fault on real processes.

    `inject` does it and returns the seconds until all was whole again, once what failed was back.
    """

    name: str
    calls_survive = True
    """No caller may be cut off."""
    audio_goes_on = True
    """Who talks hears no gap."""
    recorded = True
    """Every conversation can be heard afterwards."""
    longest_whole_s = 3.0
    desks_lost = False
    """Desks were hung up on and are opened again afterwards."""
    led: Literal["", "control", "lines"] = ""
    """What is led to a stage before: calls of agents (`controlled.py`), callers in queues (`lines.py`)."""

    @abstractmethod
    async def inject(self, scene: Scene) -> float:
        """Do it."""


class KillService(Row):
    """F1–F4: `kill -9`, and the keeper starts the next one."""

    name = "service killed"
    desks_lost = True

    async def inject(self, scene: Scene) -> float:
        service_id = scene.stack.service_id()
        assert service_id is not None
        os.kill(service_id, SIGKILL)
        return await scene.whole()


class UpgradeService(Row):
    """Hand over to new code; the old service ends in order (F34)."""

    name = "service stopped for an upgrade"
    desks_lost = True

    async def inject(self, scene: Scene) -> float:
        stack, before = scene.stack, scene.stack.service_id()
        assert stack.service is not None
        began = time.monotonic()
        stack.service.signal(SIGHUP)
        async with asyncio.timeout(WHOLE_S):
            while stack.service_id() == before:
                await asyncio.sleep(POLL_S)
        scene.notes["served_on_s"] = round(time.monotonic() - began, 2)
        return await scene.whole()


class ServiceGone(Row):
    """Leave the service away for long: callers go to the fallback (F5)."""

    name = "service gone for long"
    desks_lost = True
    longest_whole_s = 8.0
    """A cold start, most of which is importing."""

    async def inject(self, scene: Scene) -> float:
        assert scene.stack.service is not None
        scene.stack.start_watchdog()
        assert scene.stack.watchdog is not None
        await asyncio.to_thread(scene.stack.service.kill)
        await asyncio.sleep(GONE_S)
        began = time.monotonic()
        await asyncio.to_thread(scene.stack.start_service)
        whole_s = time.monotonic() - began
        await asyncio.to_thread(scene.stack.watchdog.stop)
        return whole_s


class PauseService(Row):
    """F6: the process stands still for ten seconds, its sockets open."""

    name = "service paused"
    desks_lost = True

    async def inject(self, scene: Scene) -> float:
        service_id = scene.stack.service_id()
        assert service_id is not None
        os.kill(service_id, SIGSTOP)
        await asyncio.sleep(10.0)
        os.kill(service_id, SIGCONT)
        return await scene.whole()


class StallLoop(Row):
    """F35: for two seconds the event loop does nothing."""

    name = "event loop stalled"

    async def inject(self, scene: Scene) -> float:
        service_id = scene.stack.service_id()
        assert service_id is not None
        os.kill(service_id, SIGSTOP)
        await asyncio.sleep(2.0)
        os.kill(service_id, SIGCONT)
        return await scene.whole()


class DeskStorm(Row):
    """F14: five hundred desks come back at once, and one reads nothing."""

    name = "five hundred desks at once"
    longest_whole_s = 10.0
    """Each shakes hands and is sent a snapshot."""

    async def inject(self, scene: Scene) -> float:
        return await storm(scene.stack.url, 500)


class DiskFull(Row):
    """F27: the recordings' disk takes nothing more for ten seconds."""

    name = "disk full"
    recorded = False

    async def inject(self, scene: Scene) -> float:
        async with desk_of(scene.stack.url, SUPERVISOR) as desk:
            scene.notes["full"] = scene.disk.fill()
            if scene.notes["full"]:
                await desk.message("notice", level="warning")
                await asyncio.sleep(10.0)
            scene.disk.enlarge()
        return await scene.whole()


class CutEvents(Row):
    """F7: the event connection is cut; Asterisk connects again."""

    name = "event connection cut"

    async def inject(self, scene: Scene) -> float:
        at = scene.stack.at
        port = f"( dport = :{at.events_port} or sport = :{at.events_port} )"
        cut = await asyncio.to_thread(
            subprocess.run, ["ss", "-K", "-t", "dst", at.address, port], capture_output=True, text=True, check=False
        )
        scene.notes["cut"] = "ss -K" if cut.returncode == 0 else "not possible here"
        await asyncio.sleep(0.5)
        return await scene.whole()


class PauseAsterisk(Row):
    """Stop Asterisk for five seconds: audible, but no call is lost."""

    name = "Asterisk paused"
    audio_goes_on = False

    async def inject(self, scene: Scene) -> float:
        scene.stack.asterisk.signal(SIGSTOP)
        await asyncio.sleep(5.0)
        scene.stack.asterisk.signal(SIGCONT)
        return await scene.whole()


class PauseRedis(Row):
    """F20: Redis does not answer for five seconds."""

    name = "Redis hangs"

    async def inject(self, scene: Scene) -> float:
        assert scene.stack.redis is not None
        scene.stack.redis.signal(SIGSTOP)
        await asyncio.sleep(5.0)
        scene.stack.redis.signal(SIGCONT)
        return await scene.whole()


class EmptyRedis(Row):
    """F19: Redis is back with nothing in it."""

    name = "Redis restarted empty"

    async def inject(self, scene: Scene) -> float:
        redis = scene.stack.redis
        assert redis is not None
        await asyncio.to_thread(redis.kill)
        for path in redis.state.rglob("*.aof*"):
            path.unlink()
        await asyncio.to_thread(redis.start)
        return await scene.whole()


class DatabaseAway(Row):
    """F23: PostgreSQL is gone for ten seconds."""

    name = "database away"

    async def inject(self, scene: Scene) -> float:
        await asyncio.to_thread(scene.postgres.kill)
        await asyncio.sleep(10.0)
        await asyncio.to_thread(scene.postgres.start)
        return await scene.whole()


class SecondService(Row):
    """Start a second service for the node, which refuses (F33)."""

    name = "second service"

    async def inject(self, scene: Scene) -> float:
        environment = {**os.environ, **scene.stack.environment(), "PYTHONPATH": str(PROJECT)}
        command = [sys.executable, "-m", "ari_app.cli", "serve"]
        second = await asyncio.to_thread(
            subprocess.run, command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        scene.notes["refused"] = second.returncode == 1
        return await scene.whole()


class KillAsterisk(Row):
    """Kill Asterisk: the callers are on the list of lost calls (F11)."""

    name = "Asterisk killed"
    calls_survive = False
    audio_goes_on = False
    longest_whole_s = 10.0

    async def inject(self, scene: Scene) -> float:
        await asyncio.to_thread(scene.stack.asterisk.kill)
        scene.cut_off()
        began = time.monotonic()
        await asyncio.to_thread(scene.stack.asterisk.start)
        await scene.whole()
        return time.monotonic() - began


class KillServiceInControl(KillService):
    """F38, F39: `kill -9` while agents hold, consult, join and call out."""

    name = "service killed in call control"
    led = "control"


class EmptyRedisInControl(EmptyRedis):
    """F19 while agents hold, consult, join and call out."""

    name = "Redis restarted empty in call control"
    led = "control"


class PauseRedisInControl(PauseRedis):
    """F20 while agents hold, consult, join and call out."""

    name = "Redis hangs in call control"
    led = "control"


class KillServiceInQueues(KillService):
    """F43, F46, F47 at overflow, call back, ring all, and take-over."""

    name = "service killed at the queues"
    led = "lines"


class EmptyRedisInQueues(EmptyRedis):
    """F19 at overflow, call back, ring all, and take-over."""

    name = "Redis restarted empty at the queues"
    led = "lines"


class KillAsteriskInQueues(KillAsterisk):
    """F11 at overflow, call back, ring all, and take-over."""

    name = "Asterisk killed at the queues"
    led = "lines"


ROWS: list[type[Row]] = [
    KillService,
    UpgradeService,
    ServiceGone,
    PauseService,
    StallLoop,
    DeskStorm,
    DiskFull,
    CutEvents,
    PauseAsterisk,
    PauseRedis,
    EmptyRedis,
    DatabaseAway,
    SecondService,
    KillAsterisk,
    KillServiceInControl,
    EmptyRedisInControl,
    PauseRedisInControl,
    KillServiceInQueues,
    EmptyRedisInQueues,
    KillAsteriskInQueues,
]
SHORT: list[type[Row]] = [KillService]
