"""Use cases of an agent's work beside calls."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog

from ari_app.queues.dispositions import Disposition, result_of, results
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.model import AgentState
from ari_app.queues.service import QueueService
from ari_app.work.desk_file import DeskChoices, IntakeStep
from ari_app.work.errors import DispositionNeeded, UnknownDisposition
from ari_app.work.model import RESULT_MISSING, DispositionInput, FiguresView, PauseReasonView
from ari_app.work.results import answered, time_in, words_of
from crm.customers.reminders.model import ReminderInput, ReminderView
from crm.customers.reminders.service import ReminderService
from crm.history.disposition import CallDisposition
from crm.history.model import CallRecord, CallResult
from crm.kinds import TicketKind
from crm.reports.service import ReportService
from crm.tickets.forms.model import FormField
from crm.tickets.forms.service import FormService
from foundation.clock import utc_now
from foundation.database import Database, out_of_reach
from foundation.problems import FieldProblem, Forbidden
from foundation.routes import LEADERS, Principal

log = structlog.get_logger()

CallAgain = Callable[[str, datetime | None, Principal], Awaitable[None]]
"""Puts the caller of a call on the call-back list from a time on; None: not any more."""

SYSTEM_REASONS = (
    PauseReasonView(code="signed_in", zh="刚登录", en="just signed in", limit_minutes=None, chosen=False),
    PauseReasonView(code="desk_closed", zh="工作台已关闭", en="desk closed", limit_minutes=None, chosen=False),
    PauseReasonView(code="unavailable", zh="话机离线", en="phone unavailable", limit_minutes=None, chosen=False),
    PauseReasonView(code="no_answer", zh="多次未接", en="calls not answered", limit_minutes=None, chosen=False),
    PauseReasonView(
        code="supervisor", zh="班长置为小休", en="paused by a supervisor", limit_minutes=None, chosen=False
    ),
    PauseReasonView(code="busy", zh="话机忙", en="phone busy", limit_minutes=None, chosen=False),
    PauseReasonView(
        code=RESULT_MISSING, zh="缺通话结果", en="result of the call is missing", limit_minutes=None, chosen=False
    ),
    PauseReasonView(code="refused", zh="多次拒接", en="calls declined", limit_minutes=None, chosen=False),
)
"""Reasons that the service itself gives."""


class AgentWork:
    """Pauses, results, reminders and figures of agents."""

    def __init__(
        self,
        database: Database,
        queues: QueueService,
        choices: DeskChoices,
        reports: ReportService,
        reminders: ReminderService,
        call_again: CallAgain,
        forms: FormService | None = None,
    ) -> None:
        self._database = database
        self._forms = forms or FormService(database)
        self._queues = queues
        self._choices = choices
        self._reports = reports
        self._reminders = reminders
        self._call_again = call_again

    def pause_reasons(self) -> list[PauseReasonView]:
        """Return the reasons of pauses, those to choose from first."""
        chosen = [PauseReasonView(chosen=True, **reason.model_dump()) for reason in self._choices.reasons]
        known = {one.code for one in chosen}
        return [*chosen, *(one for one in SYSTEM_REASONS if one.code not in known)]

    def intake(self, queue: str | None, kind: TicketKind | None) -> list[IntakeStep]:
        """Return what the agent asks about a matter, in order (H9)."""
        return self._choices.intake_steps(queue, kind)

    async def dispose(self, who: Principal, call_id: str, given: DispositionInput) -> CallResult:
        """Store the result of a call, or replace it.

        Raises:
            UnknownDisposition: the queue of the call has no such result.
            FormNotFilled: the result asks for facts, and an answer breaks its rule.
            Forbidden: it is the call of another agent.
        """
        queue = await self._queue_of(who, call_id)
        choices = self._queues.settings_of(queue or "").dispositions
        path = result_of(choices, given.code)
        if path is None:
            codes = ", ".join(one[-1].code for one in results(choices))
            problem = FieldProblem(field="code", rule=f"must be one of {codes or 'none'}")
            raise UnknownDisposition(f"queue {queue} has no result {given.code}", [problem])
        fields = await self._fields_of(path[-1])
        answers = answered(fields, given.answers, self._reports.zone)
        words = words_of(path)
        async with self._database.write() as session:
            row = await session.get(CallDisposition, call_id)
            before = result_of(choices, row.code) if row is not None else None
            if row is None:
                row = CallDisposition(call_id=call_id, code=given.code, staff_id=who.staff_id, at=utc_now())
                session.add(row)
            row.code, row.staff_id, row.at = given.code, who.staff_id, utc_now()
            row.zh, row.en, row.answers = words["zh"], words["en"], answers
        if any(one[-1].call_again is not None for one in (path, before) if one is not None):
            await self._call_again(call_id, time_in(answers, path[-1].call_again), who)
        try:
            await self._queues.result_stored(who.staff_id, call_id)
        except QueuesUnavailable:
            # The wrap-up may last to its cap; the agent can end it.
            log.warning("result_not_noted", call_id=call_id)
        return CallResult.model_validate(row)

    async def _fields_of(self, result: Disposition) -> Sequence[FormField]:
        """Return the fields that a result asks for."""
        if result.form is None:
            return result.fields
        return next((form.fields for form in await self._forms.all() if form.kind is result.form), [])

    async def disposition(self, call_id: str) -> CallResult | None:
        """Return the result of a call."""
        async with self._database.read() as session:
            row = await session.get(CallDisposition, call_id)
        return CallResult.model_validate(row) if row is not None else None

    async def remind(self, who: Principal, call_id: str, given: ReminderInput) -> ReminderView:
        """Store the outcome of the reminder of arrears in a call (H5).

        Raises:
            CustomerNotFound: there is no such customer.
            Forbidden: it is the call of another agent.
        """
        try:
            await self._queue_of(who, call_id)
        except Forbidden:
            raise Forbidden("Only the agent of a call says what came of its reminder.") from None
        return await self._reminders.remind(who, call_id, given)

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
