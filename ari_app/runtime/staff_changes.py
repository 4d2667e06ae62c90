"""Staff changes made by other processes: the command line, other nodes."""

import asyncio
from typing import NoReturn

import structlog
from redis.asyncio import Redis

from crm.staff.service import StaffService
from foundation.redis_channels import ChannelListener

CHANNEL = "hotline:staff-changes"
"""Messages are ids of accounts."""

log = structlog.get_logger()


class StaffChanges:
    """Reloads the accounts that other processes created or changed."""

    def __init__(self, redis: Redis, staff: StaffService) -> None:
        self._staff = staff
        self._changed: asyncio.Queue[str] = asyncio.Queue()
        self._listener = ChannelListener(
            redis,
            "staff-changes",
            channels=lambda: [CHANNEL],
            on_message=lambda _, staff_id: self._changed.put_nowait(staff_id.decode()),
            on_subscribed=lambda _: None,
        )

    async def run(self) -> NoReturn:
        """Reload until cancelled; a failed reload does not stop the others."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listener.run())
            while True:
                staff_id = await self._changed.get()
                try:
                    await self._staff.reload(staff_id)
                    log.info("staff_reloaded", staff_id=staff_id)
                except Exception:
                    log.exception("staff_not_reloaded", staff_id=staff_id)
