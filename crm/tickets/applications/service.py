"""Accepting and declining an application; the customer is told either way."""

from crm.tickets.errors import AlreadyAssessed, NotAnApplication
from crm.tickets.model import Actor, Assessment, Ticket, TicketKind, TicketView
from crm.tickets.transitions import TicketAction
from crm.tickets.unit_of_work import TicketUnitOfWork


class ApplicationService:
    """Assesses after-sales applications (售后申请)."""

    def __init__(self, tickets: TicketUnitOfWork) -> None:
        self._tickets = tickets

    async def accept(
        self, ticket_id: str, reason: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """It is worked on: from now on it can be dispatched.

        Raises:
            NotAnApplication: it is another kind of ticket.
            AlreadyAssessed: it was accepted before.
        """
        async with self._tickets.change(ticket_id, TicketAction.ACCEPT, actor, expected_version) as made:
            _must_be_unassessed(made.ticket)
            made.ticket.assessment = Assessment.ACCEPTED
            made.detail.update(reason=reason)
        return TicketView.model_validate(made.ticket)

    async def decline(
        self, ticket_id: str, reason: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """It is not worked on: archived, with the reason that is sent to the customer.

        Raises:
            NotAnApplication: it is another kind of ticket.
            AlreadyAssessed: it was accepted before.
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
