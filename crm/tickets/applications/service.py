"""Use cases of after-sales applications; the customer is notified of each decision."""

from crm.kinds import TicketKind
from crm.tickets.errors import AlreadyAssessed, NotAnApplication
from crm.tickets.model import Actor, Assessment, Ticket
from crm.tickets.transitions import TicketAction
from crm.tickets.unit_of_work import TicketUnitOfWork
from crm.tickets.views import TicketView


class ApplicationService:
    """Assesses after-sales applications (售后申请)."""

    def __init__(self, tickets: TicketUnitOfWork) -> None:
        self._tickets = tickets

    async def accept(
        self, ticket_id: str, reason: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """Accept an application: it can be dispatched from now on.

        Raises:
            NotAnApplication: the ticket is of another kind.
            AlreadyAssessed: the application was accepted before.
        """
        async with self._tickets.change(ticket_id, TicketAction.ACCEPT, actor, expected_version) as made:
            _must_be_unassessed(made.ticket)
            made.ticket.assessment = Assessment.ACCEPTED
            made.detail.update(reason=reason)
        return TicketView.model_validate(made.ticket)

    async def decline(
        self, ticket_id: str, reason: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """Decline an application: archive it, with the reason that the customer gets.

        Raises:
            NotAnApplication: the ticket is of another kind.
            AlreadyAssessed: the application was accepted before.
        """
        async with self._tickets.change(ticket_id, TicketAction.DECLINE, actor, expected_version) as made:
            _must_be_unassessed(made.ticket)
            made.ticket.assessment, made.ticket.closing_reason = Assessment.DECLINED, reason
            made.detail.update(reason=reason)
        return TicketView.model_validate(made.ticket)


def _must_be_unassessed(ticket: Ticket) -> None:
    if ticket.kind is not TicketKind.AFTER_SALES:
        raise NotAnApplication(f"ticket {ticket.number} is a {ticket.kind}")
    if ticket.assessment is not None:
        raise AlreadyAssessed(f"application {ticket.number} was {ticket.assessment} before")
