"""Bootstrap: creates, starts and stops every part of one process."""

import asyncio
from functools import partial

import structlog

from ari_app.calls.dial_plan import DialPlan
from ari_app.desk.handshake import DeskSockets
from ari_app.runtime import schema, subscriptions
from ari_app.runtime.agent_calls import AgentCalls
from ari_app.runtime.asterisk_connections import AsteriskConnections
from ari_app.runtime.background import OwnedTasks, RecordingsAudit, Restoration, readiness_checks
from ari_app.runtime.certificates import CertificateWatch
from ari_app.runtime.configuration import load_configuration
from ari_app.runtime.connection import ConnectionSetup
from ari_app.runtime.conversations import Conversations
from ari_app.runtime.deferred_filing import DeferredFiling
from ari_app.runtime.desk_handler import WATCHERS
from ari_app.runtime.desk_parts import DeskParts
from ari_app.runtime.domain import DomainServices
from ari_app.runtime.last_good import ConfigurationWatch
from ari_app.runtime.live_calls import LiveCalls
from ari_app.runtime.loop_lag import LoopLag
from ari_app.runtime.metrics import MetricsRefresher, trunk_endpoint
from ari_app.runtime.node_lease import NodeLease
from ari_app.runtime.operation_notices import recording_notice
from ari_app.runtime.queue_parts import QueueParts
from ari_app.runtime.staff_changes import StaffChanges
from ari_app.runtime.surroundings import listening, require_free, using_database, using_redis
from ari_app.settings import Settings
from ari_app.web import labels as labels_http
from ari_app.web.addresses import ClientAddresses
from ari_app.web.auth import RequestGuard
from ari_app.web.connections import ConnectionLimits
from ari_app.web.console import ConsolePages, origin
from ari_app.web.problem_texts import shipped_texts
from ari_app.web.server import WebServer
from ari_app.web.sign_in_limits import PublicLimiter
from crm import sample_data
from crm.customers.phone import load_origins
from foundation.database import Database
from foundation.ids import new_id
from foundation.redis_client import redis_client
from foundation.retrying_tasks import RetryingTasks
from foundation.spool import Spool
from foundation.workdays import REMEDY
from ivr.recorded_files import was_converted
from recordings.model import RecordingWarning
from recordings.service import RecordingService

log = structlog.get_logger()


class Service:
    """One process of the hotline."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stop_requested = asyncio.Event()
        """Set when the process has to end."""
        self.tasks = OwnedTasks()
        self.retrying = RetryingTasks()
        self.lag = LoopLag()
        self._create_stores()
        self._create_telephony()
        self._create_web()
        self._create_calls()
        self._create_background()
        subscriptions.connect_process(
            stop_requested=self.stop_requested,
            node=self.node,
            restoration=Restoration(self.live.reconciler, self.desks.presence),
            queues=self.queues.service,
            staff=self.domain.staff,
            staff_changes=self.staff_changes,
            sessions=self.desks.sessions,
            phones=self.desks.phones,
            connecting=self.connecting,
            dispatcher=self.asterisk.dispatcher,
            calls=self.calls,
            ticket_news=self.desks.ticket_news,
            campaigns=self.domain.campaigns,
            dialler=self.live.dialler,
            reactions=self.domain.reactions,
            control=self.agent_calls.control,
            call_store=self.agent_calls.store,
            board=self.desks.board,
            queue_documents=self.queues.documents,
            live_queues=self.queues.live,
        )

    def _create_stores(self) -> None:
        settings = self.settings
        self.database = Database(settings.database_url)
        self.redis = redis_client(settings.redis_url)
        self.recordings = RecordingService(self.database, settings.recordings, on_warning=self._warn)
        self.node = NodeLease(
            self.redis,
            settings.node,
            settings.database_name,
            asterisk_url=settings.ari_url,
            recordings=self.recordings.storage.identity,
        )
        self.spool = Spool(settings.spool)
        configuration = load_configuration(
            settings.callflows,
            partial(was_converted, cache=settings.prompts),
            shown_number=settings.hotline_number,
        )
        self.queue_settings = configuration.queues
        self.desk_choices = configuration.desk
        self.flows = frozenset(configuration.numbers.flows.values())
        self.labels = configuration.labels
        texts = configuration.problem_texts or shipped_texts()
        self.problem_texts = texts.in_zone(settings.time_zone)
        self.dial_plan = DialPlan(
            settings.trunk, settings.trunk_number_format, settings.region, configuration.tolls, settings.area_code
        )
        limiter = PublicLimiter(self.redis)
        self.domain = DomainServices(settings, self.database, self.recordings, configuration, limiter)
        self.conversations = Conversations(settings, self.domain, configuration)

    def _create_telephony(self) -> None:
        settings = self.settings
        self.asterisk = AsteriskConnections(settings, self._connected, self._filter_events)
        self.queues = QueueParts(
            settings,
            self.queue_settings,
            self.desk_choices,
            database=self.database,
            redis=self.redis,
            domain=self.domain,
        )
        self.agent_calls = AgentCalls(
            settings,
            database=self.database,
            redis=self.redis,
            domain=self.domain,
            queues=self.queues.service,
            agents=self.queues.agents,
            dial_plan=self.dial_plan,
            flows=self.flows,
        )

    def _create_web(self) -> None:
        settings = self.settings
        self.desks = DeskParts(
            settings,
            database=self.database,
            redis=self.redis,
            domain=self.domain,
            choices=self.desk_choices,
            ari=self.asterisk.ari,
            queues=self.queues.service,
            agents=self.queues.agents,
            control=self.agent_calls.control,
            calls=self.agent_calls.store,
        )
        self.agent_calls.share(self.desks.hub)
        guard = RequestGuard(self.desks.sessions, allowed_origins=[settings.public_url])
        tables = [
            *self.domain.routes(),
            *self.desks.routes(),
            labels_http.routes(self.labels),
            *self.queues.routes(),
            *self.agent_calls.routes(self.labels),
        ]
        self.web = WebServer(
            [*tables, self.domain.exporting.routes(tables)],
            guard,
            self.spool,
            host=settings.http_host,
            port=settings.http_port,
            parts=[DeskSockets(guard, self.desks.hub), *self._console()],
            checks=readiness_checks(self.asterisk.events, self.asterisk.ari, self.redis, self.database),
            addresses=ClientAddresses(settings.trusted_proxies, settings.metrics_from),
            limits=ConnectionLimits(per_address=settings.http_connections_per_address),
            texts=self.problem_texts,
            profile_of=self.domain.people.profile,
            time_zone=settings.time_zone,
        )

    def _console(self) -> list[ConsolePages]:
        if self.settings.console is None:
            return []
        return [ConsolePages(self.settings.console, (origin(self.settings.sip_socket_address),))]

    def _create_calls(self) -> None:
        self.live = LiveCalls(
            self.settings,
            database=self.database,
            domain=self.domain,
            recordings=self.recordings,
            spool=self.spool,
            asterisk=self.asterisk,
            queues=self.queues,
            conversations=self.conversations,
            dial_plan=self.dial_plan,
            agent_calls=self.agent_calls,
            hub=self.desks.hub,
            lag=self.lag,
            texts=self.problem_texts,
        )
        self.calls = self.live.service
        self.connecting = ConnectionSetup(
            self.asterisk.ari,
            self.asterisk.events,
            self.queues.agents,
            self.domain.staff,
            self.live.fallback,
            self.live.reconciler,
            self.desks.hub,
        )

    def _create_background(self) -> None:
        self.audit = RecordingsAudit(self.recordings, self.live.fallback, self.agent_calls.store)
        self.staff_changes = StaffChanges(self.redis, self.domain.staff)
        self.deferred = DeferredFiling(self.spool, self.web, self.desks.hub, self.domain.history)
        settings = self.settings

        async def deferred_work() -> int:
            return len(await self.spool.waiting())

        self.metrics = MetricsRefresher(
            live_calls=lambda: self.calls.live,
            snapshot=self.queues.service.snapshot,
            trunk=trunk_endpoint(settings.trunk),
            endpoint_online=self.desks.phones.online,
            folders={"recordings": settings.recordings, "spool": settings.spool.parent},
            deferred=deferred_work,
        )
        self.certificates = CertificateWatch(settings.public_url, settings.certificates)

    def watch_configuration(self, watch: ConfigurationWatch) -> None:
        """Check later edits of the call flows' folder and show their errors."""
        self.web.add_alarm("configuration", watch.alarm)
        self.web.add_alarm("workdays", self._guessed_years)
        self.tasks.own("configuration", watch.run)

    async def start(self) -> None:
        """Upgrade the database, connect everything, and begin to take calls."""
        settings = self.settings
        with using_redis(settings):
            await self.node.take()
        with listening("http_port", settings.http_host, settings.http_port):
            # Before the first start's minute of prompts; a service before this one had it until now.
            require_free(settings.http_host, settings.http_port)
        self.tasks.own("node", self.node.run)
        with using_database(settings):
            await self._prepare_data()
        await self.conversations.prepare()
        await self.asterisk.ari.start()
        await self.asterisk.ami.start()
        await self.queues.service.start(self.calls.offered)
        self.queues.own(self.tasks)
        self.tasks.own("loop-lag", self.lag.watch)
        self.tasks.own("presence", self.desks.presence.run)
        self.tasks.own("ticket-news", self.desks.ticket_news.run)
        self.tasks.own("phone-watch", self.desks.phone_watch.run)
        self.tasks.own("live-board", partial(self.desks.board.run, self.desks.hub))
        self.tasks.own("figures-board", partial(self.desks.figures.run, self.desks.hub))
        self.tasks.own("alert-board", self.desks.alerts.run)
        self.tasks.own("alert-watch", partial(self.desks.alert_watch.run, self.desks.alerts.tell))
        for name, work in self.domain.background().items():
            self.tasks.own(name, work)
        with listening("http_port", settings.http_host, settings.http_port):
            await self.web.start()
        with listening("events_port", settings.events_host, settings.events_port):
            await self.asterisk.events.start()
        self.live.own(self.tasks)
        self.retrying.start("number-origins", lambda: asyncio.to_thread(load_origins))
        self.tasks.own("deferred-work", self.deferred.run)
        self.tasks.own("spoken-sentences", self.conversations.forget_sentences)
        self.tasks.own("recordings-audit", self.audit.run)
        self.tasks.own("metrics", self.metrics.run)
        self.tasks.own("certificates", self.certificates.run)
        self.tasks.own("staff-changes", self.staff_changes.run)
        self.tasks.own("browser-phones", self.desks.phones.run)

    async def _prepare_data(self) -> None:
        settings = self.settings
        await asyncio.to_thread(schema.upgrade, settings.database_url)
        if settings.profile == "sample":
            assert settings.sample_password is not None, "the settings require it"
            await sample_data.load(self.database, settings.sample_password.get_secret_value(), self.queue_settings)
        await self.queues.load()

    async def aclose(self) -> None:
        """Stop in the reverse order; calls stay with Asterisk."""
        self.calls.leave()
        await self.asterisk.events.aclose()
        await self.tasks.aclose()
        await self.connecting.aclose()
        await self.desks.phones.aclose()
        await self.retrying.aclose()
        await self.calls.aclose()
        await self.web.aclose()
        await self.queues.service.aclose()
        await self.domain.aclose()
        await self.recordings.aclose()
        await self.conversations.aclose()
        await self.asterisk.ami.aclose()
        await self.asterisk.ari.aclose()
        await self.node.release()
        await self.redis.aclose()
        await self.database.aclose()

    async def _guessed_years(self) -> str | None:
        """Return the years with guessed workdays, for `/readyz`."""
        years = self.domain.calendar.guessed_years()
        return f"guessed, without make-up workdays: {', '.join(map(str, years))}; {REMEDY}" if years else None

    async def _connected(self) -> None:
        await self.connecting.connected()

    async def _filter_events(self) -> None:
        await self.connecting.filter_events()

    def _warn(self, warning: RecordingWarning) -> None:
        notice = recording_notice(warning)
        self.retrying.start(new_id("warning"), lambda: self.desks.hub.broadcast(WATCHERS, notice))
