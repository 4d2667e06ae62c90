"""Routes of what is done to a ticket between its dispatch and its end."""

from pydantic import Field

from crm.text import Id, Lines
from crm.tickets.action_routes import Reason, Versioned, act
from crm.tickets.cohandling.model import CoTask
from crm.tickets.service import TicketService
from crm.tickets.transitions import TicketAction
from foundation.routes import Routes


class Dispatch(Versioned):
    """To whom, and who is to help them."""

    department_id: Id
    person_id: Id | None = None
    co_handlers: list[CoTask] = Field(default=[], max_length=10)


class Reply(Versioned):
    """What was done."""

    text: Lines = Field(min_length=1, max_length=4000)
    left_out_because: Lines = Field(default="", max_length=1000)
    """Why the reply does without co-handlers that have not replied, where there are any."""


class Supervise(Versioned):
    """What to do."""

    instruction: Lines = Field(min_length=1, max_length=2000)


def add_routes(table: Routes, service: TicketService) -> None:
    """Handing over, working, waiting, asking for a supervisor, and ending it."""
    _working(table, service)
    _watching(table, service)
    _ending(table, service)


def _working(table: Routes, service: TicketService) -> None:
    act(
        table,
        TicketAction.DISPATCH,
        "dispatch",
        "Hand it to a department, or to one person in it, and ask others to help",
        Dispatch,
        lambda ticket, body, actor: service.dispatch(
            ticket,
            body.department_id,
            actor,
            person_id=body.person_id,
            co_handlers=body.co_handlers,
            expected_version=body.version,
        ),
    )
    act(
        table,
        TicketAction.SIGN,
        "sign",
        "The department takes it",
        Versioned,
        lambda ticket, body, actor: service.sign(ticket, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.PARK,
        "park",
        "It waits for the customer",
        Reason,
        lambda ticket, body, actor: service.park(ticket, body.reason, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.UNPARK,
        "unpark",
        "It goes on where it was",
        Versioned,
        lambda ticket, body, actor: service.unpark(ticket, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.REPLY,
        "reply",
        "The department says what was done; the customer is called back, or who passed it up gets the answer",
        Reply,
        lambda ticket, body, actor: service.reply(
            ticket, body.text, actor, left_out_because=body.left_out_because, expected_version=body.version
        ),
    )


def _watching(table: Routes, service: TicketService) -> None:
    act(
        table,
        TicketAction.ESCALATE,
        "escalate",
        "A supervisor has to look at it",
        Reason,
        lambda ticket, body, actor: service.escalate(ticket, body.reason, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.SUPERVISE,
        "supervise",
        "A supervisor says what to do; whoever holds the ticket hears of it",
        Supervise,
        lambda ticket, body, actor: service.supervise(ticket, body.instruction, actor, expected_version=body.version),
    )


def _ending(table: Routes, service: TicketService) -> None:
    act(
        table,
        TicketAction.ANSWER,
        "answer",
        "Answered at the desk: archived, with what was answered",
        Reason,
        lambda ticket, body, actor: service.answer(ticket, body.reason, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.SURVEY,
        "survey",
        "The customer is being asked whether it is solved",
        Versioned,
        lambda ticket, body, actor: service.survey(ticket, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.REDO,
        "redo",
        "Back to the same department: it is not solved",
        Reason,
        lambda ticket, body, actor: service.redo(ticket, body.reason, None, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.ARCHIVE,
        "archive",
        "Close it, with the customer's confirmation or the reason for doing without",
        Reason,
        lambda ticket, body, actor: service.archive(ticket, body.reason, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.CANCEL,
        "cancel",
        "It should never have been filed",
        Reason,
        lambda ticket, body, actor: service.cancel(ticket, body.reason, actor, expected_version=body.version),
    )
