"""Routes of findings."""

from crm.tickets.action_routes import Reason, Versioned, act
from crm.tickets.findings.model import JudgeComplaint
from crm.tickets.findings.service import FindingService
from crm.tickets.transitions import TicketAction
from foundation.routes import Routes


class Judge(JudgeComplaint, Versioned):
    """What came out."""


def add_routes(table: Routes, service: FindingService) -> None:
    """Judging a complaint, and disagreeing."""
    act(
        table,
        TicketAction.JUDGE,
        "finding",
        "Whether the complaint is valid, and why",
        Judge,
        lambda ticket, body, actor: service.judge(ticket, body, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.CONTEST,
        "contest-finding",
        "The customer or the department disagrees with the finding: to a supervisor",
        Reason,
        lambda ticket, body, actor: service.contest(ticket, body.reason, actor, expected_version=body.version),
    )
