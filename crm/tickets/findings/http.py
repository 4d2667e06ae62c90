"""Routes of findings."""

from crm.tickets.action_routes import Reason, Versioned, act
from crm.tickets.findings.model import JudgeComplaint
from crm.tickets.findings.service import FindingService
from crm.tickets.transitions import TicketAction
from foundation.routes import Routes


class Judge(JudgeComplaint, Versioned):
    """Finding of a complaint, and the version it is made for."""


def add_routes(table: Routes, service: FindingService) -> None:
    """Add the routes of findings."""
    act(
        table,
        TicketAction.JUDGE,
        "finding",
        "Judge whether a complaint is valid, with the finding",
        Judge,
        lambda ticket, body, actor: service.judge(ticket, body, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.CONTEST,
        "contest-finding",
        "Contest the finding; a supervisor judges again",
        Reason,
        lambda ticket, body, actor: service.contest(ticket, body.reason, actor, expected_version=body.version),
    )
