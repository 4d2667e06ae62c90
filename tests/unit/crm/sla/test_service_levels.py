"""Service levels over HTTP: who may what, what-if, overdue, report, improvements (H18)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from pydantic import BaseModel, ValidationError

from crm.sla.errors import (
    AlreadyDone,
    InThePast,
    NoSuchAction,
    NoSuchPolicy,
    PolicyChangedMeanwhile,
    PolicyInForce,
    UnknownSlaReference,
)
from crm.sla.http import routes
from crm.sla.policy import ClockKind
from crm.tickets.errors import TicketNotFound
from foundation.database import Database
from foundation.routes import Principal, Request, Role, Route
from tests.unit.crm.conftest import AGENT, SUPERVISOR, Place
from tests.unit.crm.sla.clock_kit import MONDAY, POLICY, Clocks, local, node

BOSS = Principal("staff-9", "9001", "Administrator", Role.ADMINISTRATOR)
LEAD = Principal("staff-3", "3001", "Zhao", Role.SUPERVISOR)


@pytest.fixture
def now() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as moved:
        yield moved


@pytest.fixture
async def clocks(database: Database, now: time_machine.Traveller) -> Clocks:
    made = node(database)
    await made.enter()
    return made


@pytest.fixture
def table(clocks: Clocks) -> dict[str, Route]:
    found = routes(clocks.service, clocks.tickets.may_see).table
    return {f"{route.method} {route.path.removeprefix('/api/v1')}": route for route in found}


async def call(
    route: Route,
    principal: Principal,
    path: dict[str, str] | None = None,
    query: dict[str, Any] | None = None,
    body: dict[str, Any] | None = None,
) -> Any:
    """Validate a request, then call its route."""
    given: BaseModel | None = route.body.model_validate(body or {}) if route.body is not None else None
    return await route.handler(Request(principal, path or {}, route.query.model_validate(query or {}), given))


def worker(department_id: str | None) -> Principal:
    return Principal("staff-worker", "2001", "Worker", Role.DEPARTMENT, department_id)


async def signed(clocks: Clocks, place: Place, number: int = 1) -> str:
    ticket = await clocks.tickets.file(place.fault(address=f"幸福路{number}号"), AGENT)
    await clocks.tickets.dispatch(ticket.id, place.east, AGENT)
    await clocks.tickets.sign(ticket.id, place.worker(place.east))
    return ticket.id


def test_s8_roles_of_the_routes(table: dict[str, Route]) -> None:
    leaders = {Role.SUPERVISOR, Role.ADMINISTRATOR}
    expected = {
        "GET /service-levels/policies": leaders,
        "GET /service-levels/policies/{version}": leaders,
        "POST /service-levels/policies": {Role.ADMINISTRATOR},
        "DELETE /service-levels/policies/{version}": {Role.ADMINISTRATOR},
        "POST /service-levels/what-if": leaders,
        "GET /service-levels/hours": set(Role),
        "PUT /service-levels/hours/{owner}": {Role.ADMINISTRATOR},
        "GET /service-levels/days": set(Role),
        "GET /tickets/{ticket_id}/clocks": set(Role),
        "GET /service-levels/overdue": leaders | {Role.AGENT, Role.DEPARTMENT, Role.QUALITY},
        "GET /service-levels/report": leaders | {Role.QUALITY},
        "GET /service-levels/improvements": leaders | {Role.QUALITY},
        "POST /service-levels/improvements": leaders,
        "POST /service-levels/improvements/{action_id}/done": leaders,
    }
    assert {name: set(route.roles) for name, route in table.items()} == expected


async def test_h18_policy_versions_take_effect_at_their_time(
    clocks: Clocks, table: dict[str, Route], now: time_machine.Traveller
) -> None:
    enter, every = table["POST /service-levels/policies"], table["GET /service-levels/policies"]
    later = {"policy": POLICY, "version": 1, "effective_from": "2026-03-03T00:00:00Z", "note": "从周二起"}
    entered = await call(enter, BOSS, body=later)
    assert (entered.version, entered.in_force, entered.note) == (2, False, "从周二起")
    assert [(view.version, view.in_force) for view in await call(every, LEAD)] == [(2, False), (1, True), (0, False)]
    now.move_to(local("2026-03-03 09:00"))
    assert [(view.version, view.in_force) for view in await call(every, LEAD)] == [(2, True), (1, False), (0, False)]
    one = table["GET /service-levels/policies/{version}"]
    assert (await call(one, LEAD, {"version": "2"})).in_force
    for version in ("3", "-1", "x"):
        with pytest.raises(NoSuchPolicy):
            await call(one, LEAD, {"version": version})


async def test_h18_invalid_policies_are_refused_whole(clocks: Clocks, table: dict[str, Route], place: Place) -> None:
    enter = table["POST /service-levels/policies"]
    with pytest.raises(PolicyChangedMeanwhile) as conflict:
        await call(enter, BOSS, body={"policy": POLICY, "version": 0})
    assert conflict.value.errors[0].field == "version"
    with pytest.raises(InThePast):
        await call(enter, BOSS, body={"policy": POLICY, "version": 1, "effective_from": "2026-03-01T00:00:00Z"})
    rule = {"respond_minutes": 1, "resolve_minutes": 2}
    step = {"clock": "resolve", "after_minutes": 1, "department_id": "department-none"}
    for changed, field in (
        ({"rules": [rule, rule | {"category_id": "nothing"}]}, "policy.rules.1.category_id"),
        ({"rules": [rule, rule | {"department_id": "department-none"}]}, "policy.rules.1.department_id"),
        ({"ladder": [step]}, "policy.ladder.0.department_id"),
    ):
        for route, body in (
            (enter, {"policy": POLICY | changed, "version": 1}),
            (table["POST /service-levels/what-if"], {"policy": POLICY | changed}),
        ):
            with pytest.raises(UnknownSlaReference) as unknown:
                await call(route, BOSS, body=body)
            assert unknown.value.errors[0].field == field
    assert len(await clocks.service.policies()) == 2


async def test_h18_only_future_policies_are_withdrawn(clocks: Clocks, table: dict[str, Route]) -> None:
    withdraw = table["DELETE /service-levels/policies/{version}"]
    await clocks.enter(effective_from=MONDAY + timedelta(hours=1))
    await call(withdraw, BOSS, {"version": "2"})
    with pytest.raises(NoSuchPolicy):
        await call(withdraw, BOSS, {"version": "2"})
    with pytest.raises(PolicyInForce):
        await call(withdraw, BOSS, {"version": "1"})


async def test_h18_rule_of_a_category_applies_to_those_below(clocks: Clocks, place: Place) -> None:
    rule = {"respond_minutes": 60, "resolve_minutes": 60, "category_id": place.cold}
    await clocks.enter(POLICY | {"rules": [*POLICY["rules"], rule]})
    under = await clocks.tickets.file(place.fault(), AGENT)
    other = await clocks.tickets.file(place.fault(address="", category_id=None), AGENT)
    assert await clocks.due(under.id) == local("2026-03-02 10:00")
    assert await clocks.due(other.id) == local("2026-03-03 11:00")


async def test_h18_working_hours_of_departments(clocks: Clocks, table: dict[str, Route], place: Place) -> None:
    enter, every = table["PUT /service-levels/hours/{owner}"], table["GET /service-levels/hours"]
    hours = {"workday": [{"opens": "20:00", "closes": "24:00"}]}
    found = await call(enter, BOSS, {"owner": place.east}, body={"hours": hours})
    assert [view.owner for view in found] == ["default", place.east]
    await call(enter, BOSS, {"owner": "default"}, body={"hours": {"round_the_clock": True}})
    assert [view.hours.round_the_clock for view in await call(every, worker(None))] == [True, False]
    ticket = await clocks.tickets.file(place.fault(), AGENT)
    assert await clocks.due(ticket.id) == local("2026-03-02 19:00")
    for owner in (place.east, "default"):
        await call(enter, BOSS, {"owner": owner}, body={"hours": None})
    (only,) = await call(every, LEAD)
    assert (only.owner, only.changed_at) == ("default", None)
    with pytest.raises(UnknownSlaReference):
        await call(enter, BOSS, {"owner": "department-none"}, body={"hours": hours})


async def test_month_has_workdays_and_guesses(table: dict[str, Route]) -> None:
    days = table["GET /service-levels/days"]
    october = await call(days, LEAD, query={"year": 2026, "month": 10})
    assert [day.day[-2:] for day in october if not day.is_workday][:8] == [
        "01",
        "02",
        "03",
        "04",
        "05",
        "06",
        "07",
        "11",
    ]
    assert not any(day.is_guess for day in october)
    assert all(day.is_guess for day in await call(days, LEAD, query={"year": 2050, "month": 2}))


async def test_s7_department_sees_only_clocks_of_its_tickets(
    clocks: Clocks, table: dict[str, Route], place: Place, now: time_machine.Traveller
) -> None:
    ticket_id = await signed(clocks, place)
    of_ticket, overdue = table["GET /tickets/{ticket_id}/clocks"], table["GET /service-levels/overdue"]
    assert len(await call(of_ticket, worker(place.east), {"ticket_id": ticket_id})) == 2
    for stranger in (worker(place.west), worker(None)):
        with pytest.raises(TicketNotFound):
            await call(of_ticket, stranger, {"ticket_id": ticket_id})
    with pytest.raises(TicketNotFound):
        await call(of_ticket, LEAD, {"ticket_id": "nothing"})
    now.move_to(local("2026-03-05 09:00"))
    assert len(await call(overdue, worker(place.east))) == 1
    assert await call(overdue, worker(place.west), query={"department_id": place.east}) == []
    assert await call(overdue, worker(None)) == []


async def test_h18_overdue_deadlines_are_paged(
    clocks: Clocks, table: dict[str, Route], place: Place, now: time_machine.Traveller
) -> None:
    unsigned = await clocks.tickets.file(place.fault(address="人民路1号"), AGENT)
    held = [await signed(clocks, place, number) for number in range(3)]
    waiting = await signed(clocks, place, 9)
    await clocks.tickets.park(waiting, "等用户", place.worker(place.east))
    overdue = table["GET /service-levels/overdue"]
    assert await call(overdue, LEAD) == []
    now.move_to(local("2026-03-05 09:00"))
    whole = await call(overdue, LEAD)
    assert [(view.clock, view.ticket_id) for view in whole] == [
        (ClockKind.RESPOND, unsigned.id),
        *sorted((ClockKind.RESOLVE, ticket_id) for ticket_id in [unsigned.id, *held]),
    ]
    assert whole[0].late_s == (local("2026-03-05 09:00") - local("2026-03-02 10:00")).total_seconds()
    found: list[Any] = []
    after: dict[str, Any] = {}
    while page := await call(overdue, LEAD, query={"limit": 2, **after}):
        found += page
        last = page[-1]
        after = {"after_due_at": last.due_at.isoformat(), "after": last.ticket_id, "after_clock": last.clock}
    assert found == whole
    assert len(await call(overdue, LEAD, query={"department_id": place.east, "clock": "resolve"})) == 3
    with pytest.raises(ValidationError, match="must be given with"):
        overdue.query.model_validate({"after": "x"})


async def test_h18_report_counts_met_and_breached_deadlines(
    clocks: Clocks, table: dict[str, Route], place: Place, now: time_machine.Traveller
) -> None:
    met, late, still = [await signed(clocks, place, number) for number in range(3)]
    waiting, cancelled = [await signed(clocks, place, number) for number in (8, 9)]
    await clocks.tickets.park(waiting, "等用户", place.worker(place.east))
    await clocks.tickets.cancel(cancelled, "重复登记", SUPERVISOR)
    await clocks.tickets.reply(met, "已修", place.worker(place.east))
    now.move_to(local("2026-03-05 09:00"))
    await clocks.tickets.reply(late, "已修", place.worker(place.east))
    report = table["GET /service-levels/report"]
    month = {"since": "2026-03-01T00:00:00Z", "until": "2026-04-01T00:00:00Z"}
    resolve, respond = await call(report, LEAD, query=month)
    assert (resolve.department_id, resolve.clock) == (place.east, ClockKind.RESOLVE)
    assert (resolve.due, resolve.met, resolve.breached, resolve.open_breached) == (3, 1, 2, 1)
    assert resolve.met_percent == 33.3
    assert (respond.due, respond.met) == (4, 4)
    assert still in {
        view.ticket_id for view in await clocks.service.overdue(department_id=None, clock=None, after=None, limit=10)
    }
    assert await call(report, LEAD, query=month | {"department_id": place.west}) == []
    assert await call(report, LEAD, query=month | {"until": "2026-03-02T00:00:00Z"}) == []
    with pytest.raises(ValidationError, match="after since"):
        report.query.model_validate({"since": month["until"], "until": month["since"]})


async def test_h18_what_if_shows_the_effect_and_changes_nothing(
    clocks: Clocks, table: dict[str, Route], place: Place, now: time_machine.Traveller
) -> None:
    early = await signed(clocks, place, 1)
    waiting = await signed(clocks, place, 2)
    await clocks.tickets.park(waiting, "等用户", place.worker(place.east))
    now.move_to(local("2026-03-02 15:30"))
    fresh = await signed(clocks, place, 3)
    before = {ticket: await clocks.of(ticket) for ticket in (early, waiting, fresh)}
    # Five hours of work have passed for the first, none for the last.
    think = table["POST /service-levels/what-if"]
    policy = POLICY | {"rules": [{"respond_minutes": 60, "resolve_minutes": 290}]}
    answer = await call(think, LEAD, body={"policy": policy})
    assert (answer.clocks, answer.paused, answer.newly_breached, answer.earlier, answer.later) == (3, 1, 1, 2, 0)
    assert (answer.newly_warned, answer.unchanged, answer.late_now) == (0, 0, 0)
    assert [example.ticket_id for example in answer.examples] == [early, fresh]
    assert answer.examples[0].to_due_at == local("2026-03-02 15:30")
    assert answer.examples[1].to_due_at == local("2026-03-03 10:50")
    assert {ticket: await clocks.of(ticket) for ticket in (early, waiting, fresh)} == before

    relaxed = POLICY | {"rules": [{"respond_minutes": 60, "resolve_minutes": 900}]}
    longer = await call(think, LEAD, body={"policy": relaxed})
    assert (longer.later, longer.earlier, longer.newly_breached) == (2, 0, 0)
    same = await call(think, LEAD, body={"policy": POLICY})
    assert (same.unchanged, same.examples) == (2, [])
    # What it said is what happens.
    await clocks.enter(policy, reaches_open=True)
    await clocks.service.runner.change_over(local("2026-03-02 15:30"))
    assert await clocks.due(early) == local("2026-03-02 15:30")
    assert await clocks.due(fresh) == local("2026-03-03 10:50")


async def test_h18_improvement_actions_are_tracked_until_done(
    clocks: Clocks, table: dict[str, Route], place: Place
) -> None:
    every, add = table["GET /service-levels/improvements"], table["POST /service-levels/improvements"]
    done = table["POST /service-levels/improvements/{action_id}/done"]
    given = {"what": "增加夜班人员", "owner": "马师傅", "until": "2026-04-01T00:00:00Z", "department_id": place.east}
    later = await call(add, LEAD, body=given)
    sooner = await call(add, LEAD, body=given | {"until": "2026-03-15T00:00:00Z", "department_id": None})
    assert [view.id for view in await call(every, LEAD)] == [sooner.id, later.id]
    finished = await call(done, LEAD, {"action_id": sooner.id}, body={"outcome": "已增加两人"})
    assert (finished.done_by, finished.outcome) == ("Zhao (3001)", "已增加两人")
    assert [view.id for view in await call(every, LEAD)] == [later.id, sooner.id]
    assert [view.id for view in await call(every, LEAD, query={"open": True})] == [later.id]
    assert [view.id for view in await call(every, LEAD, query={"department_id": place.east})] == [later.id]
    with pytest.raises(AlreadyDone):
        await call(done, LEAD, {"action_id": sooner.id}, body={"outcome": "再来一次"})
    with pytest.raises(NoSuchAction):
        await call(done, LEAD, {"action_id": "nothing"}, body={"outcome": "再来一次"})
    with pytest.raises(UnknownSlaReference):
        await call(add, LEAD, body=given | {"department_id": "department-none"})
