"""Routes of co-handling."""

from pydantic import Field

from crm.text import Id, Lines
from crm.tickets.action_routes import Reason, Versioned, act
from crm.tickets.cohandling.model import CoTask
from crm.tickets.cohandling.service import CoHandlingService
from crm.tickets.files.model import FileIds
from crm.tickets.transitions import TicketAction
from foundation.routes import Routes


class Ask(Versioned):
    """Departments that are asked to help."""

    departments: list[CoTask] = Field(min_length=1, max_length=10)


class CoReply(Versioned):
    """Reply of a co-handler about its part."""

    text: Lines = Field(min_length=1, max_length=4000)
    file_ids: FileIds = Field(default=[])


class Release(Reason):
    """Co-handler that is released, and the reason."""

    department_id: Id


def add_routes(table: Routes, service: CoHandlingService) -> None:
    """Add the routes of co-handling."""
    act(
        table,
        TicketAction.CO_ASK,
        "co-handlers",
        "Ask departments to help the lead department",
        Ask,
        lambda ticket, body, actor: service.ask(ticket, body.departments, actor, expected_version=body.version),
        status=201,
    )
    act(
        table,
        TicketAction.CO_SIGN,
        "co-sign",
        "Sign for the department's own part of a ticket",
        Versioned,
        lambda ticket, body, actor: service.sign(ticket, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.CO_REPLY,
        "co-reply",
        "Reply about the department's own part of a ticket",
        CoReply,
        lambda ticket, body, actor: service.reply(
            ticket, body.text, actor, file_ids=body.file_ids, expected_version=body.version
        ),
    )
    act(
        table,
        TicketAction.CO_RELEASE,
        "release-co-handler",
        "Release a co-handling department from its part",
        Release,
        lambda ticket, body, actor: service.release(
            ticket, body.department_id, body.reason, actor, expected_version=body.version
        ),
    )
