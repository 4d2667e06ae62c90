"""State of desks and drafts in Redis: it survives browser and node (F14)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from ari_app.desk.errors import DraftRefused
from ari_app.desk.model import Draft
from foundation.clock import milliseconds, utc_now
from foundation.routes import Principal

DESK = "hotline:desk:"
DRAFT = "hotline:call-draft:"
"""Hash of a call's draft: `f:` and the field's name, then its JSON; who wrote last, and when."""
READERS = "hotline:call-desks:"
"""Agents with a desk that shows, or showed, a call."""
ORDER = "hotline:desk-order"
FIELD = "f:"
MOST_FIELDS = 100
EXPIRY_S = 24 * 3600
"""Longer than any call; an abandoned desk expires then."""

_SHOW = """
redis.call('HSET', KEYS[1], 'call_id', ARGV[2], 'pop', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('SADD', KEYS[2], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[1])
return redis.call('HGETALL', KEYS[3])
"""
_CLOSE = """
if redis.call('HGET', KEYS[1], 'call_id') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'call_id', 'pop')
return 1
"""
# A desk that shows no call lost that with Redis's data: it shows its call again. Returns the
# number of the change and the other desks of the call.
_STORE_DRAFT = """
local expiry, call_id, agent_id, desks, most = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local shown = redis.call('HGET', KEYS[1], 'call_id')
if shown and shown ~= call_id then return redis.error_reply('OTHERCALL') end
local revision = 0
if #ARGV == 5 then
  redis.call('DEL', KEYS[2])
else
  if redis.call('HLEN', KEYS[2]) + (#ARGV - 5) / 2 > 2 * most then return redis.error_reply('TOOMANY') end
  redis.call('HSET', KEYS[2], unpack(ARGV, 6))
  revision = redis.call('HINCRBY', KEYS[2], 'revision', 1)
  redis.call('EXPIRE', KEYS[2], expiry)
end
if not shown then
  redis.call('HSET', KEYS[1], 'call_id', call_id)
  redis.call('EXPIRE', KEYS[1], expiry)
end
redis.call('SADD', KEYS[3], agent_id)
redis.call('EXPIRE', KEYS[3], expiry)
local others = {revision}
for _, other in ipairs(redis.call('SMEMBERS', KEYS[3])) do
  if other ~= agent_id and redis.call('HGET', desks .. other, 'call_id') == call_id then
    others[#others + 1] = other
  end
end
return others
"""

_REFUSED = {
    "OTHERCALL": "this desk shows another call by now",
    "TOOMANY": f"a draft has at most {MOST_FIELDS} fields",
}


@dataclass(frozen=True)
class Shown:
    """Content of a desk."""

    pop: msgspec.Raw | None = None
    """Still encoded."""
    draft: Draft | None = None


class DeskState:
    """Store of the state of desks, and of the drafts of calls.

    A draft belongs to its call: every desk that shows the call has it. Every method raises RedisError or OSError where
    Redis is out of reach.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._show = redis.register_script(_SHOW)
        self._close = redis.register_script(_CLOSE)
        self._store_draft = redis.register_script(_STORE_DRAFT)

    async def show(self, agent_id: str, call_id: str, pop: bytes) -> Draft | None:
        """Store that the desk shows this call only; return its draft.

        `pop` is an encoded `Pop`.
        """
        keys = [DESK + agent_id, READERS + call_id, DRAFT + call_id]
        found = await self._show(keys=keys, args=[EXPIRY_S, call_id, pop, agent_id])
        return _draft(call_id, dict(zip(found[::2], found[1::2], strict=True)))

    async def close(self, agent_id: str, call_id: str) -> bool:
        """Remove this call from the desk; return False for another call."""
        return bool(await self._close(keys=[DESK + agent_id], args=[call_id]))

    async def shown_call(self, agent_id: str) -> str | None:
        """Return the call that a desk shows."""
        found = await self._redis.hget(DESK + agent_id, "call_id")
        return found.decode() if isinstance(found, bytes) else None

    async def store_draft(self, who: Principal, draft: Draft) -> tuple[Draft, Sequence[str]]:
        """Store fields of a call's draft; without fields, delete the whole.

        Returns the draft as stored, and the other agents with the call on their desks.

        Raises:
            DraftRefused: the desk shows another call, or the draft has too many fields.
        """
        if len(draft.fields) > MOST_FIELDS:
            raise DraftRefused(_REFUSED["TOOMANY"])
        call_id, stored = draft.call_id, Draft(draft.call_id, draft.fields, who.staff_id, who.name, _now_ms())
        values: list[str | bytes | int] = []
        if draft.fields:
            values = ["by", who.staff_id, "by_name", who.name, "at_ms", stored.at_ms]
            values += [
                one for name, value in draft.fields.items() for one in (FIELD + name, msgspec.json.encode(value))
            ]
        keys = [DESK + who.staff_id, DRAFT + call_id, READERS + call_id]
        try:
            revision, *others = await self._store_draft(
                keys=keys, args=[EXPIRY_S, call_id, who.staff_id, DESK, MOST_FIELDS, *values]
            )
        except ResponseError as error:
            reason = next((words for code, words in _REFUSED.items() if code in str(error)), None)
            if reason is None:
                raise
            raise DraftRefused(reason) from None
        return msgspec.structs.replace(stored, revision=int(revision)), [_text(other) for other in others]

    async def draft(self, call_id: str) -> Draft | None:
        """Return a call's draft; None without one."""
        return _draft(call_id, await self._redis.hgetall(DRAFT + call_id))

    async def shown(self, agent_id: str) -> Shown:
        """Return the content of a desk."""
        pop, call_id = await self._redis.hmget(DESK + agent_id, ["pop", "call_id"])
        return Shown(_raw(pop), await self.draft(_text(call_id)) if call_id is not None else None)

    async def next_order(self) -> int:
        """Return a number higher than all before: the newer desk has it."""
        return int(await self._redis.incr(ORDER))


def _draft(call_id: str, found: Mapping[bytes | str, bytes | str]) -> Draft | None:
    """Return a stored draft, its values still encoded."""
    if not found:
        return None
    names = {_text(name): value for name, value in found.items()}
    fields: dict[str, Any] = {
        name.removeprefix(FIELD): _raw(value) for name, value in names.items() if name.startswith(FIELD)
    }
    # A draft of an earlier version of the service has no number.
    revision = int(names.get("revision", 0))
    return Draft(call_id, fields, _text(names["by"]), _text(names["by_name"]), int(names["at_ms"]), revision)


def _raw(stored: bytes | str | None) -> msgspec.Raw | None:
    return None if stored is None else msgspec.Raw(stored.encode() if isinstance(stored, str) else stored)


def _text(stored: bytes | str) -> str:
    return stored.decode() if isinstance(stored, bytes) else stored


def _now_ms() -> int:
    return milliseconds(utc_now())
