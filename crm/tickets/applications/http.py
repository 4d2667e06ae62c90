"""Routes of applications."""

from crm.tickets.action_routes import Grounds, Reason, act
from crm.tickets.applications.service import ApplicationService
from crm.tickets.transitions import TicketAction
from foundation.routes import Routes


def add_routes(table: Routes, service: ApplicationService) -> None:
    """Assessing an application."""
    act(
        table,
        TicketAction.ACCEPT,
        "accept",
        "The after-sales application is accepted: it can be dispatched, and the customer is told",
        Reason,
        lambda ticket, body, actor: service.accept(ticket, body.reason, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.DECLINE,
        "decline",
        "The after-sales application is declined: archived, and the customer is told the grounds",
        Grounds,
        lambda ticket, body, actor: service.decline(ticket, body.grounds, actor, expected_version=body.version),
    )
