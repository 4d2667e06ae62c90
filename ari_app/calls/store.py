"""Live calls in Redis: one key a call."""

import asyncio
from functools import partial
from typing import Any

import msgspec
import structlog

from ari_app.calls.model import CallState
from foundation.redis_client import SharedRedis

KEY = "hotline:live:"
LED_AWAY = "hotline:led-away:"
LED_AWAY_S = 86_400
"""How long the call of a channel in the fallback is remembered."""
log = structlog.get_logger()

DEADLINE_S = 1.0
"""How long a call waits for its state to be stored."""


class CallStore:
    """Stores and finds live calls; a call's state is small and written whole."""

    def __init__(self, redis: SharedRedis, node: str) -> None:
        self._redis = redis
        self._node = node
        self.unsaved: set[str] = set()
        """Calls whose last state Redis does not have."""
        self._storing: dict[str, asyncio.Future[Any]] = {}
        """Of each call the last command that has no answer yet."""
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(CallState)

    def put(self, state: CallState) -> None:
        """Give Redis the call as it is now, without waiting: it is stored before whatever is asked of Redis afterwards.

        Never raises: a call whose place is not stored cannot be adopted, but it can go on. It is stored again as soon
        as Redis is back (`unsaved`). Who acts on what was stored waits for `settled`.
        """
        storing = self._redis.give("SET", KEY + state.id, self._encoder.encode(state))
        self._storing[state.id] = storing
        storing.add_done_callback(partial(self._stored, state.id))

    async def settled(self, call_id: str) -> None:
        """Wait until what was put last of a call is stored, as long as a call may wait for that. Never raises."""
        storing = self._storing.get(call_id)
        if storing is not None:
            await asyncio.wait({storing}, timeout=DEADLINE_S)

    async def save(self, state: CallState) -> None:
        """Put it, and wait until that is settled."""
        self.put(state)
        await self.settled(state.id)

    def forget(self, call_id: str) -> None:
        """Remove a call that has ended and whose record is stored. Never raises: the next start finds it ended."""
        self.unsaved.discard(call_id)
        self._redis.give("DEL", KEY + call_id).add_done_callback(partial(_forgotten, call_id))

    async def note_led_away(self, state: CallState) -> None:
        """Remember the call of a channel that goes on in the fallback, so that both make one record. Never raises."""
        noting = self._redis.give("SET", LED_AWAY + state.channel_id, state.id, "EX", LED_AWAY_S)
        await asyncio.wait({noting}, timeout=DEADLINE_S)
        if not noting.done() or _failure(noting) is not None:
            log.warning("led_away_not_noted", noted_call_id=state.id)

    async def call_led_away(self, channel_id: str) -> str | None:
        """Return the call of a channel that went on in the fallback; None where no process had it.

        Raises:
            RedisError, OSError: Redis is out of reach.
        """
        found = await self._redis.get(LED_AWAY + channel_id)
        return found.decode() if isinstance(found, bytes) else None

    def _stored(self, call_id: str, storing: "asyncio.Future[Any]") -> None:
        is_last = self._storing.get(call_id) is storing
        if is_last:
            del self._storing[call_id]
        if (error := _failure(storing)) is not None:
            self.unsaved.add(call_id)
            log.warning("call_not_saved", saved_call_id=call_id, error=str(error))
        elif is_last:
            self.unsaved.discard(call_id)

    async def of_node(self) -> list[CallState]:
        """Every call this node owns; asked for only when a process starts."""
        return [call for call in await self.all() if call.node == self._node]

    async def segments(self) -> frozenset[str]:
        """The recordings of every call there is, on whatever node."""
        states = await self.all()
        recordings = [state.recording for state in states] + [
            state.talk.recording for state in states if state.talk is not None
        ]
        return frozenset(recording.segment_id for recording in recordings if recording is not None)

    async def all(self) -> list[CallState]:
        """Every live call of every node, oldest first."""
        keys = [key async for key in self._redis.scan_iter(KEY + "*", count=500)]
        found = await self._redis.mget(keys) if keys else []
        calls = [call for raw in found if raw is not None and (call := self._decoded(raw)) is not None]
        return sorted(calls, key=lambda call: call.id)

    def _decoded(self, raw: bytes | str) -> CallState | None:
        """Decode one call; None, after logging it, where a state is not readable: the other calls go on."""
        try:
            return self._decoder.decode(raw)
        except (msgspec.MsgspecError, UnicodeError):
            log.exception("call_state_unreadable", state=repr(raw[:200]))
            return None


def _forgotten(call_id: str, forgetting: "asyncio.Future[Any]") -> None:
    if (error := _failure(forgetting)) is not None:
        log.warning("call_not_forgotten", forgotten_call_id=call_id, error=str(error))


def _failure(command: "asyncio.Future[Any]") -> BaseException | None:
    return None if command.cancelled() else command.exception()
