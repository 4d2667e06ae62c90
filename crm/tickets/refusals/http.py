"""Routes of refusals."""

from pydantic import Field

from crm.text import Id
from crm.tickets.action_routes import Reason, Versioned, act
from crm.tickets.refusals.model import OwnRefusal
from crm.tickets.refusals.service import RefusalService, RefuseTicket
from crm.tickets.transitions import FIELD, TicketAction
from foundation.routes import NoQuery, Request, Routes


class Refuse(RefuseTicket, Versioned):
    """Refusal, and the version it is made for."""


class Uphold(Reason):
    """Department that gets the ticket instead, and the reason."""

    department_id: Id = Field(description="another department than the one that refused")
    person_id: Id | None = None


def add_routes(table: Routes, service: RefusalService) -> None:
    """Add the routes of refusals and rulings."""

    @table.add(
        "GET",
        "/own-refusals",
        roles=FIELD,
        summary="List what the own department refused, newest first, with the rulings",
        response=list[OwnRefusal],
    )
    async def own(request: Request[None, NoQuery]) -> list[OwnRefusal]:
        department_id = request.actor.department_id
        return await service.of_department(department_id) if department_id is not None else []

    act(
        table,
        TicketAction.REFUSE,
        "refuse",
        "Refuse the ticket, with a reason, an explanation and optional evidence",
        Refuse,
        lambda ticket, body, actor: service.refuse(ticket, body, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.UPHOLD,
        "uphold-refusal",
        "Uphold the refusal: dispatch the ticket to another department",
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
        "Overrule the refusal: the department gets the ticket back and cannot refuse it again",
        Reason,
        lambda ticket, body, actor: service.overrule(ticket, body.reason, actor, expected_version=body.version),
    )
