"""Routes of extensions."""

from crm.moments import Moment
from crm.tickets.acting import Grounds, Reason, act
from crm.tickets.extensions.service import ExtensionService
from crm.tickets.transitions import TicketAction
from foundation.routes import Routes


class AskExtension(Reason):
    """Until when, and why."""

    until: Moment


def add_routes(table: Routes, service: ExtensionService) -> None:
    """Asking for more time, and deciding it."""
    act(
        table,
        TicketAction.ASK_EXTENSION,
        "extension",
        "The department asks for more time, before the deadline",
        AskExtension,
        lambda ticket, body, actor: service.ask(ticket, body.until, body.reason, actor, expected_version=body.version),
        status=201,
    )
    act(
        table,
        TicketAction.GRANT_EXTENSION,
        "grant-extension",
        "The department gets the time it asked for",
        Grounds,
        lambda ticket, body, actor: service.grant(ticket, body.grounds, actor, expected_version=body.version),
    )
    act(
        table,
        TicketAction.DENY_EXTENSION,
        "deny-extension",
        "The deadline stays",
        Grounds,
        lambda ticket, body, actor: service.deny(ticket, body.grounds, actor, expected_version=body.version),
    )
