"""Routes of actions from dispatch to closing."""

from pydantic import Field

from crm.text import Id, Lines
from crm.tickets.action_routes import Reason, Versioned, act
from crm.tickets.cohandling.model import CoTask
from crm.tickets.files.model import FileIds
from crm.tickets.service import TicketService
from crm.tickets.transitions import TicketAction
from foundation.routes import Routes


class Dispatch(Versioned):
    """Department and person that get the ticket, and co-handlers."""

    department_id: Id
    person_id: Id | None = None
    co_handlers: list[CoTask] = Field(default=[], max_length=10)


class Reply(Versioned):
    """Reply of the department."""

    text: Lines = Field(min_length=1, max_length=4000)
    left_out_because: Lines = Field(default="", max_length=1000)
    """Reason to leave out co-handlers that have not replied."""
    file_ids: FileIds = Field(default=[])


class Note(Versioned):
    """Note for colleagues, with files."""

    text: Lines = Field(min_length=1, max_length=4000)
    file_ids: FileIds = Field(default=[])


class Supervise(Versioned):
    """Instruction of a supervisor."""

    instruction: Lines = Field(min_length=1, max_length=2000)


def add_routes(table: Routes, service: TicketService) -> None:
    """Add the routes of actions from dispatch to closing."""
    _working(table, service)
    _watching(table, service)
    _ending(table, service)


def _working(table: Routes, service: TicketService) -> None:
    act(
        table,
        TicketAction.DISPATCH,
        "dispatch",
        "Dispatch the ticket to a department or a person in it; ask co-handlers to help",
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
        "Sign for the ticket",
        Versioned,
        lambda ticket, body, actor: service.sign(ticket, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.PARK,
        "park",
        "Park the ticket until the customer acts",
        Reason,
        lambda ticket, body, actor: service.park(ticket, body.reason, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.UNPARK,
        "unpark",
        "Resume the parked ticket in the state before",
        Versioned,
        lambda ticket, body, actor: service.unpark(ticket, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.REPLY,
        "reply",
        "Reply to the ticket; the customer is called back, or the department below gets the answer",
        Reply,
        lambda ticket, body, actor: service.reply(
            ticket,
            body.text,
            actor,
            left_out_because=body.left_out_because,
            file_ids=body.file_ids,
            expected_version=body.version,
        ),
    )


def _watching(table: Routes, service: TicketService) -> None:
    act(
        table,
        TicketAction.NOTE,
        "notes",
        "Add an internal note, which is no urge",
        Note,
        lambda ticket, body, actor: service.note(
            ticket, body.text, actor, file_ids=body.file_ids, expected_version=body.version
        ),
        status=201,
    )
    act(
        table,
        TicketAction.ESCALATE,
        "escalate",
        "Escalate the ticket to supervisors",
        Reason,
        lambda ticket, body, actor: service.escalate(ticket, body.reason, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.SUPERVISE,
        "supervise",
        "Give the department an instruction as supervisor",
        Supervise,
        lambda ticket, body, actor: service.supervise(ticket, body.instruction, actor, expected_version=body.version),
    )


def _ending(table: Routes, service: TicketService) -> None:
    act(
        table,
        TicketAction.ANSWER,
        "answer",
        "Answer at the desk and archive, with the answer as reason",
        Reason,
        lambda ticket, body, actor: service.answer(ticket, body.reason, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.SURVEY,
        "survey",
        "Record that the callback survey has begun",
        Versioned,
        lambda ticket, body, actor: service.survey(ticket, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.REDO,
        "redo",
        "Return the unsolved ticket to its department",
        Reason,
        lambda ticket, body, actor: service.redo(ticket, body.reason, None, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.ARCHIVE,
        "archive",
        "Archive the ticket, with the customer's confirmation or the reason why it was not asked for",
        Reason,
        lambda ticket, body, actor: service.archive(ticket, body.reason, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.CANCEL,
        "cancel",
        "Cancel a ticket that should not have been filed",
        Reason,
        lambda ticket, body, actor: service.cancel(ticket, body.reason, actor, expected_version=body.version),
    )
