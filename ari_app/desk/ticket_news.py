"""News of tickets: each change reaches those who see the ticket.

The node that delivers a change tells all nodes over Redis, and each tells its own desks. A department hears of its own
tickets alone, and once more when a ticket leaves it (S7).
"""

import asyncio
from typing import NoReturn

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ari_app.desk.hub import Hub
from ari_app.desk.model import TicketNews
from crm.events import TicketChanged
from foundation.redis_channels import ChannelListener
from foundation.routes import Principal, Role

CHANNEL = "hotline:ticket-news"
DEADLINE_S = 2.0

log = structlog.get_logger()


class Told(msgspec.Struct, frozen=True):
    """News between nodes, with the departments that it is for."""

    news: TicketNews
    departments: frozenset[str]
    """Departments with a part in the ticket."""
    left: frozenset[str]
    """Departments that had one until now."""


class TicketNewsService:
    """Tells desks of changed tickets."""

    def __init__(self, redis: Redis, hub: Hub) -> None:
        self._redis = redis
        self._hub = hub
        self._decoder = msgspec.json.Decoder(Told)
        self._changed: asyncio.Queue[TicketChanged] = asyncio.Queue()
        self._heard: asyncio.Queue[Told | None] = asyncio.Queue()
        """None: news may have been lost."""
        self._listener = ChannelListener(
            redis,
            "ticket-news",
            channels=lambda: [CHANNEL],
            on_message=lambda _, message: self._heard.put_nowait(self._decoder.decode(message)),
            on_subscribed=lambda _: self._heard.put_nowait(None),
        )

    def changed(self, event: TicketChanged) -> None:
        """Tell all nodes of a change, soon."""
        self._changed.put_nowait(event)

    async def run(self) -> NoReturn:
        """Tell and hear until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listener.run())
            group.create_task(self._publish_all())
            while True:
                await self._tell(await self._heard.get())

    async def _publish_all(self) -> NoReturn:
        while True:
            event = await self._changed.get()
            try:
                async with asyncio.timeout(DEADLINE_S):
                    await self._redis.publish(CHANNEL, msgspec.json.encode(_told(event)))
            except (RedisError, OSError, TimeoutError) as error:
                # With Redis away the listener subscribes anew, and every desk asks again.
                log.warning("ticket_news_lost", ticket_id=event.ticket_id, error=repr(error))

    async def _tell(self, told: Told | None) -> None:
        if told is None:
            await self._hub.broadcast(Role, TicketNews(ticket_id=None))
            return
        await self._hub.broadcast_to(lambda who: _sees(who, told), told.news)
        if told.left:
            gone = TicketNews(ticket_id=told.news.ticket_id, number=told.news.number, gone=True)
            await self._hub.broadcast_to(lambda who: _lost(who, told), gone)


def _told(event: TicketChanged) -> Told:
    news = TicketNews(
        ticket_id=event.ticket_id,
        number=event.number,
        version=event.version,
        action=event.action,
        status=event.status,
        department_id=event.department_id,
        person_id=event.person_id,
    )
    lead = (event.department_id,) if event.department_id is not None else ()
    parts = frozenset((*lead, *event.co_department_ids, *event.below_department_ids))
    return Told(news, parts, frozenset(event.left_department_ids))


def _sees(who: Principal, told: Told) -> bool:
    return who.role is not Role.DEPARTMENT or who.department_id in told.departments


def _lost(who: Principal, told: Told) -> bool:
    return who.role is Role.DEPARTMENT and who.department_id in told.left
