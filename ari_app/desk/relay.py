"""Messages between nodes, over one Redis channel for each staff member.

Redis says how many nodes heard a message: that is how a pop for a desk elsewhere knows that it arrived.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NoReturn

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from foundation.redis_channels import ChannelListener
from foundation.tasks import keep_running

log = structlog.get_logger()

CHANNEL = "hotline:desk-of:"
IDLE = "hotline:desk-nodes"
"""Channel without messages: a subscription needs at least one."""
DEADLINE_S = 2.0


NOTHING = msgspec.Raw(b"null")


class Relayed(msgspec.Struct, frozen=True):
    """Message to the node that has a staff member's desk."""

    payload: msgspec.Raw = NOTHING
    """A message for the desk, encoded."""
    newest_order: int | None = None
    """A newer desk was opened: older ones give way."""
    ended_session: str | None = None
    """This session is over; `*`: all of this person's are."""


@dataclass
class _Listener:
    """Open desks of a staff member, and their subscription."""

    desks: int = 0
    confirmed: asyncio.Event = field(default_factory=asyncio.Event)


class Relay:
    """Subscription for all desks of this node, restored after Redis was away."""

    def __init__(self, redis: Redis, on_message: Callable[[str, Relayed], Awaitable[None]]) -> None:
        self._redis = redis
        self._on_message = on_message
        self._decoder = msgspec.json.Decoder(Relayed)
        self._people: dict[str, _Listener] = {}
        self._listener = ChannelListener(
            redis,
            "desks",
            channels=lambda: (IDLE, *(CHANNEL + staff_id for staff_id in self._people)),
            on_message=self._hear,
            on_subscribed=self._subscribed,
        )
        self._ready = asyncio.Event()
        self._heard: asyncio.Queue[tuple[str, Relayed]] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Connect, and listen from now on.

        Raises:
            TimeoutError: Redis is out of reach.
        """
        self._tasks = [
            asyncio.create_task(keep_running(name, work), name=name)
            for name, work in (("desk-relay", self._listener.run), ("desk-relay-heard", self._pass_on))
        ]
        async with asyncio.timeout(DEADLINE_S):
            await self._ready.wait()

    async def aclose(self) -> None:
        """Stop listening."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def subscribe(self, staff_id: str) -> None:
        """Subscribe to a staff member; return when Redis has confirmed it."""
        listener = self._people.setdefault(staff_id, _Listener())
        listener.desks += 1
        if listener.desks == 1:
            self._listener.subscribe(CHANNEL + staff_id)
        await listener.confirmed.wait()

    def unsubscribe(self, staff_id: str) -> None:
        """Unsubscribe once for each call of `subscribe`, finished or not."""
        listener = self._people.get(staff_id)
        if listener is None:
            return
        listener.desks -= 1
        if listener.desks == 0:
            del self._people[staff_id]
            self._listener.unsubscribe(CHANNEL + staff_id)

    async def publish(self, staff_id: str, message: Relayed) -> bool:
        """Tell whichever node has this person's desk; whether one heard it."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                return bool(await self._redis.publish(CHANNEL + staff_id, msgspec.json.encode(message)))
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("desk_relay_failed", staff_id=staff_id, error=repr(error))
            return False

    async def heard(self, staff_id: str) -> bool:
        """Return whether a node has a desk of this staff member."""
        ((_, nodes),) = await self._redis.pubsub_numsub(CHANNEL + staff_id)
        return bool(nodes)

    def _subscribed(self, channel: str) -> None:
        staff_id = channel.removeprefix(CHANNEL)
        if channel == IDLE:
            self._ready.set()
        elif staff_id in self._people:
            self._people[staff_id].confirmed.set()

    def _hear(self, channel: str, data: bytes) -> None:
        self._heard.put_nowait((channel.removeprefix(CHANNEL), self._decoder.decode(data)))

    async def _pass_on(self) -> NoReturn:
        while True:
            staff_id, message = await self._heard.get()
            try:
                await self._on_message(staff_id, message)
            except Exception:
                # What fails for one desk must not end the hearing of all others.
                log.exception("desk_message_not_taken", staff_id=staff_id)
