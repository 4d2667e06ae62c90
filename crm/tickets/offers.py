"""Offers: the actions that a person may do to a ticket now.

Role, standing and state come from the table in `transitions.py`; what each action needs beside them stands here. The
routes refuse the same, so that an offer which is out of date does no harm.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from crm.kinds import TicketKind
from crm.tickets.cohandling.model import CoHandlerState
from crm.tickets.model import VISITED, Actor, Ticket
from crm.tickets.refusals.model import Ruling
from crm.tickets.transitions import DepartmentStanding, TicketAction, lead, permit
from crm.tickets.views import ActionField, Offer, TicketDetail
from foundation.problems import Problem
from foundation.routes import Route, Routes

ActionRoutes = Mapping[TicketAction, Route]


@dataclass(frozen=True)
class _Facts:
    """Ticket with the department of the person who looks at it."""

    ticket: TicketDetail
    own: str | None

    def part(self, *states: CoHandlerState) -> bool:
        """Return whether the own department's part is in one of these states."""
        return any(one.department_id == self.own and one.state in states for one in self.ticket.co_handlers)

    def extension_waits(self) -> bool:
        return any(one.decided_at is None and one.withdrawn_at is None for one in self.ticket.extensions)

    def assessed(self) -> bool:
        return self.ticket.kind is not TicketKind.AFTER_SALES or self.ticket.assessment is not None

    def may_refuse(self) -> bool:
        department = self.ticket.department_id
        return all(
            one.department_id != department or one.ruling is not Ruling.OVERRULED for one in self.ticket.refusals
        )

    def contestable(self) -> bool:
        return bool(self.ticket.findings) and self.ticket.findings[-1].contested_at is None


_A = TicketAction
_NEEDS: Mapping[TicketAction, Callable[[_Facts], bool]] = {
    _A.ACCEPT: lambda facts: not facts.assessed(),
    _A.DECLINE: lambda facts: not facts.assessed(),
    _A.DISPATCH: _Facts.assessed,
    _A.CO_SIGN: lambda facts: facts.part(CoHandlerState.ASKED),
    _A.CO_REPLY: lambda facts: facts.part(CoHandlerState.SIGNED),
    _A.CO_RELEASE: lambda facts: any(
        one.state in {CoHandlerState.ASKED, CoHandlerState.SIGNED} for one in facts.ticket.co_handlers
    ),
    _A.REFUSE: _Facts.may_refuse,
    _A.ASK_EXTENSION: lambda facts: not facts.extension_waits(),
    _A.GRANT_EXTENSION: _Facts.extension_waits,
    _A.DENY_EXTENSION: _Facts.extension_waits,
    _A.JUDGE: lambda facts: facts.ticket.kind is TicketKind.COMPLAINT,
    _A.CONTEST: _Facts.contestable,
    _A.BOOK_VISIT: lambda facts: facts.ticket.kind in VISITED,
    _A.CANCEL_VISIT: lambda facts: facts.ticket.visit_booked,
}


def action_routes(tables: Iterable[Routes]) -> ActionRoutes:
    """Return the route of each action that has one."""
    return {TicketAction(route.action): route for table in tables for route in table.table if route.action}


def offers(
    ticket: TicketDetail, stored: Ticket, actor: Actor, others: Mapping[str, DepartmentStanding], routes: ActionRoutes
) -> list[Offer]:
    """Return the actions that an actor may do to a ticket now."""
    facts = _Facts(ticket, actor.department_id)
    return [
        _offer(action, routes[action], ticket.id)
        for action in TicketAction
        if action in routes and _allowed(action, actor, stored, others) and _NEEDS.get(action, _always)(facts)
    ]


def _always(_facts: _Facts) -> bool:
    return True


def _allowed(action: TicketAction, actor: Actor, ticket: Ticket, others: Mapping[str, DepartmentStanding]) -> bool:
    try:
        permit(action, actor, ticket, others)
        lead(action, ticket)
    except Problem:
        return False
    return True


def _offer(action: TicketAction, route: Route, ticket_id: str) -> Offer:
    fields = route.body.model_fields if route.body is not None else {}
    return Offer(
        action=action,
        method=route.method,
        path=route.path.replace("{ticket_id}", ticket_id),
        fields=[ActionField(name=name, required=field.is_required()) for name, field in fields.items()],
    )
