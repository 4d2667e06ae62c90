"""Use cases of findings."""

from crm.kinds import TicketKind
from crm.tickets.errors import AlreadyContested, NoFinding, NotAComplaint
from crm.tickets.findings import store
from crm.tickets.findings.model import JudgeComplaint, TicketFinding
from crm.tickets.model import Actor
from crm.tickets.transitions import TicketAction
from crm.tickets.unit_of_work import TicketUnitOfWork
from crm.tickets.views import TicketView
from foundation.clock import utc_now
from foundation.ids import new_id


class FindingService:
    """Judges complaints; a contested finding escalates the ticket (H2)."""

    def __init__(self, tickets: TicketUnitOfWork) -> None:
        self._tickets = tickets

    async def judge(
        self, ticket_id: str, given: JudgeComplaint, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """Store a finding about a complaint.

        A later finding replaces it; both stay on record.

        Raises:
            NotAComplaint: the ticket is of another kind.
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
        """Contest the finding for the customer or the department; escalate the ticket.

        Raises:
            NoFinding: the complaint was not judged yet.
            AlreadyContested: the finding was contested before, and no other one followed.
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
