"""Routes of co-handling."""

from pydantic import Field

from crm.text import Id, Lines
from crm.tickets.action_routes import Reason, Versioned, act
from crm.tickets.cohandling.model import CoTask
from crm.tickets.cohandling.service import CoHandlingService
from crm.tickets.transitions import TicketAction
from foundation.routes import Routes


class Ask(Versioned):
    """Who is to help."""

    departments: list[CoTask] = Field(min_length=1, max_length=10)


class CoReply(Versioned):
    """What the co-handler did."""

    text: Lines = Field(min_length=1, max_length=4000)


class Release(Reason):
    """Whose help is not needed any more, and why."""

    department_id: Id


def add_routes(table: Routes, service: CoHandlingService) -> None:
    """Asking for help, and giving it."""
    act(
        table,
        TicketAction.CO_ASK,
        "co-handlers",
        "Ask departments to help the one in the lead",
        Ask,
        lambda ticket, body, actor: service.ask(ticket, body.departments, actor, expected_version=body.version),
        status=201,
    )
    act(
        table,
        TicketAction.CO_SIGN,
        "co-sign",
        "The co-handling department takes its part",
        Versioned,
        lambda ticket, body, actor: service.sign(ticket, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.CO_REPLY,
        "co-reply",
        "The co-handling department says what it did",
        CoReply,
        lambda ticket, body, actor: service.reply(ticket, body.text, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.CO_RELEASE,
        "release-co-handler",
        "A co-handling department is not needed any more",
        Release,
        lambda ticket, body, actor: service.release(
            ticket, body.department_id, body.reason, actor, expected_version=body.version
        ),
    )
