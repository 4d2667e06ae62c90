"""Dispatch and sign several tickets, each with its own result."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from crm.text import Id, Version
from crm.tickets.action_routes import REFUSALS
from crm.tickets.model import Actor, RequestKey
from crm.tickets.service import TicketService
from crm.tickets.state_change import DoneBefore
from crm.tickets.transitions import RULES, TicketAction
from crm.tickets.views import TicketView
from foundation.problems import Outcome, Problem
from foundation.routes import NoQuery, Request, Routes

MOST = 100
"""Most tickets of one request: it answers within seconds."""


class OneOfSeveral(BaseModel, extra="forbid"):
    """Ticket with its version as the page shows it."""

    id: Id
    version: Version | None = None


def _once_each(tickets: list[OneOfSeveral]) -> list[OneOfSeveral]:
    if len({one.id for one in tickets}) < len(tickets):
        raise ValueError("must name each ticket once")
    return tickets


Tickets = Annotated[list[OneOfSeveral], Field(min_length=1, max_length=MOST), AfterValidator(_once_each)]


class SignSeveral(BaseModel, extra="forbid"):
    """Tickets to sign for."""

    tickets: Tickets


class DispatchSeveral(BaseModel, extra="forbid"):
    """Tickets that one department or person gets."""

    tickets: Tickets
    department_id: Id
    person_id: Id | None = None


class TicketOutcome(Outcome):
    """Ticket after its change, or why it was refused."""

    ticket_id: str
    ticket: TicketView | None = None


def add_routes(table: Routes, service: TicketService) -> None:
    """Add the routes of several tickets at once."""

    @table.add(
        "POST",
        "/tickets/dispatch",
        roles=RULES[TicketAction.DISPATCH].roles,
        summary="Dispatch several tickets to a department or a person in it, each with its own result",
        body=DispatchSeveral,
        response=list[TicketOutcome],
        problems=REFUSALS,
        once=True,
    )
    async def dispatch(request: Request[DispatchSeveral, NoQuery]) -> list[TicketOutcome]:
        given = request.body
        return await _each(
            request,
            lambda one, actor: service.dispatch(
                one.id, given.department_id, actor, person_id=given.person_id, expected_version=one.version
            ),
        )

    @table.add(
        "POST",
        "/tickets/sign",
        roles=RULES[TicketAction.SIGN].roles,
        summary="Sign for several tickets, each with its own result",
        body=SignSeveral,
        response=list[TicketOutcome],
        problems=REFUSALS,
        once=True,
    )
    async def sign(request: Request[SignSeveral, NoQuery]) -> list[TicketOutcome]:
        return await _each(request, lambda one, actor: service.sign(one.id, actor, expected_version=one.version))


async def _each(
    request: Request[Any, NoQuery], work: Callable[[OneOfSeveral, Actor], Awaitable[TicketView]]
) -> list[TicketOutcome]:
    """Do the work to each ticket in a transaction of its own.

    A refusal of one does not stop the others. A request repeated with its key finds those that were done.
    """
    outcomes = []
    for one in request.body.tickets:
        try:
            ticket, problem = await work(one, _actor(request)), None
        except DoneBefore as done:
            ticket, problem = done.ticket, None
        except Problem as refusal:
            ticket, problem = None, refusal.details()
        outcomes.append(TicketOutcome(ticket_id=one.id, ticket=ticket, problem=problem))
    return outcomes


def _actor(request: Request[Any, NoQuery]) -> Actor:
    actor = Actor.of(request.actor)
    if request.idempotency_key is None:
        return actor
    asked = f"{type(request.body).__name__}:{request.body.model_dump_json(exclude_defaults=True)}"
    key = RequestKey(request.idempotency_key, hashlib.sha256(asked.encode()).hexdigest())
    return actor.model_copy(update={"request": key})
