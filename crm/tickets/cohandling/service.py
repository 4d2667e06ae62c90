"""Use cases of co-handling."""

from collections.abc import Sequence

from crm.tickets.cohandling import store
from crm.tickets.cohandling.model import CoHandlerState, CoTask, TicketCoHandler
from crm.tickets.errors import CannotHelp, CoHandlersPending, NotYourTurn
from crm.tickets.files.naming import name_files
from crm.tickets.model import Actor
from crm.tickets.state_change import Change
from crm.tickets.transitions import TicketAction
from crm.tickets.unit_of_work import TicketUnitOfWork, must_be_there
from crm.tickets.views import TicketView
from foundation.clock import utc_now
from foundation.ids import new_id
from foundation.problems import FieldProblem


class CoHandlingService:
    """Asks co-handlers for help; the lead's reply waits for theirs."""

    def __init__(self, tickets: TicketUnitOfWork) -> None:
        self._tickets = tickets

    async def ask(
        self, ticket_id: str, tasks: Sequence[CoTask], actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """Ask departments to help with a ticket.

        A department that replied or was released may be asked again.

        Raises:
            CannotHelp: it is the lead, or it was asked and has not replied.
            UnknownReference: a department that does not exist or is out of use.
        """
        async with self._tickets.change(ticket_id, TicketAction.CO_ASK, actor, expected_version) as made:
            await ask(made, tasks)
        return TicketView.model_validate(made.ticket)

    async def sign(self, ticket_id: str, actor: Actor, *, expected_version: int | None = None) -> TicketView:
        """Sign for the co-handler's part.

        Raises:
            NotYourTurn: it has signed already.
        """
        async with self._tickets.change(ticket_id, TicketAction.CO_SIGN, actor, expected_version) as made:
            part = await _part(made, actor, CoHandlerState.ASKED)
            part.state, part.signed_by, part.signed_at = CoHandlerState.SIGNED, actor.name, utc_now()
            made.detail.update(department_id=part.department_id)
        return TicketView.model_validate(made.ticket)

    async def reply(
        self,
        ticket_id: str,
        text: str,
        actor: Actor,
        *,
        file_ids: Sequence[str] = (),
        expected_version: int | None = None,
    ) -> TicketView:
        """Store the co-handler's reply about its part.

        Raises:
            NotYourTurn: it has not signed, or has replied already.
        """
        async with self._tickets.change(ticket_id, TicketAction.CO_REPLY, actor, expected_version) as made:
            part = await _part(made, actor, CoHandlerState.SIGNED)
            part.state, part.reply = CoHandlerState.REPLIED, text
            part.replied_by, part.replied_at = actor.name, utc_now()
            await name_files(made, file_ids, actor)
            made.detail.update(department_id=part.department_id, text=text)
        return TicketView.model_validate(made.ticket)

    async def release(
        self,
        ticket_id: str,
        department_id: str,
        reason: str,
        actor: Actor,
        *,
        expected_version: int | None = None,
    ) -> TicketView:
        """Release a co-handler from its part.

        Raises:
            CannotHelp: the department was not asked, or its part is done.
        """
        async with self._tickets.change(ticket_id, TicketAction.CO_RELEASE, actor, expected_version) as made:
            pending = {part.department_id: part for part in await store.pending(made.session, ticket_id)}
            if department_id not in pending:
                raise _cannot(department_id, "must be one that was asked and has not replied")
            pending[department_id].state = CoHandlerState.RELEASED
            made.detail.update(department_id=department_id, reason=reason)
        return TicketView.model_validate(made.ticket)


async def ask(made: Change, tasks: Sequence[CoTask]) -> None:
    """Ask departments to help within another change; raise as `CoHandlingService.ask`."""
    pending = {part.department_id for part in await store.pending(made.session, made.ticket.id)}
    for task in tasks:
        if task.department_id == made.ticket.department_id:
            raise _cannot(task.department_id, "must not be the department in the lead")
        if task.department_id in pending:
            raise _cannot(task.department_id, "must not have been asked already")
        pending.add(task.department_id)
        await must_be_there(made.session, task.department_id, None)
        await _add(made, task)
    if tasks:
        made.ticket.shared = True
        made.detail.update(asked_departments=[task.department_id for task in tasks])


async def settle(made: Change, left_out_because: str) -> None:
    """Require every co-handler's reply, or the reason to leave the others out.

    Raises:
        CoHandlersPending: a reply is missing, and no reason is given.
    """
    pending = await store.pending(made.session, made.ticket.id)
    if not pending:
        return
    if not left_out_because:
        problem = FieldProblem(field="left_out_because", rule="must say why the reply does without them")
        waiting = ", ".join(sorted(part.department_id for part in pending))
        raise CoHandlersPending(f"{waiting} has not replied", [problem])
    for part in pending:
        part.state = CoHandlerState.RELEASED
    made.detail.update(left_out_because=left_out_because, left_out=[part.department_id for part in pending])


async def _add(made: Change, task: CoTask) -> None:
    part = await store.one(made.session, made.ticket.id, task.department_id)
    if part is None:
        part = TicketCoHandler(
            id=new_id("part"), ticket_id=made.ticket.id, department_id=task.department_id, asked_at=utc_now()
        )
        made.session.add(part)
    part.state, part.task, part.reply, part.asked_at = CoHandlerState.ASKED, task.task, "", utc_now()
    part.signed_by, part.signed_at, part.replied_by, part.replied_at = "", None, "", None


async def _part(made: Change, actor: Actor, state: CoHandlerState) -> TicketCoHandler:
    part = await store.one(made.session, made.ticket.id, actor.department_id)
    if part is None or part.state is not state:
        now = part.state if part is not None else "not asked for"
        raise NotYourTurn(f"your part of ticket {made.ticket.number} is {now}, and this needs {state}")
    return part


def _cannot(department_id: str, rule: str) -> CannotHelp:
    return CannotHelp(f"{department_id} cannot be that", [FieldProblem(field="department_id", rule=rule)])
