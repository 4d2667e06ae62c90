"""Offers of a ticket's page: what the routes then carry out."""

from typing import Any

import pytest

from crm.tickets.http import routes
from crm.tickets.service import TicketService
from crm.tickets.transitions import RULES, TicketAction
from crm.tickets.views import Offer, TicketDetail
from foundation.routes import Principal, Role, Route
from tests.unit.crm.conftest import AGENT, NOT_OURS, SUPERVISOR, Place
from tests.unit.crm.tickets.test_forms import HEATER
from tests.unit.crm.tickets.test_ticket_http import DESK, call, worker

BOSS = Principal("staff-supervisor", "3001", "Supervisor", Role.SUPERVISOR)
QUALITY = Principal("staff-quality", "4001", "Quality", Role.QUALITY)
WITHOUT_ROUTE = {"file", "answer_down", "absorb", "release", "book_visit", "cancel_visit"}
"""Actions that pages do not do to a ticket, or that another package declares."""


@pytest.fixture
def table(tickets: TicketService) -> dict[str, Route]:
    return {f"{route.method} {route.path.removeprefix('/api/v1')}": route for route in routes(tickets).table}


def test_every_action_of_a_page_has_its_route(table: dict[str, Route]) -> None:
    acting = {route.action: route for route in table.values() if route.action}
    assert acting.keys() == {str(action) for action in TicketAction} - WITHOUT_ROUTE
    assert all(route.roles == RULES[TicketAction(action)].roles for action, route in acting.items())


class Page:
    """A ticket's page of one person."""

    def __init__(self, table: dict[str, Route], who: Principal, ticket_id: str) -> None:
        self._get = table["GET /tickets/{ticket_id}"]
        self._who = who
        self._id = ticket_id

    async def may(self) -> dict[str, Offer]:
        shown: TicketDetail = await call(self._get, self._who, {"ticket_id": self._id})
        return {str(offer.action): offer for offer in shown.may}


async def test_offers_follow_state_role_and_facts(
    tickets: TicketService, place: Place, table: dict[str, Route]
) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    desk, boss, quality, east, west = (
        Page(table, who, filed.id) for who in (DESK, BOSS, QUALITY, worker(place.east), worker(place.west))
    )
    at_desk = await desk.may()
    assert {"append", "urge", "correct", "answer", "dispatch", "park", "merge"} <= at_desk.keys()
    assert not at_desk.keys() & {"cancel", "accept", "decline", "sign", "judge", "grant_extension", "co_release"}
    assert at_desk["dispatch"].path == f"/api/v1/tickets/{filed.id}/dispatch"
    assert {one.name: one.required for one in at_desk["dispatch"].fields} == {
        "version": False,
        "department_id": True,
        "person_id": False,
        "co_handlers": False,
    }
    assert "cancel" in await boss.may()
    assert (await quality.may()).keys() == {"note"}

    await tickets.dispatch(filed.id, place.east, AGENT)
    assert (await east.may()).keys() >= {"sign", "refuse", "pass_up"}
    refused = await tickets.refusals.refuse(filed.id, NOT_OURS, worker_of(place))
    assert {"uphold", "overrule"} <= (await boss.may()).keys()
    await tickets.refusals.overrule(refused.id, "属实", SUPERVISOR)
    assert "refuse" not in await east.may()
    await tickets.sign(filed.id, worker_of(place))
    assert (await east.may()).keys() >= {"reply", "ask_extension", "park"}
    assert "grant_extension" not in await boss.may()
    with pytest.raises(Exception, match="there is no ticket"):
        await west.may()


async def test_an_application_is_assessed_before_it_is_dispatched(
    tickets: TicketService, place: Place, table: dict[str, Route]
) -> None:
    filed = await tickets.file(place.fault(kind="after_sales", channel="counter", form=HEATER), AGENT)
    desk = Page(table, DESK, filed.id)
    before = await desk.may()
    assert {"accept", "decline"} <= before.keys()
    assert "dispatch" not in before
    await tickets.applications.accept(filed.id, "材料齐全", AGENT)
    after = await desk.may()
    assert "dispatch" in after
    assert not after.keys() & {"accept", "decline"}


def worker_of(place: Place) -> Any:
    return place.worker(place.east)
