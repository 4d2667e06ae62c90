"""Versions of the queues from the console, taken over on every node."""

import asyncio
from pathlib import Path
from typing import NoReturn

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ari_app.queues.documents.service import QueueDocuments
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.service import QueueService
from ari_app.queues.settings import QueueSettings, read_queues
from foundation.crashpoint import crashpoint
from foundation.database import out_of_reach
from foundation.findings import errors_of
from foundation.redis_channels import ChannelListener

CHANNEL = "hotline:queue-documents"
"""Says that a version was stored."""
PAUSE_S = 1.0
"""Pause before a failed step is tried again."""

log = structlog.get_logger()


class LiveQueues:
    """Keeps the queues in force equal to the newest version.

    Messages are lost while Redis is away: the version is read again when the channel is subscribed to.
    """

    def __init__(self, redis: Redis, documents: QueueDocuments, queues: QueueService, file: Path) -> None:
        self._redis = redis
        self._documents = documents
        self._queues = queues
        self._file = file
        self._in_force: str | None = None
        """Text of the version in force; None: the file counts."""
        self._changed = asyncio.Event()
        self._listener = ChannelListener(
            redis,
            "queue-documents",
            channels=lambda: [CHANNEL],
            on_message=lambda _channel, _message: self._changed.set(),
            on_subscribed=lambda _channel: self._changed.set(),
        )

    async def load(self) -> None:
        """Take the newest version over before the queues start."""
        text = await self._documents.newest()
        if text is not None and (queues := self._read(text)) is not None:
            self._queues.take_settings(queues)
            self._in_force = text

    async def run(self) -> NoReturn:
        """Take later versions over, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listener.run())
            while True:
                await self._changed.wait()
                self._changed.clear()
                await self._take_over()

    async def version_stored(self, _text: str) -> None:
        """Take over a stored version here, and announce it to other nodes."""
        self._changed.set()
        try:
            await self._redis.publish(CHANNEL, b"stored")
        except (RedisError, OSError, TimeoutError) as error:
            # The others read the version when they reach Redis again.
            log.warning("queue_document_not_published", error=str(error))

    async def _take_over(self) -> None:
        while True:
            try:
                text = await self._documents.newest()
                if text is None or text == self._in_force:
                    return
                if (queues := self._read(text)) is not None:
                    crashpoint("queues-changing")
                    await self._queues.change_settings(queues)
                self._in_force = text
            except Exception as error:
                if not out_of_reach(error) and not isinstance(error, QueuesUnavailable):
                    log.exception("queue_document_not_taken_over")
                    return
                log.warning("queue_document_waits", error=str(error))
                await asyncio.sleep(PAUSE_S)
            else:
                log.info("queue_document_in_force", queues=len(self._queues.queues))
                return

    def _read(self, text: str) -> dict[str, QueueSettings] | None:
        """Return the queues of a version; None where this release refuses it."""
        queues, findings = read_queues(self._file, text.encode())
        if refused := errors_of(findings):
            log.error("queue_document_refused", findings=[str(one) for one in refused])
            return None
        return queues
