"""Routes of tickets: visibility, and checks of requests."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from crm.tickets.cohandling.model import CoTask
from crm.tickets.errors import NotTheirChannel, TicketNotFound
from crm.tickets.http import routes
from crm.tickets.listing import ListQuery
from crm.tickets.service import TicketService
from crm.tickets.views import TicketView
from foundation.problems import Problem
from foundation.routes import NoQuery, Principal, Request, Role, Route
from tests.unit.crm.conftest import AGENT, Place

REFUSE = {"reason": "not_our_area", "explanation": "该户不在本工区范围内"}
LATER = "2099-01-01T00:00:00Z"
DESK = Principal("staff-agent", "1001", "Agent", Role.AGENT)


@pytest.fixture
def table(tickets: TicketService) -> dict[str, Route]:
    return {f"{route.method} {route.path.removeprefix('/api/v1')}": route for route in routes(tickets).table}


async def call(
    route: Route,
    principal: Principal,
    path: dict[str, str] | None = None,
    query: dict[str, Any] | None = None,
    body: dict[str, Any] | None = None,
    key: str | None = None,
) -> Any:
    """Validate a request and call its handler, as the server does."""
    given: BaseModel | None = route.body.model_validate(body or {}) if route.body is not None else None
    asked = route.query.model_validate(query or {})
    return await route.handler(Request(principal, path or {}, asked, given, key))


def worker(department_id: str | None) -> Principal:
    return Principal("staff-worker", "2001", "Worker", Role.DEPARTMENT, department_id)


async def test_s7_a_department_sees_only_what_lies_with_it(
    tickets: TicketService, place: Place, table: dict[str, Route]
) -> None:
    theirs = await tickets.file(place.fault(), AGENT)
    await tickets.dispatch(theirs.id, place.east, AGENT)
    undispatched = await tickets.file(place.fault(address=""), AGENT)
    listed, get = table["GET /tickets"], table["GET /tickets/{ticket_id}"]

    seen: list[TicketView] = await call(listed, worker(place.east))
    assert [found.id for found in seen] == [theirs.id]
    assert (await call(get, worker(place.east), {"ticket_id": theirs.id})).id == theirs.id
    for stranger in (worker(place.west), worker(None)):
        assert await call(listed, stranger) == []
        assert await call(listed, stranger, query={"department_id": place.east}) == []
        assert await call(listed, stranger, query={"number": theirs.number}) == []
        for ticket in (theirs, undispatched):
            with pytest.raises(TicketNotFound) as hidden:
                await call(get, stranger, {"ticket_id": ticket.id})
            with pytest.raises(TicketNotFound) as missing:
                await call(get, stranger, {"ticket_id": "ticket-none"})
            # The same refusal, so that it does not reveal which of them exists.
            assert hidden.value.detail.replace(ticket.id, "") == missing.value.detail.replace("ticket-none", "")
    assert {found.id for found in await call(listed, DESK)} == {theirs.id, undispatched.id}


async def test_s7_a_department_works_only_on_what_lies_with_it(
    tickets: TicketService, place: Place, table: dict[str, Route]
) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    await tickets.dispatch(filed.id, place.east, AGENT)

    for action, body in (("sign", {}), ("refuse", REFUSE), ("reply", {"text": "done"})):
        for stranger in (worker(place.west), worker(None)):
            with pytest.raises(Problem) as refusal:
                await call(table[f"POST /tickets/{{ticket_id}}/{action}"], stranger, {"ticket_id": filed.id}, body=body)
            assert refusal.value.status == 404
    assert (await tickets.get(filed.id)).version == 2


async def test_s39_a_version_tells_a_stranger_nothing(
    tickets: TicketService, place: Place, table: dict[str, Route]
) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    await tickets.dispatch(filed.id, place.east, AGENT)

    for action, body in (("sign", {}), ("refuse", REFUSE), ("reply", {"text": "done"})):
        for ticket_id in (filed.id, "ticket-none"):
            with pytest.raises(Problem) as refusal:
                await call(
                    table[f"POST /tickets/{{ticket_id}}/{action}"],
                    worker(place.west),
                    {"ticket_id": ticket_id},
                    body=body | {"version": 1},
                )
            assert (refusal.value.status, refusal.value.slug) == (404, "not-found")
            assert refusal.value.detail == f"there is no ticket {ticket_id}"


DESKS = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR})
LEADERS = DESKS - {Role.AGENT}
FIELD = frozenset({Role.DEPARTMENT})
WHO = {
    DESKS: "additions urge attachments correct dispatch co-handlers release-co-handler accept decline answer survey "
    "archive merge unmerge",
    FIELD: "sign refuse reply extension co-sign co-reply pass-up",
    DESKS | FIELD: "park unpark escalate contest-finding",
    DESKS | FIELD | {Role.QUALITY}: "notes",
    LEADERS: "redo cancel supervise finding uphold-refusal overrule-refusal grant-extension deny-extension",
}
ACTIONS = {action: roles for roles, actions in WHO.items() for action in actions.split()}


def test_every_route_has_the_roles_of_its_action(table: dict[str, Route]) -> None:
    posts = {
        name.removeprefix("POST /tickets").removeprefix("/{ticket_id}/"): route.roles
        for name, route in table.items()
        if name.startswith("POST /tickets")
    }
    of_several = {"/dispatch": ACTIONS["dispatch"], "/sign": ACTIONS["sign"]}
    assert posts == ACTIONS | of_several | {"": DESKS}


async def test_same_key_of_two_people_is_two_keys(place: Place, table: dict[str, Route]) -> None:
    file = table["POST /tickets"]
    body = {"kind": "complaint", "subject": "服务态度"}
    others = Principal("staff-other", "1002", "Other", Role.AGENT)

    first = await call(file, DESK, body=body, key="key-1")
    assert (await call(file, DESK, body=body, key="key-1")).id == first.id
    assert (await call(file, others, body=body, key="key-1")).id != first.id


@pytest.mark.parametrize("action", sorted(set(ACTIONS) - {"additions", "attachments", "merge", "unmerge"}))
async def test_every_change_honours_the_version_it_was_made_for(
    tickets: TicketService, place: Place, table: dict[str, Route], action: str
) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    await tickets.dispatch(filed.id, place.east, AGENT, co_handlers=[CoTask(department_id=place.west)])
    route = table[f"POST /tickets/{{ticket_id}}/{action}"]
    field = worker(place.west if action.startswith("co-") else place.east)
    everybody = [DESK, field, Principal("staff-s", "3001", "S", Role.SUPERVISOR)]
    who = next(principal for principal in everybody if principal.role in route.roles)
    bodies: dict[str, dict[str, Any]] = {
        "notes": {"text": "the key is with the neighbour"},
        "dispatch": {"department_id": place.west},
        "refuse": REFUSE,
        "uphold-refusal": {"reason": "right", "department_id": place.west},
        "extension": {"reason": "no", "until": LATER},
        **{key: {"text": "done"} for key in ("reply", "co-reply")},
        "co-handlers": {"departments": [{"department_id": place.above}]},
        "release-co-handler": {"department_id": place.west, "reason": "no"},
        "correct": {"subject": "暖气漏水"},
        "supervise": {"instruction": "today"},
        "finding": {"validity": "valid", "finding": "true"},
        **{key: {"reason": "no"} for key in ("accept", "park", "pass-up", "redo", "escalate", "contest-finding")},
        **{key: {"reason": "confirmed"} for key in ("decline", "answer", "archive", "cancel", "overrule-refusal")},
        **{key: {"reason": "confirmed"} for key in ("grant-extension", "deny-extension")},
    }

    with pytest.raises(Problem) as refusal:
        await call(route, who, {"ticket_id": filed.id}, body=bodies.get(action, {}) | {"version": 1})
    assert (refusal.value.status, refusal.value.slug) == (409, "ticket-changed")


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "created;DROP TABLE t--"},
        {"order": "(CASE WHEN 1=1 THEN id ELSE number END)"},
        {"limit": "1 OFFSET 1e9"},
        {"limit": "201"},
        {"limit": "0"},
        {"status": ["archived' OR 1=1"]},
        {"text": "x"},
        {"text": "x" * 101},
        {"since": "yesterday"},
        {"number": "%"},
        {"after": "\x00"},
        {"department_id": "x' OR '1'='1"},
    ],
)
def test_s3_a_list_takes_only_what_it_knows(query: dict[str, Any], table: dict[str, Route]) -> None:
    with pytest.raises(ValidationError):
        table["GET /tickets"].query.model_validate(query)


async def test_a_page_after_nothing_is_not_found(table: dict[str, Route]) -> None:
    with pytest.raises(TicketNotFound):
        await call(table["GET /tickets"], DESK, query={"after": "ticket-none"})


@pytest.mark.parametrize("text", ["", "  ", "\x00", "x" * 2001])
def test_h19_nothing_is_closed_without_a_reason(text: str, table: dict[str, Route]) -> None:
    body = table["POST /tickets/{ticket_id}/archive"].body
    assert body is not None
    with pytest.raises(ValidationError):
        body.model_validate({"reason": text})


@pytest.mark.parametrize("channel", ["ivr", "survey"])
async def test_staff_cannot_use_a_channel_of_machines(
    tickets: TicketService, place: Place, table: dict[str, Route], channel: str
) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    for name, body in (
        ("POST /tickets", {"kind": "fault", "subject": "x", "channel": channel}),
        ("POST /tickets/{ticket_id}/urge", {"channel": channel}),
    ):
        with pytest.raises(NotTheirChannel) as refused:
            await call(table[name], DESK, {"ticket_id": filed.id}, body=body)
        assert [problem.field for problem in refused.value.errors] == ["channel"]


def test_no_request_has_a_second_word_for_a_reason(table: dict[str, Route]) -> None:
    fields = {name: set(route.body.model_fields) for name, route in table.items() if route.body is not None}
    assert not {name for name, found in fields.items() if found & {"grounds", "cause", "why", "because"}}
    assert {"reason", "version"} <= fields["POST /tickets/{ticket_id}/accept"]
    assert all(
        "reason" in fields[f"POST /tickets/{{ticket_id}}/{action}"] for action in ("decline", "answer", "archive")
    )


def test_reading_takes_no_query_it_would_ignore(table: dict[str, Route]) -> None:
    assert table["GET /tickets/{ticket_id}"].query is NoQuery


async def test_h6_refused_ticket_is_among_the_undispatched(
    tickets: TicketService, place: Place, table: dict[str, Route]
) -> None:
    for _ in range(3):
        await tickets.file(place.fault(address=""), AGENT)
    refused, held, new = await tickets.page(ListQuery(limit=3))
    for ticket in (refused, held):
        await tickets.dispatch(ticket.id, place.east, AGENT)
    await call(table["POST /tickets/{ticket_id}/refuse"], worker(place.east), {"ticket_id": refused.id}, body=REFUSE)

    seen: list[TicketView] = await call(table["GET /tickets"], DESK, query={"undispatched": "true"})
    assert {(found.id, found.status) for found in seen} == {(refused.id, "refused"), (new.id, "registered")}
    with pytest.raises(ValidationError, match="leave out status"):
        table["GET /tickets"].query.model_validate({"undispatched": "true", "status": ["signed"]})


@pytest.mark.parametrize("version", [0, -1, 2**31, 10**30])
def test_s12_a_version_that_no_database_can_bear_is_refused(table: dict[str, Route], version: int) -> None:
    for name, route in table.items():
        if route.body is not None and "version" in route.body.model_fields and "forms" not in name:
            with pytest.raises(ValidationError) as refused:
                route.body.model_validate({"version": version})
            assert ("version",) in [found["loc"] for found in refused.value.errors()], name
