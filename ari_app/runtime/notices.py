"""Notices: texts, configured channels, and their background work."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from ari_app.runtime.configuration import Configuration
from ari_app.settings import Settings
from crm.notices import http
from crm.notices.call_links import CallLinkSender
from crm.notices.channels import GatewaySender, RobotSender, Sender, WebhookSender
from crm.notices.delivering import Deliverer
from crm.notices.duty import DutyService
from crm.notices.facts import FactFinder
from crm.notices.model import NoticeChannel
from crm.notices.planning import Planner
from crm.notices.service import NoticeService
from crm.webhooks.client import OutsideClient
from foundation.database import Database
from foundation.routes import Routes

PRUNE_EVERY_S = 3600.0
COUNT_EVERY_S = 30.0


class Notices:
    """Notice services of one process; close them with `aclose()`."""

    def __init__(self, settings: Settings, database: Database, configuration: Configuration) -> None:
        catalogue = configuration.notices
        assert catalogue is not None, "a configuration in use has notices"
        facts = FactFinder(settings.time_zone, settings.ticket_link, settings.visit_page)
        self._client = OutsideClient(settings.webhook_hosts)
        self._gateways = _gateways(settings)
        robots = {
            channel: RobotSender(self._client, channel) for channel in (NoticeChannel.WECOM, NoticeChannel.DINGTALK)
        }
        senders: dict[NoticeChannel, Sender] = {
            **self._gateways,
            **robots,
            NoticeChannel.WEBHOOK: WebhookSender(self._client),
        }
        self._deliverer = Deliverer(database, senders)
        self.wake = self._deliverer.wake
        planner = Planner(database, catalogue, facts, self._deliverer.wake)
        self.plan = planner.plan
        self.service = NoticeService(
            database,
            catalogue,
            planner,
            self._client,
            on_due=self._deliverer.wake,
            region=settings.region,
            channels=senders,
        )
        self.duty = DutyService(database, settings.time_zone)
        self.call_links = CallLinkSender(database, planner, self.duty, self._deliverer.wake, self._gateways)

    def routes(self) -> Routes:
        """Return the routes of notices."""
        return http.routes(self.service, self.duty)

    def background(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """Return the background work of notices, by name."""
        return {
            "notices": self._deliverer.run,
            "notices-pruning": self._prune_regularly,
            "notices-counting": self._count_regularly,
        }

    async def aclose(self) -> None:
        """Let go of connections and threads."""
        await self._client.aclose()
        for gateway in self._gateways.values():
            gateway.close()

    async def _prune_regularly(self) -> None:
        while True:
            await self.service.prune()
            await asyncio.sleep(PRUNE_EVERY_S)

    async def _count_regularly(self) -> None:
        while True:
            await self.service.count()
            await asyncio.sleep(COUNT_EVERY_S)


def _gateways(settings: Settings) -> dict[NoticeChannel, GatewaySender]:
    urls = {NoticeChannel.SMS: settings.sms_gateway, NoticeChannel.EMAIL: settings.mail_gateway}
    return {
        channel: GatewaySender(url.get_secret_value(), subject_apart=channel is NoticeChannel.EMAIL)
        for channel, url in urls.items()
        if url.get_secret_value()
    }
