"""Staff changes made by other processes: the command line, other nodes."""

import asyncio
from typing import NoReturn

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from crm.staff.service import StaffService
from foundation.database import out_of_reach
from foundation.ids import new_id
from foundation.problems import Unavailable
from foundation.redis_channels import ChannelListener

CHANNEL = "hotline:staff-changes"
"""Messages are of the type `StaffMessage`, as JSON."""
PAUSE_S = 1.0
"""Pause before a failed step is tried again."""

log = structlog.get_logger()


class StaffMessage(msgspec.Struct, frozen=True):
    """Account that a process created or changed."""

    staff_id: str
    ends_sessions: bool = False
    """Whether the receiver ends the account's sessions; a service has ended them for all nodes itself."""
    process: str = ""
    """Process that sent the message; it does not take its own ones."""


class StaffChanges:
    """Tells other processes of changed accounts and reloads theirs.

    Messages are lost while Redis is away: every account is read again when the channel is subscribed to.
    """

    def __init__(self, redis: Redis, staff: StaffService) -> None:
        self._redis = redis
        self._staff = staff
        self._process = new_id("process")
        self._published: asyncio.Queue[str] = asyncio.Queue()
        self._received: asyncio.Queue[StaffMessage | None] = asyncio.Queue()
        """None: all accounts."""
        self._decoder = msgspec.json.Decoder(StaffMessage)
        self._listener = ChannelListener(
            redis,
            "staff-changes",
            channels=lambda: [CHANNEL],
            on_message=lambda _, message: self._take(message),
            on_subscribed=lambda _: self._received.put_nowait(None),
        )

    def publish(self, staff_id: str) -> None:
        """Tell the other processes of an account that this one changed."""
        self._published.put_nowait(staff_id)

    async def run(self) -> NoReturn:
        """Publish and reload until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listener.run())
            group.create_task(self._publish_all())
            while True:
                await self._reload(await self._received.get())

    def _take(self, message: bytes) -> None:
        received = self._decoder.decode(message)
        if received.process != self._process:
            self._received.put_nowait(received)

    async def _reload(self, message: StaffMessage | None) -> None:
        """Reload one account or all, once the database responds."""
        staff_id = message.staff_id if message is not None else "all"
        while True:
            try:
                if message is None:
                    await self._staff.reload_all()
                else:
                    await self._staff.reload(message.staff_id, ends_sessions=message.ends_sessions)
            except Exception as error:
                if not out_of_reach(error) and not isinstance(error, Unavailable):
                    log.exception("staff_not_reloaded", staff_id=staff_id)
                    return
                log.warning("staff_reload_waits", staff_id=staff_id, error=str(error))
                await asyncio.sleep(PAUSE_S)
            else:
                log.info("staff_reloaded", staff_id=staff_id)
                return

    async def _publish_all(self) -> NoReturn:
        while True:
            staff_id = await self._published.get()
            await self._publish(msgspec.json.encode(StaffMessage(staff_id, process=self._process)))

    async def _publish(self, message: bytes) -> None:
        while True:
            try:
                await self._redis.publish(CHANNEL, message)
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("staff_change_not_published", error=str(error))
                await asyncio.sleep(PAUSE_S)
            else:
                return
