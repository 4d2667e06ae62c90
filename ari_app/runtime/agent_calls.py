"""Parts of one process for calls that agents lead: control, sharing."""

from collections.abc import Collection

from ari_app.calls.agent_directory import Agents
from ari_app.calls.control import directory_http
from ari_app.calls.control import http as control_http
from ari_app.calls.control.directory import CallDirectory
from ari_app.calls.control.outside import OutsideCalls
from ari_app.calls.control.service import CallControl
from ari_app.calls.control.targets import TransferTargets
from ari_app.calls.dial_plan import DialPlan
from ari_app.calls.expected_waits import ExpectedWaits, usual_wrap_up_s
from ari_app.calls.service import CallService
from ari_app.calls.sharing import http as sharing_http
from ari_app.calls.sharing.service import SharedCalls
from ari_app.calls.store import CallStore
from ari_app.desk.hub import Hub
from ari_app.outgoing import http as outgoing_http
from ari_app.outgoing.outcomes import Outcomes
from ari_app.outgoing.service import CallingOut, Line
from ari_app.queues.service import QueueService
from ari_app.runtime.domain import DomainServices
from ari_app.settings import Settings
from ari_app.web.labels import Labels
from foundation.database import Database
from foundation.redis_client import SharedRedis
from foundation.routes import Routes


class AgentCalls:
    """Services of the calls that agents lead."""

    def __init__(
        self,
        settings: Settings,
        *,
        database: Database,
        redis: SharedRedis,
        domain: DomainServices,
        queues: QueueService,
        agents: Agents,
        dial_plan: DialPlan,
        flows: Collection[str],
    ) -> None:
        self._settings, self._redis, self._domain = settings, redis, domain
        self._queues, self._agents, self._dial_plan, self._flows = queues, agents, dial_plan, frozenset(flows)
        self.store = CallStore(redis, settings.node)
        self.control = CallControl(redis, settings.node, self.store, queues)
        self.waits = ExpectedWaits(domain.reports.mean_talks, lambda name: usual_wrap_up_s(queues.settings_of(name)))
        self.outcomes = Outcomes(database, domain.missed, self.store.get)
        line = Line(settings.node, dial_plan.rules.shown_numbers or (settings.hotline_number,))
        self.calling_out = CallingOut(line, database, agents, queues, domain.missed, domain.customers.identify)

    def share(self, hub: Hub) -> None:
        """Share calls with departments through these desks' drafts."""
        self.shared = SharedCalls(
            self._redis,
            self.store,
            hub.state,
            self._domain.tickets,
            self._domain.notices.call_links.send,
            self._settings.public_url,
        )

    def routes(self, labels: Labels) -> list[Routes]:
        """Return the routes of calls."""
        departments, duty = self._domain.departments.all, self._domain.notices.duty.number
        directory = CallDirectory(self.store, self._queues, self._agents, departments, duty, self.waits)
        return [
            control_http.routes(self.control),
            directory_http.routes(directory),
            outgoing_http.routes(self.calling_out, self.outcomes),
            sharing_http.routes(self.shared),
            sharing_http.page_routes(self.shared, labels),
        ]

    def connect(self, calls: CallService) -> None:
        """Let agents' commands reach the calls of this process."""
        outside = OutsideCalls(self._redis, self._dial_plan, calls.outside_legs, self._settings.time_zone)
        duty = self._domain.notices.duty.number
        targets = TransferTargets(self._agents, self._queues, outside, duty, self._flows)
        self.control.connect(calls, targets)
        self.calling_out.connect(targets, outside, calls.place)
