"""Warning, breach and ladder: each step once, on several nodes (H18)."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import event
from sqlmodel import col, select, update

from crm.sla import clock_moves
from crm.sla.model import ClockStep, TicketClock
from crm.sla.policy import ClockKind
from crm.sla.runner import RETRY_AFTER, ClockRunner
from foundation.clock import utc_now
from foundation.crashpoint import VARIABLE, ordered
from foundation.database import Database
from tests.unit.crm.conftest import AGENT, SUPERVISOR, Place
from tests.unit.crm.sla.clock_kit import MONDAY, POLICY, Clocks, local, minutes, node

pytestmark = pytest.mark.slow

TICKETS = 12
RUN_UNTIL_KILLED = """
import asyncio, sys
from crm.sla.service import SlaService
from foundation.database import Database
asyncio.run(SlaService(Database(sys.argv[1])).runner.run())
"""


@pytest.fixture
async def clocks(database: Database) -> Clocks:
    made = node(database)
    with time_machine.travel(MONDAY, tick=False):
        await made.enter()
    return made


@asynccontextmanager
async def running(runner: ClockRunner) -> AsyncIterator[None]:
    task = asyncio.create_task(runner.run())
    try:
        yield
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def until_told(clocks: Clocks, count: int) -> None:
    async with asyncio.timeout(10):
        while len(await clocks.told()) < count:
            await asyncio.sleep(0.02)


async def signed_at(clocks: Clocks, place: Place, number: int = 1) -> str:
    """Return a ticket signed on Monday at 9:00, due Tuesday 11:00."""
    with time_machine.travel(MONDAY, tick=False):
        ticket = await clocks.tickets.file(place.fault(address=f"幸福路{number}号"), AGENT)
        await clocks.tickets.dispatch(ticket.id, place.east, AGENT)
        await clocks.tickets.sign(ticket.id, place.worker(place.east))
    return ticket.id


async def test_h18_warning_breach_and_ladder_happen_once_at_their_times(clocks: Clocks, place: Place) -> None:
    ticket_id = await signed_at(clocks, place)
    runner = clocks.service.runner
    # Eight of ten hours are used half an hour into Tuesday.
    due = {
        "2026-03-03 09:00": ("clock.warning", None),
        "2026-03-03 11:00": ("clock.breach", None),
        "2026-03-03 12:00": ("clock.escalation", "supervisor"),
        "2026-03-03 14:30": ("clock.escalation", "administrator"),
    }
    for text, (kind, role) in due.items():
        assert await runner.fire(local(text) - timedelta(seconds=1)) == 0
        assert await runner.fire(local(text)) == 1
        assert await runner.fire(local(text)) == 0
        told_kind, payload = (await clocks.told())[-1]
        assert (told_kind, payload.get("role"), payload["ticket_id"]) == (kind, role, ticket_id)
        assert datetime.fromisoformat(payload["due_at"]) == local("2026-03-03 11:00")
        assert payload["department_id"] == place.east
    assert (await clocks.of(ticket_id))[ClockKind.RESOLVE].next_at is None
    assert await runner.fire(local("2027-03-03 11:00")) == 0
    _, (resolve, _) = await clocks.service.of_ticket(ticket_id)
    assert [step.kind for step in resolve.steps] == ["warning", "breach", "escalation", "escalation"]


async def test_h18_runner_after_a_long_absence_takes_every_step_in_order(clocks: Clocks, place: Place) -> None:
    await signed_at(clocks, place)
    assert [await clocks.service.runner.fire(local("2026-03-10 09:00")) for _ in range(5)] == [1, 1, 1, 1, 0]
    assert [kind for kind, _ in await clocks.told()] == [
        "clock.warning",
        "clock.breach",
        "clock.escalation",
        "clock.escalation",
    ]


async def test_h18_ladder_may_name_another_department(clocks: Clocks, place: Place) -> None:
    ladder = [{"clock": "resolve", "after_minutes": 0, "department_id": place.west}]
    with time_machine.travel(MONDAY, tick=False):
        await clocks.enter(POLICY | {"ladder": ladder})
    await signed_at(clocks, place)
    while await clocks.service.runner.fire(local("2026-03-10 09:00")):
        pass
    assert (await clocks.told())[-1][1]["role_department_id"] == place.west
    told = [(kind, payload["department_id"], payload["held_by"]) for kind, payload in await clocks.told()]
    assert told == [
        ("clock.warning", place.east, place.east),
        ("clock.breach", place.east, place.east),
        ("clock.escalation", place.west, place.east),
    ]


async def test_h18_moved_deadline_warns_again(clocks: Clocks, place: Place) -> None:
    ticket_id = await signed_at(clocks, place)
    await clocks.service.runner.fire(local("2026-03-03 09:00"))
    with time_machine.travel(local("2026-03-03 09:30"), tick=False):
        await clocks.tickets.extensions.ask(ticket_id, local("2026-03-06 18:00"), "缺配件", place.worker(place.east))
        await clocks.tickets.extensions.grant(ticket_id, "属实", SUPERVISOR)
    assert await clocks.service.runner.fire(local("2026-03-06 15:59")) == 0
    assert await clocks.service.runner.fire(local("2026-03-06 16:00")) == 1
    assert [kind for kind, _ in await clocks.told()] == ["clock.warning", "clock.warning"]


async def test_h18_several_runners_take_every_step_once(clocks: Clocks, place: Place, database: Database) -> None:
    for number in range(TICKETS):
        await signed_at(clocks, place, number)
    nodes = [node(Database(database.url)) for _ in range(3)]

    async def work(made: Clocks) -> None:
        # Until no step is due any more; a step that another runner has locked is not awaited here.
        for _ in range(40):
            await made.service.runner.fire(local("2026-03-10 09:00"))

    try:
        await asyncio.gather(*(work(made) for made in nodes))
    finally:
        for made in nodes:
            await made.database.aclose()
    counted = Counter((payload["ticket_id"], kind, payload.get("step")) for kind, payload in await clocks.told())
    assert len(counted) == 4 * TICKETS
    assert set(counted.values()) == {1}
    order: dict[str, list[str]] = {}
    for kind, payload in await clocks.told():
        order.setdefault(payload["ticket_id"], []).append(kind)
    assert all(kinds[:2] == ["clock.warning", "clock.breach"] for kinds in order.values())


async def test_h18_runner_killed_between_claim_and_event_loses_nothing(
    clocks: Clocks, place: Place, database: Database, tmp_path: Path
) -> None:
    await signed_at(clocks, place)
    orders = tmp_path / "crashpoints"
    orders.write_text(ordered("SIGKILL", "clock_step_claimed", 2))
    killed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", RUN_UNTIL_KILLED, database.url],
        env={**os.environ, VARIABLE: str(orders)},
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    # The first step was done; of the second nothing is left, neither the claim nor the message.
    async with database.read() as session:
        assert [step.step for step in (await session.exec(select(ClockStep))).all()] == [0]
    assert [kind for kind, _ in await clocks.told()] == ["clock.warning"]
    while await clocks.service.runner.fire(utc_now()):
        pass
    assert [kind for kind, _ in await clocks.told()] == [
        "clock.warning",
        "clock.breach",
        "clock.escalation",
        "clock.escalation",
    ]


async def test_h18_claimed_step_has_no_second_event(clocks: Clocks, place: Place, database: Database) -> None:
    ticket_id = await signed_at(clocks, place)
    now = local("2026-03-03 09:00")
    await clocks.service.runner.fire(now)
    async with database.write() as session:
        is_resolve = col(TicketClock.clock) == ClockKind.RESOLVE
        where = (col(TicketClock.ticket_id) == ticket_id, is_resolve)
        await session.exec(update(TicketClock).where(*where).values(next_step=0, next_at=now))
    await clocks.service.runner.fire(now)
    assert [kind for kind, _ in await clocks.told()] == ["clock.warning"]
    assert (await clocks.of(ticket_id))[ClockKind.RESOLVE].next_step == 1


async def test_h18_reply_at_the_last_moment_is_never_late(clocks: Clocks, place: Place) -> None:
    for number in range(6):
        ticket_id = await signed_at(clocks, place, number)
        with time_machine.travel(local("2026-03-03 10:59"), tick=False):
            await asyncio.gather(
                clocks.service.runner.fire(local("2026-03-03 10:59")),
                clocks.tickets.reply(ticket_id, "已修", place.worker(place.east)),
            )
        assert await clocks.service.runner.fire(local("2026-03-10 09:00")) == 0
    assert {kind for kind, _ in await clocks.told()} <= {"clock.warning"}


async def test_runner_sleeps_until_the_next_step_without_statements(
    clocks: Clocks, place: Place, database: Database
) -> None:
    ticket_id = await signed_at(clocks, place)
    far = utc_now() + timedelta(hours=1)
    async with database.write() as session:
        where = col(TicketClock.ticket_id) == ticket_id
        await session.exec(update(TicketClock).where(where).values(next_at=far, due_at=far))
        await session.exec(update(TicketClock).where(where, col(TicketClock.clock) == "respond").values(next_at=None))
    asked: list[str] = []
    async with running(clocks.service.runner):
        async with asyncio.timeout(10):
            while clocks.service.runner._until > far + timedelta(days=1):
                await asyncio.sleep(0.01)
        event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        await asyncio.sleep(0.4)
        assert asked == []
        soon = utc_now() + timedelta(seconds=0.3)
        async with database.write() as session:
            await session.exec(
                update(TicketClock).where(where, col(TicketClock.clock) == "resolve").values(next_at=soon)
            )
        # Later than it wakes anyhow: nothing to do about it.
        asked.clear()
        clocks.service.runner.expect(far + timedelta(hours=9))
        await asyncio.sleep(0.1)
        assert asked == []
        clocks.service.runner.expect(soon)
        await until_told(clocks, 1)
        assert utc_now() >= soon


async def test_runner_expects_a_deadline_only_after_its_commit(
    clocks: Clocks, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected: list[object] = []
    monkeypatch.setattr(clocks.service.deadlines, "_on_due", expected.append)
    with time_machine.travel(MONDAY, tick=False):
        await clocks.tickets.file(place.fault(), AGENT)
        assert expected == [MONDAY + minutes(48)]

        def fails(*_: object, **__: object) -> None:
            raise RuntimeError("the outbox is full")

        monkeypatch.setattr("crm.tickets.state_change.enqueue", fails)
        with pytest.raises(RuntimeError):
            await clocks.tickets.file(place.fault(address=""), AGENT)
    assert len(expected) == 1


async def test_h18_open_tickets_change_over_to_a_policy_that_reaches_them(clocks: Clocks, place: Place) -> None:
    ticket_id = await signed_at(clocks, place)
    shorter = POLICY | {"rules": [{"respond_minutes": 60, "resolve_minutes": 300}]}
    with time_machine.travel(MONDAY, tick=False):
        await clocks.enter(shorter, effective_from=local("2026-03-02 11:00"), reaches_open=True)
    runner = clocks.service.runner
    assert await runner.change_over(local("2026-03-02 10:59")) == 0
    assert await clocks.due(ticket_id) == local("2026-03-03 11:00")
    # Two of five hours are used.
    assert await runner.change_over(local("2026-03-02 11:00")) == 1
    assert await runner.change_over(local("2026-03-02 11:00")) == 0
    assert await clocks.due(ticket_id) == local("2026-03-02 15:30")
    clock = (await clocks.of(ticket_id))[ClockKind.RESOLVE]
    assert (clock.policy_version, clock.edition) == (2, 2)


async def test_h18_open_tickets_stay_under_their_policy_by_default(clocks: Clocks, place: Place) -> None:
    before = await signed_at(clocks, place, 1)
    with time_machine.travel(MONDAY, tick=False):
        await clocks.enter(POLICY | {"rules": [{"respond_minutes": 60, "resolve_minutes": 300}]})
    after = await signed_at(clocks, place, 2)
    assert await clocks.service.runner.change_over(MONDAY + minutes(1)) == 0
    assert await clocks.due(before) == local("2026-03-03 11:00")
    assert await clocks.due(after) == local("2026-03-02 15:30")
    # Handed over, it stays under the policy it was filed under.
    with time_machine.travel(MONDAY + minutes(10), tick=False):
        await clocks.tickets.dispatch(before, place.west, AGENT)
    assert await clocks.due(before) == local("2026-03-03 11:00")


async def test_clock_that_cannot_be_handled_stops_no_other_and_is_tried_again_later(
    clocks: Clocks, place: Place
) -> None:
    bad, good = [await signed_at(clocks, place, number) for number in (1, 2)]
    async with clocks.database.write() as session:
        damaged = await session.get_one(TicketClock, (bad, ClockKind.RESOLVE, 1))
        step, damaged.next_step = damaged.next_step, 99
    runner, due = clocks.service.runner, local("2026-03-03 09:00")

    assert await runner.fire(due) == 2
    assert [(kind, payload["ticket_id"]) for kind, payload in await clocks.told()] == [("clock.warning", good)]
    left = (await clocks.of(bad))[ClockKind.RESOLVE]
    assert (left.next_step, left.next_at) == (99, due + RETRY_AFTER)
    assert await runner.fire(due) == 0

    async with clocks.database.write() as session:
        (await session.get_one(TicketClock, (bad, ClockKind.RESOLVE, 1))).next_step = step
    assert await runner.fire(due + RETRY_AFTER) == 1
    assert (await clocks.told())[-1][1]["ticket_id"] == bad


async def test_ticket_that_cannot_change_over_to_a_policy_stops_no_other(
    clocks: Clocks, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = [await signed_at(clocks, place, number) for number in (1, 2)]
    shorter = POLICY | {"rules": [{"respond_minutes": 60, "resolve_minutes": 300}]}
    with time_machine.travel(MONDAY, tick=False):
        await clocks.enter(shorter, effective_from=local("2026-03-02 11:00"), reaches_open=True)
    real = clock_moves.change_over

    def fails_for_one(clock: TicketClock, **given: Any) -> None:
        real(clock, **given)
        if clock.ticket_id == bad:
            raise ValueError("a calendar that never opens")

    monkeypatch.setattr("crm.sla.clock_moves.change_over", fails_for_one)
    runner, now = clocks.service.runner, local("2026-03-02 11:00")
    async with asyncio.timeout(10):
        while await runner.change_over(now):
            pass

    # Five hours instead of ten for the one; nothing half-done for the other.
    assert await clocks.due(good) == local("2026-03-02 15:30")
    assert await clocks.due(bad) == local("2026-03-03 11:00")
    left = (await clocks.of(bad))[ClockKind.RESOLVE]
    assert (left.policy_version, left.allowed_s) == (1, 36000)
