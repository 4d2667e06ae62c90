"""Routes of refusals."""

from pydantic import Field

from crm.text import Id
from crm.tickets.action_routes import Reason, Versioned, act
from crm.tickets.refusals.service import RefusalService, RefuseTicket
from crm.tickets.transitions import TicketAction
from foundation.routes import Routes


class Refuse(RefuseTicket, Versioned):
    """Why the department declines."""


class Uphold(Reason):
    """Who gets it instead, and why."""

    department_id: Id = Field(description="another department than the one that refused")
    person_id: Id | None = None


def add_routes(table: Routes, service: RefusalService) -> None:
    """Refusing, and ruling on it."""
    act(
        table,
        TicketAction.REFUSE,
        "refuse",
        "The department declines it, with a reason, an explanation, and perhaps evidence",
        Refuse,
        lambda ticket, body, actor: service.refuse(ticket, body, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.UPHOLD,
        "uphold-refusal",
        "The department was right to refuse: to another department",
        Uphold,
        lambda ticket, body, actor: service.uphold(
            ticket,
            body.department_id,
            body.reason,
            actor,
            person_id=body.person_id,
            expected_version=body.version,
        ),
    )
    act(
        table,
        TicketAction.OVERRULE,
        "overrule-refusal",
        "Back to the department that refused, which cannot refuse it again",
        Reason,
        lambda ticket, body, actor: service.overrule(ticket, body.reason, actor, expected_version=body.version),
    )
