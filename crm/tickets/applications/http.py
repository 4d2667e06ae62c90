"""Routes of applications."""

from crm.tickets.action_routes import Reason, act
from crm.tickets.applications.service import ApplicationService
from crm.tickets.transitions import TicketAction
from foundation.routes import Routes


def add_routes(table: Routes, service: ApplicationService) -> None:
    """Add the routes of applications."""
    act(
        table,
        TicketAction.ACCEPT,
        "accept",
        "Accept the after-sales application: it can be dispatched, and the customer gets an SMS",
        Reason,
        lambda ticket, body, actor: service.accept(ticket, body.reason, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.DECLINE,
        "decline",
        "Decline the after-sales application: archive it, and send the customer the reason by SMS",
        Reason,
        lambda ticket, body, actor: service.decline(ticket, body.reason, actor, expected_version=body.version),
    )
