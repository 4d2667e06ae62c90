"""The route of corrections."""

from crm.tickets.action_routes import Versioned, act
from crm.tickets.corrections.model import CorrectTicket
from crm.tickets.corrections.service import CorrectionService
from crm.tickets.transitions import TicketAction
from foundation.routes import Routes


class Correct(CorrectTicket, Versioned):
    """Corrected fields, and the version they are made for."""


def add_routes(table: Routes, service: CorrectionService) -> None:
    """Add the route of corrections."""
    act(
        table,
        TicketAction.CORRECT,
        "correct",
        "Correct fields of a ticket; the log records the values before and after",
        Correct,
        lambda ticket, body, actor: service.correct(ticket, body, actor, expected_version=body.version),
    )
