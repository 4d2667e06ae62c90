"""Use cases of an agent's work beside calls."""

import structlog

from ari_app.queues.model import AgentState
from ari_app.queues.service import QueueService
from ari_app.work.desk_file import DeskChoices, IntakeStep
from ari_app.work.errors import DispositionNeeded, UnknownDisposition
from ari_app.work.model import CallDisposition, DispositionView, FiguresView, PauseReasonView
from crm.history.model import CallRecord
from crm.reports.service import ReportService
from crm.tickets.model import TicketKind
from foundation.clock import utc_now
from foundation.database import Database, out_of_reach
from foundation.problems import FieldProblem, Forbidden
from foundation.routes import LEADERS, Principal

log = structlog.get_logger()

SYSTEM_REASONS = (
    PauseReasonView(code="desk_closed", zh="工作台已关闭", en="desk closed", limit_minutes=None, chosen=False),
    PauseReasonView(code="unavailable", zh="话机离线", en="phone unavailable", limit_minutes=None, chosen=False),
    PauseReasonView(code="no_answer", zh="多次未接", en="calls not answered", limit_minutes=None, chosen=False),
    PauseReasonView(
        code="supervisor", zh="班长置为小休", en="paused by a supervisor", limit_minutes=None, chosen=False
    ),
    PauseReasonView(code="busy", zh="话机忙", en="phone busy", limit_minutes=None, chosen=False),
    PauseReasonView(code="refused", zh="多次拒接", en="calls declined", limit_minutes=None, chosen=False),
)
"""Reasons that the service itself gives."""


class AgentWork:
    """Pauses, dispositions and figures of agents."""

    def __init__(self, database: Database, queues: QueueService, choices: DeskChoices, reports: ReportService) -> None:
        self._database = database
        self._queues = queues
        self._choices = choices
        self._reports = reports

    def pause_reasons(self) -> list[PauseReasonView]:
        """Return the reasons of pauses, those to choose from first."""
        chosen = [PauseReasonView(chosen=True, **reason.model_dump()) for reason in self._choices.reasons]
        known = {one.code for one in chosen}
        return [*chosen, *(one for one in SYSTEM_REASONS if one.code not in known)]

    def intake(self, queue: str | None, kind: TicketKind | None) -> list[IntakeStep]:
        """Return what the agent asks about a matter, in order (H9)."""
        return self._choices.intake_steps(queue, kind)

    async def dispose(self, who: Principal, call_id: str, code: str) -> DispositionView:
        """Store the result of a call, or replace it.

        Raises:
            UnknownDisposition: the queue of the call has no such result.
            Forbidden: it is the call of another agent.
        """
        queue = await self._queue_of(who, call_id)
        codes = [one.code for one in self._queues.settings_of(queue or "").dispositions]
        if code not in codes:
            problem = FieldProblem(field="code", rule=f"must be one of {', '.join(codes) or 'none'}")
            raise UnknownDisposition(f"queue {queue} has no result {code}", [problem])
        async with self._database.write() as session:
            row = await session.get(CallDisposition, call_id)
            if row is None:
                row = CallDisposition(call_id=call_id, code=code, staff_id=who.staff_id, at=utc_now())
                session.add(row)
            row.code, row.staff_id, row.at = code, who.staff_id, utc_now()
        return DispositionView.model_validate(row)

    async def disposition(self, call_id: str) -> DispositionView | None:
        """Return the result of a call."""
        async with self._database.read() as session:
            row = await session.get(CallDisposition, call_id)
        return DispositionView.model_validate(row) if row is not None else None

    async def check_finished(self, agent_id: str) -> None:
        """Refuse to end a wrap-up that lacks the result of its call.

        Raises:
            DispositionNeeded: the queue requires it.
        """
        agent = await self._queues.agent(agent_id)
        if agent.state is not AgentState.WRAP_UP or agent.call_id is None or agent.queue is None:
            return
        if not self._queues.settings_of(agent.queue).disposition_required:
            return
        try:
            stored = await self.disposition(agent.call_id)
        except Exception as error:
            if not out_of_reach(error):
                raise
            # The agent goes on: a result that cannot be stored must not keep callers waiting.
            log.warning("disposition_not_checked", agent_id=agent_id, call_id=agent.call_id)
            return
        if stored is None:
            raise DispositionNeeded(f"call {agent.call_id} has no result yet")

    async def figures(self, agent_id: str) -> FiguresView:
        """Return an agent's figures since midnight, as reports count them."""
        line = await self._reports.agent_today(agent_id)
        return FiguresView(
            since=line.since,
            taken=line.answered,
            dialled=line.dialled,
            talk_ms=line.talk_ms,
            missed=line.missed,
            wrap_up_ms=line.wrap_up_ms,
        )

    async def _queue_of(self, who: Principal, call_id: str) -> str | None:
        """Return the queue of the agent's present call, else of the record."""
        agent = await self._queues.agent(who.staff_id)
        if agent.call_id == call_id:
            return agent.queue
        async with self._database.read() as session:
            record = await session.get(CallRecord, call_id)
        if record is None or (record.agent_id != who.staff_id and who.role not in LEADERS):
            raise Forbidden("Only the agent of a call says its result.")
        return record.queue
