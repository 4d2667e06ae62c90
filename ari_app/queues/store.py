"""Steps of the queues as Redis functions: atomic, one round trip each.

They are a library of Redis functions rather than scripts: a script is set up anew at every call, which took longer than
most steps themselves. The steps read and write many keys, all under `hotline:acd:`; they need one Redis of version 7 or
later (a primary and its replicas), not a Redis Cluster.
"""

import asyncio
import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Generic, TypeVar, cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.model import TRANSITIONS, Offer
from ari_app.queues.rules import RoutingRule
from ari_app.queues.settings import QueueSettings, WrapUpMode, usual_settings

Result = TypeVar("Result")

SCRIPTS: Final = Path(__file__).parent / "lua"
SHARED: Final = ("prelude", "strategies", "agents", "waiting", "calls", "matching", "releasing")
NAME: Final = "LIBRARY"
"""Placeholder of the library's name, which is computed from the code."""
_ID: Final = re.compile(r"[A-Za-z0-9._:@/-]{1,200}")
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
FUNCTION_UNKNOWN: Final = "Function not found"


class ScriptReply(msgspec.Struct, Generic[Result]):
    """Reply of every step."""

    now_ms: int
    """Redis's time."""
    result: Result
    wake_ms: int | None = None
    """Time of the next sweep, by Redis's clock."""
    offers: tuple[Offer, ...] = ()
    """The offers made in this step for calls of the asking node; those of other nodes were published to them."""


class QueueCommand(Generic[Result]):
    """One step by name, and the type of its result."""

    def __init__(self, name: str, result: Any) -> None:
        self.name = name
        self.decoder: msgspec.json.Decoder[ScriptReply[Result]] = msgspec.json.Decoder(ScriptReply[result])


class QueueStore:
    """The library of Redis functions, with the queues' settings in it.

    Redis may lose it at any time (a restart without data, FUNCTION FLUSH): it is then loaded again. Its name is a hash
    of its content: nodes with other settings or another version, as during an update, do not disturb each other.
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
        self._redis = redis
        self._node = node
        self._deadline_s = deadline_s
        self._now_ms = now_ms
        self.use(queues)

    def use(self, queues: Mapping[str, QueueSettings]) -> None:
        """Take settings for the steps from now on."""
        body = library_code(queues)
        self.library = f"hotline_{hashlib.sha256(body.encode()).hexdigest()[:16]}"
        self._code = f"#!lua name={self.library}\n{body.replace(NAME, self.library)}"

    async def run(self, command: QueueCommand[Result], *arguments: str | int) -> ScriptReply[Result]:
        """Carry out one step.

        Raises:
            QueuesUnavailable: Redis did not answer within the deadline, or refused.
        """
        now = "" if self._now_ms is None else self._now_ms()
        try:
            async with asyncio.timeout(self._deadline_s):
                raw = await self._call(f"{self.library}_{command.name}", self._node, now, *arguments)
        except (RedisError, OSError, TimeoutError) as error:
            raise QueuesUnavailable(f"{command.name}: {error or 'no answer in time'}") from error
        return command.decoder.decode(raw)

    async def _call(self, function: str, *arguments: str | int) -> bytes:
        try:
            return cast("bytes", await self._redis.fcall(function, 0, *arguments))
        except ResponseError as error:
            if FUNCTION_UNKNOWN not in str(error):
                raise
        await self._redis.function_load(self._code, replace=True)
        return cast("bytes", await self._redis.fcall(function, 0, *arguments))


def plain_id(identifier: str) -> str:
    """Return an id that may be part of a reservation's id.

    Raises:
        ValueError: it has other characters.
    """
    if not _ID.fullmatch(identifier):
        raise ValueError(f"not an id: {identifier!r}")
    return identifier


def plain_word(word: str) -> str:
    """Return a word that may be part of a list.

    Raises:
        ValueError: it has other characters.
    """
    if not _WORD.fullmatch(word):
        raise ValueError(f"not a word: {word!r}")
    return word


def library_code(queues: Mapping[str, QueueSettings]) -> str:
    """Return the library's code. A command's file is its function's body."""
    parts = [_settings_in_lua(queues), _transitions_in_lua(), *(_read(f"{name}.lua") for name in SHARED)]
    for path in sorted((SCRIPTS / "commands").glob("*.lua")):
        body = path.read_text(encoding="utf-8")
        parts.append(f"local function {path.stem}_command(ARGV)\n{body}end")
        parts.append(
            f"redis.register_function('{NAME}_{path.stem}', function(_, arguments)\n"
            f"  begin(arguments)\n  return {path.stem}_command(arguments)\nend)"
        )
    return "\n".join(parts)


def _read(name: str) -> str:
    return (SCRIPTS / name).read_text(encoding="utf-8")


def _settings_in_lua(queues: Mapping[str, QueueSettings]) -> str:
    """Return the settings as a Lua table.

    Names are plain words, the rest numbers and enums: nothing needs quoting.
    """
    entries = ",\n".join(f"  ['{name}'] = {_queue_in_lua(settings)}" for name, settings in sorted(queues.items()))
    return f"local queues = {{\n{entries}\n}}\nlocal usual_settings = {_queue_in_lua(usual_settings('usual'))}"


def _queue_in_lua(settings: QueueSettings) -> str:
    values: dict[str, int | str] = {
        "strategy": f"'{settings.strategy.value}'",
        "priority": settings.priority,
        "weight": settings.weight,
        "ring_ms": int(settings.ring_s * 1000),
        "wraps_up": str(settings.has_wrap_up).lower(),
        "wrap_up_is_timed": str(settings.wrap_up in {WrapUpMode.TIMED, WrapUpMode.FIXED}).lower(),
        "result_required": str(settings.disposition_required).lower(),
        "wrap_up_ms": int(settings.wrap_up_s * 1000),
        "wrap_up_cap_ms": int(settings.wrap_up_cap_s * 1000),
        "misses_until_not_ready": settings.misses_until_not_ready,
        "point_ms": int(settings.point_s * 1000),
        "order": _numbers_in_lua({number: place for place, number in enumerate(settings.order)}),
        "shares": _numbers_in_lua(settings.shares),
        "ring_at_most": settings.ring_at_most,
        "retry_same_agent_ms": int(settings.retry_same_agent_s * 1000),
        "rules": f"{{ {', '.join(map(_rule_in_lua, settings.rules))} }}",
    }
    return "{ " + ", ".join(f"{name} = {value}" for name, value in values.items()) + " }"


def _numbers_in_lua(values: Mapping[str, int]) -> str:
    """Return values by staff number, which are digits."""
    return "{ " + ", ".join(f"['{number}'] = {value}" for number, value in values.items()) + " }"


def _rule_in_lua(rule: RoutingRule) -> str:
    asks = ", ".join(f"'{word}'" for word in rule.asks)
    steps = ", ".join(f"{{ after_ms = {after_ms}, need = '{need}' }}" for after_ms, need in rule.starts())
    return f"{{ asks = {{ {asks} }}, steps = {{ {steps} }} }}"


def _transitions_in_lua() -> str:
    rows = []
    for state, following in TRANSITIONS.items():
        allowed = ", ".join(f"{after.value} = true" for after in sorted(following))
        rows.append(f"  {state.value} = {{ {allowed} }}")
    return "local transitions = {\n" + ",\n".join(rows) + "\n}"
