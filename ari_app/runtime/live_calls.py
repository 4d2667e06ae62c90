"""Parts of one process that own its live calls."""

from zoneinfo import ZoneInfo

from ari_app.calls.admission import Admission
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
from ari_app.desk.hub import Hub
from ari_app.fallback.service import Fallback
from ari_app.missed.planned.service import Line
from ari_app.queues.hours import QueueHours
from ari_app.runtime.agent_calls import AgentCalls
from ari_app.runtime.asterisk_connections import AsteriskConnections
from ari_app.runtime.background import OwnedTasks
from ari_app.runtime.conversations import Conversations
from ari_app.runtime.domain import DomainServices
from ari_app.runtime.loop_lag import LoopLag
from ari_app.runtime.operation_notices import transfer_refused_notice
from ari_app.runtime.queue_parts import QueueParts
from ari_app.settings import Settings
from ari_app.web.problem_texts import ProblemTexts
from foundation.database import Database
from foundation.problems import Problem
from foundation.spool import Spool
from recordings.service import RecordingService


class LiveCalls:
    """Calls of one process, and what begins, watches and settles them."""

    def __init__(
        self,
        settings: Settings,
        *,
        database: Database,
        domain: DomainServices,
        recordings: RecordingService,
        spool: Spool,
        asterisk: AsteriskConnections,
        queues: QueueParts,
        conversations: Conversations,
        dial_plan: DialPlan,
        agent_calls: AgentCalls,
        hub: Hub,
        lag: LoopLag,
        texts: ProblemTexts,
    ) -> None:
        ari, dispatcher, agents = asterisk.ari, asterisk.dispatcher, queues.agents
        self._domain, self._agent_calls, self._hub, self._texts = domain, agent_calls, hub, texts
        self._surveys = SurveyResults(domain.campaigns, domain.surveyed)
        self.fallback = Fallback(
            ari,
            asterisk.ami,
            agents,
            domain.customers,
            domain.history,
            domain.tickets,
            recordings,
            settings.region,
            agent_calls.store,
            is_live=self._has_channel,
        )
        services = CallServices(
            node=settings.node,
            ari=ari,
            ami=asterisk.ami,
            dispatcher=dispatcher,
            store=agent_calls.store,
            queues=queues.service,
            holding=HoldingBridges(ari),
            recordings=recordings,
            history=domain.history,
            spool=spool,
            agents=agents,
            desks=hub,
            pops=PopService(database, domain.customers, domain.history, conversations.wording, agents=agents),
            dial_plan=dial_plan,
            caller_id=settings.hotline_number,
            walker=conversations.walker,
            prompts=conversations.prompts,
            entry_points=conversations.entry_points,
            grade_priorities=settings.grade_priorities,
            hours=QueueHours(ZoneInfo(settings.time_zone), domain.calendar.workdays),
            urge_priority=settings.urge_priority,
            waits=agent_calls.waits,
            call_backs=domain.planned,
            reconnect_s=settings.reconnect_s,
            pause_tone=conversations.pause_tone,
            messages=VoiceMessages(domain.tickets, domain.customers, conversations.catalogue),
            in_fallback=self.fallback.channels,
            share=agent_calls.shared.share,
        )
        admission = Admission(
            lambda: lag.standing_s, most_calls=settings.most_calls, longest_lag_s=settings.longest_lag_s
        )
        self.service = calls = CallService(services, settings.region, admission, self._settle)
        agent_calls.connect(calls)
        domain.customers.read_with_number.append(domain.planned.read_with_number)
        domain.planned.connect(Line(services, calls.place, lambda: calls.live, agent_calls.store.all))
        self._transfers = PhoneTransfers(
            ari, dispatcher, lambda: calls.live, agent_calls.control, agents, self._show_refused
        )
        self._vanished = VanishedPhones(ari, dispatcher, calls)
        self._voices = AgentVoices(ari, dispatcher, agents.in_browser, lambda: calls.live)
        self.reconciler = Reconciler(ari, dispatcher, calls, agent_calls.store, queues.service, self.fallback.channels)
        self.dialler = Dialler(
            domain.campaigns,
            lambda dialling: calls.place(outbound_call(settings.node, dialling)),
            calls.outbound,
        )

    def own(self, tasks: OwnedTasks) -> None:
        """Begin the background work."""
        tasks.own("heartbeat", self.fallback.beat)
        tasks.own("fallback", self.fallback.take_in)
        tasks.own("dialler", self.dialler.run)
        tasks.own("vanished-phones", self._vanished.run)
        tasks.own("agent-voices", self._voices.run)
        tasks.own("call-commands", self._agent_calls.control.run)

    async def _settle(self, call: LiveCall) -> None:
        """Store the result of a call that we placed."""
        if call.state.attempt_id is not None:
            await self._surveys.settle(call)
        elif call.state.direction is Direction.OUTBOUND:
            if call.state.outgoing is not None and call.state.outgoing.call_back_id is not None:
                await self._domain.planned.settle(call.state)
                if not call.state.outgoing.agent_id:
                    return  # no agent was found
            await self._agent_calls.outcomes.settle(call.state)

    async def _show_refused(self, agent_id: str, problem: Problem) -> None:
        await self._hub.send(agent_id, transfer_refused_notice(problem, self._texts))

    def _has_channel(self, channel_id: str) -> bool:
        return self.service.has_channel(channel_id)
