"""Judging a complaint, and disagreeing with it."""

from crm.tickets.errors import AlreadyContested, NoFinding, NotAComplaint
from crm.tickets.findings import store
from crm.tickets.findings.model import JudgeComplaint, TicketFinding
from crm.tickets.model import Actor, TicketKind, TicketView
from crm.tickets.transitions import TicketAction
from crm.tickets.unit_of_work import TicketUnitOfWork
from foundation.clock import utc_now
from foundation.ids import new_id


class FindingService:
    """Valid or not, with the finding; disagreement escalates (H2)."""

    def __init__(self, tickets: TicketUnitOfWork) -> None:
        self._tickets = tickets

    async def judge(
        self, ticket_id: str, given: JudgeComplaint, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """Say what came out; a later judgement replaces an earlier one, which stays on record.

        Raises:
            NotAComplaint: there is nothing to be valid or not.
        """
        async with self._tickets.change(ticket_id, TicketAction.JUDGE, actor, expected_version) as made:
            if made.ticket.kind is not TicketKind.COMPLAINT:
                raise NotAComplaint(f"ticket {made.ticket.number} is a {made.ticket.kind}")
            finding = TicketFinding(
                id=new_id("finding"),
                ticket_id=ticket_id,
                judged_by=actor.name,
                judged_at=utc_now(),
                **given.model_dump(include=set(JudgeComplaint.model_fields)),
            )
            made.session.add(finding)
            made.ticket.validity, made.ticket.escalated = given.validity, False
            made.detail.update(validity=given.validity, finding=given.finding)
        return TicketView.model_validate(made.ticket)

    async def contest(
        self, ticket_id: str, reason: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """The customer, through the desk, or the department disagrees: it goes to a supervisor.

        Raises:
            NoFinding: nothing was judged yet.
            AlreadyContested: somebody did before, and nobody has judged since.
        """
        async with self._tickets.change(ticket_id, TicketAction.CONTEST, actor, expected_version) as made:
            findings = await store.of_ticket(made.session, ticket_id)
            if not findings:
                raise NoFinding(f"complaint {made.ticket.number} was not judged yet")
            contested = findings[-1]
            if contested.contested_at is not None:
                when = f"{contested.contested_at:%Y-%m-%d %H:%M} UTC"
                raise AlreadyContested(f"{contested.contested_by} contested the finding at {when}")
            contested.contested_because, contested.contested_by = reason, actor.name
            contested.contested_at = utc_now()
            made.ticket.escalated = True
            made.detail.update(reason=reason, validity=contested.validity)
        return TicketView.model_validate(made.ticket)
