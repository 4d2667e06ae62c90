"""Puts the hotline together, starts it and stops it. Every part is made here and handed what it needs."""

import asyncio
import shlex
import shutil
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy import text

from ari_app.ari.ami import AmiClient
from ari_app.ari.client import AriClient
from ari_app.ari.dispatch import Dispatcher
from ari_app.ari.errors import AriError
from ari_app.ari.inbound import InboundEvents
from ari_app.ari.outbound import OutboundEvents
from ari_app.ari.source import EventSource
from ari_app.calls.admission import Admission
from ari_app.calls.agent_directory import Agents
from ari_app.calls.call_services import CallServices
from ari_app.calls.dial_plan import DialPlan
from ari_app.calls.holding import HoldingBridges
from ari_app.calls.messages import VoiceMessages
from ari_app.calls.reconciliation import Reconciler
from ari_app.calls.screen_pop import PopService
from ari_app.calls.service import CallService
from ari_app.calls.store import CallStore
from ari_app.calls.vanished import VanishedPhones
from ari_app.calls.wording import AgentWording
from ari_app.campaigns.actions import SurveyActions
from ari_app.campaigns.dialler import Dialler
from ari_app.campaigns.placing import SurveyResults, outbound_call
from ari_app.desk.hub import Hub
from ari_app.desk.model import Notice, SpokenWording
from ari_app.fallback.service import Fallback
from ari_app.queues import http as queues_http
from ari_app.queues.service import QueueService
from ari_app.queues.settings import load_queues
from ari_app.runtime import schema, subscriptions
from ari_app.runtime.connection import ConnectionSetup
from ari_app.runtime.deferred_filing import DeferredFiling
from ari_app.runtime.desk_handler import WATCHERS, AgentDesks
from ari_app.runtime.domain import DomainServices
from ari_app.runtime.entry_points import EntryPoints
from ari_app.runtime.flows import vocabulary
from ari_app.runtime.loop_lag import LoopLag
from ari_app.runtime.metrics import MetricsRefresher, trunk_endpoint
from ari_app.runtime.node_lease import NodeLease
from ari_app.runtime.presence import PresenceService
from ari_app.runtime.restoration import Restoration
from ari_app.settings import Settings
from ari_app.web.server import WebServer
from ari_app.web.sessions import Sessions
from ari_app.web.sign_in_limits import PublicLimiter
from callflows.actions import CallerActions
from crm import sample_data
from crm.customers.phone import load_origins
from dev.programs import Program, program
from foundation.database import Database
from foundation.ids import new_id
from foundation.redis_client import redis_client
from foundation.retrying_tasks import RetryingTasks
from foundation.spool import Spool
from ivr.calendar import HolidayCalendar
from ivr.check import load_library
from ivr.prompts import Prompts
from ivr.speech import EspeakSpeech, SpeechCache
from ivr.walker import FlowWalker
from recordings.model import RecordingWarning
from recordings.orphans import GRACE_SECONDS
from recordings.service import RecordingService

FALLBACK_PROMPTS = ("fallback_wait", "fallback_message", "fallback_contact")
AUDIT_AT_START_GRACE_S = 3.0
"""What a process before us left unsealed is sealed at once; only what is just beginning is left alone."""
AUDIT_EVERY_S = 24 * 3600.0

log = structlog.get_logger()


class Service:
    """One process of the hotline."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stop_requested = asyncio.Event()
        """Set when the process has to end."""
        self._tasks: list[asyncio.Task[None]] = []
        self.lag = LoopLag()
        self.errands = RetryingTasks()
        self._open_stores()
        self._open_telephony()
        self._open_desk()
        self._open_calls()
        subscriptions.connect_process(
            stop_requested=self.stop_requested,
            node=self.node,
            restoration=Restoration(self.reconciler, self.presence),
            queues=self.queues,
            staff=self.business.staff,
            sessions=self.sessions,
            connecting=self.connecting,
            dispatcher=self.dispatcher,
            calls=self.calls,
            campaigns=self.business.campaigns,
            dialler=self.dialler,
        )

    def _open_stores(self) -> None:
        settings = self.settings
        self.database = Database(settings.database_url)
        self.redis = redis_client(settings.redis_url)
        self.node = NodeLease(self.redis, settings.node)
        self.recordings = RecordingService(self.database, settings.recordings, on_warning=self._warn)
        self.spool = Spool(settings.spool)
        self.queue_settings = load_queues(settings.callflows / "queues.yaml")
        self.business = DomainServices(
            settings, self.database, self.recordings, self.queue_settings, PublicLimiter(self.redis)
        )

    def _open_telephony(self) -> None:
        settings = self.settings
        password = settings.ari_password.get_secret_value()
        self.ari = AriClient(settings.ari_url, settings.ari_user, password, application=settings.application)
        self.ami = AmiClient(settings.ami_host, settings.ami_port, settings.ari_user, password)
        self.dispatcher = Dispatcher()
        self.events = self._event_source(password)
        self.queues = QueueService(self.redis, self.queue_settings, settings.node)
        self.agents = Agents(self.business.staff)

    def _event_source(self, password: str) -> EventSource:
        settings = self.settings
        if settings.events == "outbound":
            return OutboundEvents(
                self.dispatcher.dispatch,
                host=settings.events_host,
                port=settings.events_port,
                user=settings.ari_user,
                password=password,
                on_connected=self._connected,
                # Asterisk may crash when the connection ends while it writes an event to it.
                on_closing=self.ari.silence_events,
                on_closed=self._filter_events,
                on_missing=self.ari.reopen_connections,
            )
        return InboundEvents(
            self.dispatcher.dispatch,
            url=settings.ari_url,
            user=settings.ari_user,
            password=password,
            application=settings.application,
            on_connected=self._connected,
        )

    def _open_desk(self) -> None:
        settings = self.settings
        self.hub = Hub(self.redis, AgentDesks(self.queues, self.agents))
        self.sessions = Sessions(self.redis, self.business.staff, self.hub)
        self.presence = PresenceService(self.hub, self.queues, self.agents, self._phone_online)
        self.desk = WebServer(
            [*self.business.routes(), queues_http.routes(self.queues)],
            self.sessions,
            self.hub,
            self.spool,
            host=settings.http_host,
            port=settings.http_port,
            allowed_origins=[settings.public_url],
            checks={"asterisk": self._check_asterisk, "redis": self._check_redis, "database": self._check_database},
        )

    def _open_calls(self) -> None:
        settings, business = self.settings, self.business
        caller_actions = CallerActions(
            business.customers, business.tickets, business.departments, business.self_service
        ).actions()
        actions = {**caller_actions, **SurveyActions(business.campaigns).actions()}
        library = load_library(settings.callflows, vocabulary([actions], self.queue_settings))
        flows = dict(library.flows)
        calendar = HolidayCalendar()
        self.speech = SpeechCache(_speech(settings), settings.prompts)
        self.prompts = Prompts(library.catalogue, self.speech)
        wording = AgentWording(
            library.catalogue, calendar, SpokenWording(zh=settings.organisation_zh, en=settings.organisation_en)
        )
        store = CallStore(self.redis, settings.node)
        self.fallback = Fallback(
            self.ari,
            self.ami,
            self.agents,
            business.customers,
            business.history,
            business.tickets,
            self.recordings,
            settings.region,
            store,
            is_live=self._has_channel,
        )
        tools = CallServices(
            node=settings.node,
            ari=self.ari,
            ami=self.ami,
            dispatcher=self.dispatcher,
            store=store,
            queues=self.queues,
            holding=HoldingBridges(self.ari),
            recordings=self.recordings,
            history=business.history,
            spool=self.spool,
            agents=self.agents,
            desks=self.hub,
            pops=PopService(self.database, business.customers, business.history, wording),
            dial_plan=DialPlan(settings.trunk, settings.trunk_number_format, settings.region),
            caller_id=settings.hotline_number,
            walker=lambda voice, store: FlowWalker(flows, voice, self.prompts, actions, store),
            prompts=self.prompts,
            entry_points=EntryPoints(
                flows, calendar, business.tickets, business.customers, business.campaigns, settings.hotline_number
            ),
            messages=VoiceMessages(business.tickets, library.catalogue),
            grade_priorities=settings.grade_priorities,
            in_fallback=self.fallback.channels,
        )
        self.call_store = store
        admission = Admission(lambda: self.lag.standing_s, settings.most_calls)
        results = SurveyResults(business.campaigns, business.surveyed)
        self.calls = CallService(tools, settings.region, admission, results.settle)
        self.vanished = VanishedPhones(self.ari, self.dispatcher, self.calls)
        self.reconciler = Reconciler(self.ari, self.dispatcher, self.calls, store, self.queues, self.fallback.channels)
        self.connecting = ConnectionSetup(
            self.ari, self.events, self.agents, business.staff, self.fallback, self.reconciler, self.hub
        )
        self.dialler = Dialler(
            business.campaigns,
            lambda dialling: self.calls.place(outbound_call(settings.node, dialling)),
            self.calls.outbound,
        )

    def _has_channel(self, channel_id: str) -> bool:
        return self.calls.has_channel(channel_id)

    async def start(self) -> None:
        """Bring the schema up to date, connect everything, and begin to take calls."""
        settings = self.settings
        await self.node.take()
        self._own("node", self.node.run)
        await asyncio.to_thread(schema.upgrade, settings.database_url)
        if settings.profile == "sample":
            assert settings.sample_password is not None, "the settings see to it"
            await sample_data.load(self.database, settings.sample_password.get_secret_value(), self.queue_settings)
        await self.agents.load()
        spoken = await self.prompts.prepare()
        log.info("prompts_ready", ready=spoken.ready, failed=list(spoken.failed))
        await self._leave_apology()
        await self.ari.start()
        await self.ami.start()
        await self.queues.start(self.calls.offered)
        self._own("loop-lag", self.lag.watch)
        self._own("presence", self.presence.run)
        for name, work in self.business.background().items():
            self._own(name, work)
        await self.desk.start()
        await self.events.start()
        self._own("beat", self.fallback.beat)
        self.errands.besides("number-origins", lambda: asyncio.to_thread(load_origins))
        self._own("fallback", self.fallback.take_in)
        self._own("dialler", self.dialler.run)
        self._own("vanished-phones", self.vanished.run)
        self._own("kept", DeferredFiling(self.spool, self.desk, self.hub, self.business.history).run)
        self._own("recordings-audit", self._audit_recordings)
        self._own("metrics", self._metrics().run)

    def _metrics(self) -> MetricsRefresher:
        settings = self.settings

        async def deferred() -> int:
            return len(await self.spool.waiting())

        return MetricsRefresher(
            live_calls=lambda: self.calls.live,
            snapshot=self.queues.snapshot,
            trunk=trunk_endpoint(settings.trunk),
            endpoint_online=self._phone_online,
            folders={"recordings": settings.recordings, "spool": settings.spool.parent},
            deferred=deferred,
        )

    async def _leave_apology(self) -> None:
        """Where the dialplan finds it when it has to answer without us."""
        for name in FALLBACK_PROMPTS:
            spoken = await self.prompts.audio(name, "zh", {})
            if spoken is not None:
                await asyncio.to_thread(shutil.copyfile, spoken, self.settings.prompts / f"{name}.wav")

    async def aclose(self) -> None:
        """Stop in the reverse order. Calls stay with Asterisk, for the next process to adopt."""
        self.calls.leave()
        await self.events.aclose()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.connecting.aclose()
        await self.errands.aclose()
        await self.calls.aclose()
        await self.desk.aclose()
        await self.queues.aclose()
        await self.business.aclose()
        await self.recordings.aclose()
        await self.speech.aclose()
        await self.ami.aclose()
        await self.ari.aclose()
        await self.node.release()
        await self.redis.aclose()
        await self.database.aclose()

    def _own(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run a part of the service until it stops; a part that fails is logged and begun again."""

        async def keep_running() -> None:
            while True:
                try:
                    await work()
                except Exception:
                    log.exception("part_failed", part=name)
                    await asyncio.sleep(1)

        self._tasks.append(asyncio.create_task(keep_running(), name=name))

    async def _connected(self) -> None:
        await self.connecting.connected()

    async def _filter_events(self) -> None:
        await self.connecting.filter_events()

    async def _phone_online(self, user: str) -> bool:
        try:
            return (await self.ari.endpoint("PJSIP", user)).online
        except AriError:
            return False

    async def _audit_recordings(self) -> None:
        """At the start and once a day: no file without an entry, no entry without a file."""
        grace_s = AUDIT_AT_START_GRACE_S
        while True:
            # Which calls go on is known only once they were adopted.
            await self.fallback.reconciled.wait()
            report = await self.recordings.audit_orphans(grace_s=grace_s, in_use=await self.call_store.segments())
            log.info("recordings_audited", clean=report.clean)
            grace_s = GRACE_SECONDS
            await asyncio.sleep(AUDIT_EVERY_S)

    def _warn(self, warning: RecordingWarning) -> None:
        words = SpokenWording(zh=f"录音异常：{warning.detail}", en=f"Recording: {warning.detail}")
        notice = Notice(level="warning", text=words)
        self.errands.besides(new_id("warning"), lambda: self.hub.broadcast(WATCHERS, notice))

    async def _check_asterisk(self) -> str | None:
        if not self.events.connected:
            return "no event connection"
        await self.ari.ping()
        return None

    async def _check_redis(self) -> str | None:
        await self.redis.ping()
        return None

    async def _check_database(self) -> str | None:
        async with self.database.read() as session:
            await session.exec(text("SELECT 1"))  # type: ignore[call-overload]
        return None


def _speech(settings: Settings) -> EspeakSpeech:
    espeak = Program(tuple(shlex.split(settings.espeak))) if settings.espeak else program("usr/bin/espeak-ng")
    sox = Program(tuple(shlex.split(settings.sox))) if settings.sox else program("usr/bin/sox")
    return EspeakSpeech(espeak.command, espeak.environ(), sox.command)
