"""Runs the queues' scripts on Redis: one script call is one atomic step, and one round trip.

The scripts read and write many keys, all under `hotline:acd:`; they need one Redis (a primary and its replicas), not a
Redis Cluster.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.model import TRANSITIONS, Offer
from ari_app.queues.settings import QueueSettings

Result = TypeVar("Result")

SCRIPTS: Final = Path(__file__).parent / "lua"
SHARED: Final = ("prelude", "agents", "calls", "matching")


class Reply(msgspec.Struct, Generic[Result]):
    """What every script answers."""

    now_ms: int
    """Redis's time."""
    result: Result
    wake_ms: int | None = None
    """When the next sweep is due, on Redis's clock."""
    offers: tuple[Offer, ...] = ()
    """The offers made in this step for calls of the asking node; those of other nodes were published to them."""


class Command(Generic[Result]):
    """One script by name, and the type of its result."""

    def __init__(self, name: str, result: Any) -> None:
        self.name = name
        self.decoder: msgspec.json.Decoder[Reply[Result]] = msgspec.json.Decoder(Reply[result])


class QueueStore:
    """The scripts, loaded with the queues' settings in them, so that a call carries no more than its own facts.

    Redis may forget them at any time (a restart, SCRIPT FLUSH): they are then loaded again, once, unseen.
    """

    def __init__(
        self,
        redis: Redis,
        queues: Mapping[str, QueueSettings],
        node: str,
        *,
        deadline_s: float,
        now_ms: Callable[[], int] | None = None,
    ) -> None:
        self._node = node
        self._deadline_s = deadline_s
        self._now_ms = now_ms
        head = "\n".join([_settings_in_lua(queues), _transitions_in_lua(), *map(_shared, SHARED)])
        self._scripts = {
            path.stem: redis.register_script(f"{head}\n{path.read_text(encoding='utf-8')}")
            for path in sorted((SCRIPTS / "commands").glob("*.lua"))
        }

    async def run(self, command: Command[Result], *arguments: str | int) -> Reply[Result]:
        """Carry out one step.

        Raises:
            QueuesUnavailable: Redis did not answer within the deadline, or refused.
        """
        now = "" if self._now_ms is None else self._now_ms()
        task = asyncio.current_task()
        cancellations = task.cancelling() if task else 0
        try:
            async with asyncio.timeout(self._deadline_s):
                raw = await self._scripts[command.name](args=(self._node, now, *arguments))
        except (RedisError, OSError, TimeoutError) as error:
            raise QueuesUnavailable(f"{command.name}: {error or 'no answer in time'}") from error
        if task and task.cancelling() > cancellations:
            # Before Python 3.12 wait_for, which redis-py sends under, may answer a cancellation with a result. A
            # hang-up lost this way would leave its call running.
            raise asyncio.CancelledError
        return command.decoder.decode(raw)


def _shared(name: str) -> str:
    return (SCRIPTS / f"{name}.lua").read_text(encoding="utf-8")


def _settings_in_lua(queues: Mapping[str, QueueSettings]) -> str:
    """The settings as a Lua table. Names are plain words, the rest numbers and enums: nothing needs quoting."""
    usual = QueueSettings(name="usual", title_zh="-", title_en="-")
    entries = ",\n".join(f"  ['{name}'] = {_queue_in_lua(settings)}" for name, settings in sorted(queues.items()))
    return (
        f"local queues = {{\n{entries}\n}}\n"
        "-- A queue taken out of the file while calls wait in it is served to its end, by the usual settings.\n"
        f"setmetatable(queues, {{ __index = function() return {_queue_in_lua(usual)} end }})"
    )


def _queue_in_lua(settings: QueueSettings) -> str:
    values: dict[str, int | str] = {
        "strategy": f"'{settings.strategy.value}'",
        "priority": settings.priority,
        "weight": settings.weight,
        "ring_ms": int(settings.ring_s * 1000),
        "wrap_up": f"'{settings.wrap_up.value}'",
        "wrap_up_ms": int(settings.wrap_up_s * 1000),
        "misses_until_not_ready": settings.misses_until_not_ready,
        "retry_same_agent_ms": int(settings.retry_same_agent_s * 1000),
    }
    return "{ " + ", ".join(f"{name} = {value}" for name, value in values.items()) + " }"


def _transitions_in_lua() -> str:
    rows = []
    for state, following in TRANSITIONS.items():
        allowed = ", ".join(f"{after.value} = true" for after in sorted(following))
        rows.append(f"  {state.value} = {{ {allowed} }}")
    return "local transitions = {\n" + ",\n".join(rows) + "\n}"
