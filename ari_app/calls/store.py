"""Live calls in Redis: one key a call."""

import asyncio
from functools import partial
from typing import Any

import msgspec
import structlog

from ari_app.calls.model import CallState
from foundation.redis_client import SharedRedis
from foundation.signals import Signal

KEY = "hotline:live:"
LED_AWAY = "hotline:led-away:"
LED_AWAY_S = 86_400
"""How long the call of a channel in the fallback is remembered."""
log = structlog.get_logger()

DEADLINE_S = 1.0
"""Longest time for which a call waits until its state is stored."""


class CallStore:
    """Stores and finds live calls. States are written whole."""

    def __init__(self, redis: SharedRedis, node: str) -> None:
        self._redis = redis
        self._node = node
        self.changed: Signal[[]] = Signal()
        """A call of this process changed."""
        self.unsaved: set[str] = set()
        """Calls with a newer state than the one in Redis."""
        self._storing: dict[str, asyncio.Future[Any]] = {}
        """The last unanswered command of each call."""
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(CallState)

    def put(self, state: CallState) -> None:
        """Send a call's state to Redis without waiting.

        It is stored before any later request to Redis. Never raises: a call without a stored state cannot be adopted,
        but can go on; it is stored again when Redis is back (`unsaved`). A caller that needs it stored waits for
        `settled`.
        """
        storing = self._redis.give("SET", KEY + state.id, self._encoder.encode(state))
        self._storing[state.id] = storing
        self.changed.announce()
        storing.add_done_callback(partial(self._stored, state.id))

    async def settled(self, call_id: str) -> None:
        """Wait until a call's last state is stored. Never raises."""
        storing = self._storing.get(call_id)
        if storing is not None:
            await asyncio.wait({storing}, timeout=DEADLINE_S)

    async def save(self, state: CallState) -> None:
        """Store a call's state, and wait for it."""
        self.put(state)
        await self.settled(state.id)

    def forget(self, call_id: str) -> None:
        """Remove an ended call after its record was stored.

        Never raises: if it fails, the next process finds the call ended.
        """
        self.unsaved.discard(call_id)
        self.changed.announce()
        self._redis.give("DEL", KEY + call_id).add_done_callback(partial(_forgotten, call_id))

    async def note_led_away(self, state: CallState) -> None:
        """Note which call a channel in the fallback has. Never raises.

        Service and fallback then make one record.
        """
        noting = self._redis.give("SET", LED_AWAY + state.channel_id, state.id, "EX", LED_AWAY_S)
        await asyncio.wait({noting}, timeout=DEADLINE_S)
        if not noting.done() or _failure(noting) is not None:
            log.warning("led_away_not_noted", noted_call_id=state.id)

    async def call_led_away(self, channel_id: str) -> str | None:
        """Return the call of a channel that went on in the fallback.

        None where no process had it.

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
        """Return all calls of this node, for a process that starts."""
        return [call for call in await self.all() if call.node == self._node]

    async def get(self, call_id: str) -> CallState | None:
        """Return a live call of any node.

        Raises:
            RedisError, OSError: Redis is out of reach.
        """
        found = await self._redis.get(KEY + call_id)
        return self._decoded(found) if isinstance(found, bytes) else None

    async def segments(self) -> frozenset[str]:
        """Return the recordings of all calls of all nodes."""
        states = await self.all()
        talks = [talk for state in states for talk in state.rung_for]
        recordings = [state.recording for state in states]
        recordings += [recording for talk in talks for recording in (talk.recording, *talk.ended_recordings)]
        return frozenset(recording.segment_id for recording in recordings if recording is not None)

    async def all(self) -> list[CallState]:
        """Return all calls of all nodes, oldest first."""
        keys = [key async for key in self._redis.scan_iter(KEY + "*", count=500)]
        found = await self._redis.mget(keys) if keys else []
        calls = [call for raw in found if raw is not None and (call := self._decoded(raw)) is not None]
        return sorted(calls, key=lambda call: call.id)

    def _decoded(self, raw: bytes | str) -> CallState | None:
        """Decode one call; None, with a log entry, if unreadable.

        The other calls go on.
        """
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
