"""Routes of tiers."""

from crm.tickets.action_routes import Reason, act
from crm.tickets.tiers.service import TierService
from crm.tickets.transitions import TicketAction
from foundation.routes import Routes


def add_routes(table: Routes, service: TierService) -> None:
    """Add the route of tiers."""
    act(
        table,
        TicketAction.PASS_UP,
        "pass-up",
        "Pass the ticket to the department above; its reply comes back",
        Reason,
        lambda ticket, body, actor: service.pass_up(ticket, body.reason, actor, expected_version=body.version),
    )
