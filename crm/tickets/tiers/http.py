"""Routes of tiers."""

from crm.tickets.action_routes import Reason, act
from crm.tickets.tiers.service import TierService
from crm.tickets.transitions import TicketAction
from foundation.routes import Routes


def add_routes(table: Routes, service: TierService) -> None:
    """Passing up; the answer comes down by the reply of the department above."""
    act(
        table,
        TicketAction.PASS_UP,
        "pass-up",
        "To the department above; its reply comes back here",
        Reason,
        lambda ticket, body, actor: service.pass_up(ticket, body.reason, actor, expected_version=body.version),
    )
