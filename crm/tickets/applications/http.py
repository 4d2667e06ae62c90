"""Routes of applications."""

from crm.tickets.action_routes import Reason, act
from crm.tickets.applications.service import ApplicationService
from crm.tickets.transitions import TicketAction
from foundation.routes import Routes


def add_routes(table: Routes, service: ApplicationService) -> None:
    """Assessing an application."""
    act(
        table,
        TicketAction.ACCEPT,
        "accept",
        "The after-sales application is accepted: it can be dispatched, the customer gets an SMS",
        Reason,
        lambda ticket, body, actor: service.accept(ticket, body.reason, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.DECLINE,
        "decline",
        "The after-sales application is declined: archived, the customer gets the reason by SMS",
        Reason,
        lambda ticket, body, actor: service.decline(ticket, body.reason, actor, expected_version=body.version),
    )
