"""Bootstrap: creates, starts and stops every part of one process."""

import asyncio
from functools import partial
from zoneinfo import ZoneInfo

import structlog

from ari_app.calls.admission import Admission
from ari_app.calls.agent_directory import Agents
from ari_app.calls.agent_voices import AgentVoices
from ari_app.calls.call import LiveCall
from ari_app.calls.call_services import CallServices
from ari_app.calls.control.phone_transfers import PhoneTransfers
from ari_app.calls.dial_plan import DialPlan
from ari_app.calls.holding import HoldingBridges
from ari_app.calls.messages import VoiceMessages
from ari_app.calls.reconciliation import Reconciler
from ari_app.calls.screen_pop import PopService
from ari_app.calls.service import CallService
from ari_app.calls.vanished import VanishedPhones
from ari_app.campaigns.dialler import Dialler
from ari_app.campaigns.placing import SurveyResults, outbound_call
from ari_app.desk.call_states import Direction
from ari_app.desk.handshake import DeskSockets
from ari_app.desk.model import Notice
from ari_app.fallback.service import Fallback
from ari_app.missed.planned.service import Line
from ari_app.queues.documents import http as documents_http
from ari_app.queues.documents.service import QueueDocuments
from ari_app.queues.hours import QueueHours
from ari_app.queues.service import QueueService
from ari_app.runtime import schema, subscriptions
from ari_app.runtime.agent_calls import AgentCalls
from ari_app.runtime.asterisk_connections import AsteriskConnections
from ari_app.runtime.background import OwnedTasks, RecordingsAudit, Restoration, readiness_checks
from ari_app.runtime.certificates import CertificateWatch
from ari_app.runtime.configuration import QUEUES_FILE, load_configuration, queue_findings
from ari_app.runtime.connection import ConnectionSetup
from ari_app.runtime.conversations import Conversations
from ari_app.runtime.deferred_filing import DeferredFiling
from ari_app.runtime.desk_handler import WATCHERS
from ari_app.runtime.desk_parts import DeskParts
from ari_app.runtime.domain import DomainServices
from ari_app.runtime.last_good import ConfigurationWatch
from ari_app.runtime.live_queues import LiveQueues
from ari_app.runtime.loop_lag import LoopLag
from ari_app.runtime.metrics import MetricsRefresher, trunk_endpoint
from ari_app.runtime.node_lease import NodeLease
from ari_app.runtime.operation_notices import recording_notice, transfer_refused_notice
from ari_app.runtime.staff_changes import StaffChanges
from ari_app.runtime.surroundings import listening, using_database, using_redis
from ari_app.settings import Settings
from ari_app.web import labels as labels_http
from ari_app.web.addresses import ClientAddresses
from ari_app.web.auth import RequestGuard
from ari_app.web.connections import ConnectionLimits
from ari_app.web.console import ConsolePages, origin
from ari_app.web.problem_texts import shipped_texts
from ari_app.web.server import WebServer
from ari_app.web.sign_in_limits import PublicLimiter
from ari_app.work.facts import FactKeeper
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
            restoration=Restoration(self.reconciler, self.desks.presence),
            queues=self.queues,
            staff=self.domain.staff,
            staff_changes=self.staff_changes,
            sessions=self.desks.sessions,
            phones=self.desks.phones,
            connecting=self.connecting,
            dispatcher=self.asterisk.dispatcher,
            calls=self.calls,
            ticket_news=self.desks.ticket_news,
            campaigns=self.domain.campaigns,
            dialler=self.dialler,
            reactions=self.domain.reactions,
            control=self.control,
            call_store=self.call_store,
            board=self.desks.board,
            queue_documents=self.queue_documents,
            live_queues=self.live_queues,
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
        self.queues = QueueService(self.redis, self.queue_settings, settings.node)
        queues_file = settings.callflows / QUEUES_FILE
        check = partial(queue_findings, settings.callflows, partial(was_converted, cache=settings.prompts))
        self.queue_documents = QueueDocuments(self.database, self.domain.staff, queues_file, check)
        self.live_queues = LiveQueues(self.redis, self.queue_documents, self.queues, queues_file)
        self.agents = Agents(self.domain.staff, self.queue_settings)
        self.agent_calls = AgentCalls(
            settings,
            database=self.database,
            redis=self.redis,
            domain=self.domain,
            queues=self.queues,
            agents=self.agents,
            dial_plan=self.dial_plan,
            flows=self.flows,
        )
        self.call_store, self.control = self.agent_calls.store, self.agent_calls.control

    def _create_web(self) -> None:
        settings = self.settings
        self.desks = DeskParts(
            settings,
            database=self.database,
            redis=self.redis,
            domain=self.domain,
            choices=self.desk_choices,
            ari=self.asterisk.ari,
            queues=self.queues,
            agents=self.agents,
            control=self.control,
            calls=self.call_store,
        )
        self.agent_calls.share(self.desks.hub)
        guard = RequestGuard(self.desks.sessions, allowed_origins=[settings.public_url])
        self.web = WebServer(
            [
                *self.domain.routes(),
                *self.desks.routes(),
                labels_http.routes(self.labels),
                documents_http.routes(self.queue_documents),
                *self.agent_calls.routes(self.labels),
            ],
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
        settings, domain = self.settings, self.domain
        self.fallback = Fallback(
            self.asterisk.ari,
            self.asterisk.ami,
            self.agents,
            domain.customers,
            domain.history,
            domain.tickets,
            self.recordings,
            settings.region,
            self.call_store,
            is_live=self._has_channel,
        )
        services = CallServices(
            node=settings.node,
            ari=self.asterisk.ari,
            ami=self.asterisk.ami,
            dispatcher=self.asterisk.dispatcher,
            store=self.call_store,
            queues=self.queues,
            holding=HoldingBridges(self.asterisk.ari),
            recordings=self.recordings,
            history=domain.history,
            spool=self.spool,
            agents=self.agents,
            desks=self.desks.hub,
            pops=PopService(self.database, domain.customers, domain.history, self.conversations.wording),
            dial_plan=self.dial_plan,
            caller_id=settings.hotline_number,
            walker=self.conversations.walker,
            prompts=self.conversations.prompts,
            entry_points=self.conversations.entry_points,
            grade_priorities=settings.grade_priorities,
            hours=QueueHours(ZoneInfo(settings.time_zone), domain.calendar.workdays),
            urge_priority=settings.urge_priority,
            waits=self.agent_calls.waits,
            call_backs=domain.planned,
            reconnect_s=settings.reconnect_s,
            pause_tone=self.conversations.pause_tone,
            messages=VoiceMessages(domain.tickets, domain.customers, self.conversations.catalogue),
            in_fallback=self.fallback.channels,
            share=self.agent_calls.shared.share,
        )
        admission = Admission(
            lambda: self.lag.standing_s, most_calls=settings.most_calls, longest_lag_s=settings.longest_lag_s
        )
        self.surveys = SurveyResults(domain.campaigns, domain.surveyed)
        self.calls = CallService(services, settings.region, admission, self._settle)
        self.agent_calls.connect(self.calls)
        domain.planned.connect(Line(services, self.calls.place, lambda: self.calls.live, self.call_store.all))
        self.phone_transfers = PhoneTransfers(
            self.asterisk.ari,
            self.asterisk.dispatcher,
            lambda: self.calls.live,
            self.control,
            self.agents,
            lambda agent_id, problem: self._show(agent_id, transfer_refused_notice(problem, self.problem_texts)),
        )
        self.vanished = VanishedPhones(self.asterisk.ari, self.asterisk.dispatcher, self.calls)
        self.voices = AgentVoices(
            self.asterisk.ari, self.asterisk.dispatcher, self.agents.in_browser, lambda: self.calls.live
        )
        self.reconciler = Reconciler(
            self.asterisk.ari,
            self.asterisk.dispatcher,
            self.calls,
            self.call_store,
            self.queues,
            self.fallback.channels,
        )
        self.connecting = ConnectionSetup(
            self.asterisk.ari,
            self.asterisk.events,
            self.agents,
            domain.staff,
            self.fallback,
            self.reconciler,
            self.desks.hub,
        )
        self.dialler = Dialler(
            domain.campaigns,
            lambda dialling: self.calls.place(outbound_call(settings.node, dialling)),
            self.calls.outbound,
        )

    def _create_background(self) -> None:
        self.audit = RecordingsAudit(self.recordings, self.fallback, self.call_store)
        self.staff_changes = StaffChanges(self.redis, self.domain.staff)
        self.deferred = DeferredFiling(self.spool, self.web, self.desks.hub, self.domain.history)
        settings = self.settings

        async def deferred_work() -> int:
            return len(await self.spool.waiting())

        self.metrics = MetricsRefresher(
            live_calls=lambda: self.calls.live,
            snapshot=self.queues.snapshot,
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
        self.tasks.own("node", self.node.run)
        with using_database(settings):
            await self._prepare_data()
        await self.conversations.prepare()
        await self.asterisk.ari.start()
        await self.asterisk.ami.start()
        await self.queues.start(self.calls.offered)
        self.tasks.own("live-queues", self.live_queues.run)
        self.tasks.own("loop-lag", self.lag.watch)
        self.tasks.own("presence", self.desks.presence.run)
        self.tasks.own("ticket-news", self.desks.ticket_news.run)
        self.tasks.own("facts", FactKeeper(self.redis, self.database, self.domain.queue_log).run)
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
        self.tasks.own("heartbeat", self.fallback.beat)
        self.retrying.start("number-origins", lambda: asyncio.to_thread(load_origins))
        self.tasks.own("fallback", self.fallback.take_in)
        self.tasks.own("dialler", self.dialler.run)
        self.tasks.own("deferred-work", self.deferred.run)
        self.tasks.own("spoken-sentences", self.conversations.forget_sentences)
        self.tasks.own("recordings-audit", self.audit.run)
        self.tasks.own("vanished-phones", self.vanished.run)
        self.tasks.own("agent-voices", self.voices.run)
        self.tasks.own("metrics", self.metrics.run)
        self.tasks.own("certificates", self.certificates.run)
        self.tasks.own("staff-changes", self.staff_changes.run)
        self.tasks.own("browser-phones", self.desks.phones.run)
        self.tasks.own("call-commands", self.control.run)

    async def _prepare_data(self) -> None:
        settings = self.settings
        await asyncio.to_thread(schema.upgrade, settings.database_url)
        if settings.profile == "sample":
            assert settings.sample_password is not None, "the settings require it"
            await sample_data.load(self.database, settings.sample_password.get_secret_value(), self.queue_settings)
        await self.live_queues.load()
        await self.agents.load()

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
        await self.queues.aclose()
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

    async def _settle(self, call: LiveCall) -> None:
        """Store the result of a call that we placed."""
        if call.state.attempt_id is not None:
            await self.surveys.settle(call)
        elif call.state.direction is Direction.OUTBOUND:
            if call.state.outgoing is not None and call.state.outgoing.call_back_id is not None:
                await self.domain.planned.settle(call.state)
                if not call.state.outgoing.agent_id:
                    return  # no agent was found
            await self.agent_calls.outcomes.settle(call.state)

    async def _show(self, agent_id: str, notice: Notice) -> None:
        await self.desks.hub.send(agent_id, notice)

    def _has_channel(self, channel_id: str) -> bool:
        return self.calls.has_channel(channel_id)

    def _warn(self, warning: RecordingWarning) -> None:
        notice = recording_notice(warning)
        self.retrying.start(new_id("warning"), lambda: self.desks.hub.broadcast(WATCHERS, notice))
