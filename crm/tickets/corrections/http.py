"""The route of corrections."""

from crm.tickets.action_routes import Versioned, act
from crm.tickets.corrections.model import CorrectTicket
from crm.tickets.corrections.service import CorrectionService
from crm.tickets.transitions import TicketAction
from foundation.routes import Routes


class Correct(CorrectTicket, Versioned):
    """What is to be different."""


def add_routes(table: Routes, service: CorrectionService) -> None:
    """Putting right what was entered."""
    act(
        table,
        TicketAction.CORRECT,
        "correct",
        "Put right what was entered: only what is given changes, and the log keeps what it was before",
        Correct,
        lambda ticket, body, actor: service.correct(ticket, body, actor, expected_version=body.version),
    )
