"""Parts of one process that desks use: sockets, sessions, phones, presence."""

from zoneinfo import ZoneInfo

from redis.asyncio import Redis

from ari_app.ari.client import AriClient
from ari_app.calls.agent_directory import Agents
from ari_app.calls.control.service import CallControl
from ari_app.calls.store import CallStore
from ari_app.desk import http as desk_http
from ari_app.desk.board import OpenAlert
from ari_app.desk.hub import Hub
from ari_app.desk.ticket_news import TicketNewsService
from ari_app.phones import http as phones_http
from ari_app.phones.service import PhoneService
from ari_app.phones.store import PhoneOwners
from ari_app.queues import http as queues_http
from ari_app.queues.hours import QueueHours
from ari_app.queues.model import AgentState
from ari_app.queues.service import QueueService
from ari_app.queues.simulation import http as simulation_http
from ari_app.queues.simulation.service import SimulationService
from ari_app.runtime.desk_handler import AgentDesks, BoardParts
from ari_app.runtime.domain import DomainServices
from ari_app.runtime.figures_board import AlertBoard, FiguresBoard
from ari_app.runtime.live_board import LiveBoard
from ari_app.runtime.phone_watch import PhoneWatch
from ari_app.runtime.presence import PresenceService
from ari_app.settings import Settings
from ari_app.supervision import http as supervision_http
from ari_app.supervision.alerts import http as alerts_http
from ari_app.supervision.alerts.service import QueueThresholds
from ari_app.supervision.alerts.watch import AlertWatch
from ari_app.supervision.service import Supervision
from ari_app.web.sessions import Sessions
from ari_app.work import http as work_http
from ari_app.work.desk_file import DeskChoices
from ari_app.work.service import AgentWork
from crm.customers.reminders import http as reminders_http
from crm.customers.reminders.service import ReminderService
from foundation.database import Database
from foundation.routes import Routes


class DeskParts:
    """Services behind the desks of signed-in people."""

    def __init__(
        self,
        settings: Settings,
        *,
        database: Database,
        redis: Redis,
        domain: DomainServices,
        choices: DeskChoices,
        ari: AriClient,
        queues: QueueService,
        agents: Agents,
        control: CallControl,
        calls: CallStore,
    ) -> None:
        self._queues = queues
        self._hours = QueueHours(ZoneInfo(settings.time_zone), domain.calendar.workdays)
        self._simulations = SimulationService(database, redis, queues.queues, settings.time_zone)
        staff = domain.staff
        self.reminders = ReminderService(database)
        self.work = AgentWork(database, queues, choices, domain.reports, self.reminders, domain.missed.call_again)
        self.board = LiveBoard(calls, queues)
        self.figures = FiguresBoard(domain.reports, domain.missed, queues)
        self.thresholds = QueueThresholds(database, queues.queues)
        shown = BoardParts(self.board.calls, self.figures.now, self._alerts)
        self.hub = Hub(redis, AgentDesks(queues, agents, control, self.work.check_finished, shown))
        self.alerts = AlertBoard(redis, self.hub, self.thresholds)
        self.alert_watch = AlertWatch(
            database,
            queues,
            redis,
            settings.node,
            levels=self.figures.levels,
            wake_outbox=domain.outbox.wake,
            is_long=choices.is_over,
        )
        self.sessions = Sessions(redis, staff, self.hub)
        self.phones = PhoneService(
            ari,
            agents,
            staff,
            PhoneOwners(redis),
            self.sessions.alive,
            in_call=self._in_call,
            socket_url=settings.sip_socket_address,
            ice_servers=settings.ice_servers,
            turn_secret=settings.turn_secret.get_secret_value(),
        )
        self.supervision = Supervision(
            database, control, queues, staff, self.hub.send, silent=settings.silent_listening
        )
        self.presence = PresenceService(self.hub, queues, agents, self.phones.online)
        self.ticket_news = TicketNewsService(redis, self.hub)
        self.phone_watch = PhoneWatch(self.hub, queues, agents, ari.endpoints)

    async def _in_call(self, agent_id: str) -> bool:
        return (await self._queues.agent(agent_id)).state is AgentState.TALKING

    async def _alerts(self) -> list[OpenAlert]:
        return await self.alerts.now()

    def routes(self) -> list[Routes]:
        """Return the routes of desks."""
        return [
            desk_http.routes(self.sessions),
            desk_http.description_routes(),
            queues_http.routes(self._queues, self.work.check_finished, self._hours),
            simulation_http.routes(self._simulations),
            work_http.routes(self.work, self._queues),
            reminders_http.routes(self.reminders),
            phones_http.routes(self.phones),
            supervision_http.routes(self.supervision),
            alerts_http.routes(self.thresholds),
        ]
