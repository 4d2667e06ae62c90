"""Merges: nothing is lost, undoing restores exactly, races have one winner (S39)."""

import asyncio
import re
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from crm.outbox.model import OutboxEntry
from crm.sla import store as clocks_store
from crm.sla.policy import ClockKind
from crm.tickets import store
from crm.tickets.errors import (
    ChangedMeanwhile,
    NotAllowedNow,
    NotMerged,
    SameMatterAlready,
    StandsForOthers,
    TicketNotFound,
)
from crm.tickets.inputs import AppendToTicket, Reporter
from crm.tickets.merges.model import MergeTicket
from crm.tickets.model import Ticket
from crm.tickets.service import TicketService
from crm.tickets.similar import SimilarQuery
from crm.tickets.views import TicketView
from foundation.database import Database
from foundation.problems import Conflict, Forbidden, Problem
from tests.unit.crm.conftest import AGENT, CALLER, SUPERVISOR, Place
from tests.unit.crm.sla.clock_kit import MONDAY, node

FIRST, SECOND = "+8613800000001", "+8613800000002"
RECORDING = "rec-" + "0" * 25


async def filed(tickets: TicketService, place: Place, number: str, house: int, **changes: object) -> TicketView:
    return await tickets.file(place.fault(number, address=f"幸福路{house}号", **changes), AGENT)


async def merge(tickets: TicketService, ticket: TicketView, into: TicketView) -> TicketView:
    return await tickets.merges.merge(ticket.id, MergeTicket(into=into.id), AGENT)


async def numbers(tickets: TicketService, ticket: TicketView) -> set[str | None]:
    return {reporter.number for reporter in (await tickets.get(ticket.id)).reporters}


async def told(database: Database, action: str) -> list[dict[str, Any]]:
    async with database.read() as session:
        entries = await session.exec(select(OutboxEntry).where(OutboxEntry.kind == f"ticket.{action}"))
        return [entry.payload for entry in entries]


async def test_merge_gives_one_reply_to_all_and_loses_nothing(
    tickets: TicketService, place: Place, database: Database
) -> None:
    one, other = await filed(tickets, place, FIRST, 1, urgency="urgent"), await filed(tickets, place, SECOND, 2)
    await tickets.attach(one.id, f"{RECORDING}1", "来电")
    await tickets.attach(other.id, f"{RECORDING}2", "来电")
    before = await tickets.get(one.id)

    head = await merge(tickets, one, other)

    assert (head.id, head.urgency) == (other.id, "urgent")
    kept = await tickets.get(one.id)
    assert kept.status == "merged"
    assert (kept.reporters, kept.attachments) == (before.reporters, before.attachments)
    assert [entry.action for entry in kept.log][-1] == "merge"
    assert kept.log[-1].detail == {"into": other.id, "into_number": other.number}
    assert (await tickets.get(other.id)).log[-1].detail == {
        "merged": one.id,
        "merged_number": one.number,
        "from_urgency": "normal",
        "to_urgency": "urgent",
    }
    assert await numbers(tickets, other) == {FIRST, SECOND}
    assert {found.recording_id for found in (await tickets.get(other.id)).attachments} == {
        f"{RECORDING}1",
        f"{RECORDING}2",
    }

    await tickets.dispatch(other.id, place.east, AGENT)
    await tickets.sign(other.id, place.worker(place.east))
    await tickets.reply(other.id, "已更换阀门", place.worker(place.east))
    await tickets.archive(other.id, "用户确认已解决", AGENT)

    for action in ("reply", "archive"):
        (payload,) = await told(database, action)
        assert {reporter["number"] for reporter in payload["reporters"]} == {FIRST, SECOND}


async def test_merged_ticket_allows_no_work(tickets: TicketService, place: Place) -> None:
    one, other = await filed(tickets, place, FIRST, 1), await filed(tickets, place, SECOND, 2)
    await merge(tickets, one, other)

    instead = re.escape(f"ticket {other.number} ({other.id}) stands for it")
    with pytest.raises(NotAllowedNow, match=instead):
        await tickets.dispatch(one.id, place.east, AGENT)
    with pytest.raises(NotAllowedNow, match=instead):
        await tickets.append(one.id, AppendToTicket(text="还是不热"), AGENT)
    similar = await tickets.similar(SimilarQuery(number=FIRST))
    assert [found.ticket.id for found in similar] == [other.id]


async def test_s7_conflict_hides_the_head_of_another_department(tickets: TicketService, place: Place) -> None:
    one, other = await filed(tickets, place, FIRST, 1), await filed(tickets, place, SECOND, 2)
    await tickets.dispatch(one.id, place.east, AGENT)
    await tickets.dispatch(other.id, place.west, AGENT)
    await merge(tickets, one, other)

    with pytest.raises(NotAllowedNow) as refused:
        await tickets.sign(one.id, place.worker(place.east))
    assert other.number not in str(refused.value)
    await tickets.dispatch(other.id, place.east, AGENT)
    with pytest.raises(NotAllowedNow, match=other.number):
        await tickets.sign(one.id, place.worker(place.east))


async def test_h4_a_report_of_a_merged_matter_goes_to_what_stands_for_it(tickets: TicketService, place: Place) -> None:
    one, other = await filed(tickets, place, FIRST, 1), await filed(tickets, place, SECOND, 2)
    await merge(tickets, one, other)

    again = await filed(tickets, place, "+8613800000003", 1)

    assert again.id == other.id
    assert again.urge_count == 1
    await tickets.merges.unmerge(one.id, AGENT)
    assert (await filed(tickets, place, "+8613800000004", 1)).id == one.id


async def test_a_merged_matter_whose_ticket_was_closed_is_a_new_one(tickets: TicketService, place: Place) -> None:
    one, other = await filed(tickets, place, FIRST, 1), await filed(tickets, place, SECOND, 2)
    await merge(tickets, one, other)
    await tickets.answer(other.id, "当场答复", AGENT)

    closed = await tickets.get(other.id)

    anew = await filed(tickets, place, FIRST, 1)
    restored = await tickets.merges.unmerge(one.id, AGENT)

    assert anew.id not in {one.id, other.id}
    assert restored.status == "registered"
    assert ((await tickets.get(other.id)).status, (await tickets.get(other.id)).closed_at) == (
        "archived",
        closed.closed_at,
    )
    # The matter's key belongs to the newer ticket by now.
    assert (await filed(tickets, place, SECOND, 1)).id == anew.id


async def test_there_are_no_chains(tickets: TicketService, place: Place) -> None:
    first, second, third = [await filed(tickets, place, FIRST, house) for house in (1, 2, 3)]
    await merge(tickets, first, second)

    assert (await merge(tickets, third, first)).id == second.id
    assert [found.id for found in (await tickets.merges.of(second.id)).merged] == [first.id, third.id]
    with pytest.raises(SameMatterAlready):
        await merge(tickets, second, first)
    with pytest.raises(SameMatterAlready):
        await merge(tickets, second, second)
    with pytest.raises(NotAllowedNow):
        await merge(tickets, first, second)
    fourth = await filed(tickets, place, FIRST, 4)
    with pytest.raises(StandsForOthers):
        await merge(tickets, second, fourth)
    with pytest.raises(NotMerged):
        await tickets.merges.unmerge(second.id, AGENT)
    with pytest.raises(TicketNotFound):
        await tickets.merges.merge(fourth.id, MergeTicket(into="ticket-none"), AGENT)
    assert (await tickets.get(fourth.id)).version == 1


async def test_role_and_version_decide_about_merges(tickets: TicketService, place: Place) -> None:
    one, other = await filed(tickets, place, FIRST, 1), await filed(tickets, place, SECOND, 2)

    for stranger in (place.worker(place.east), CALLER):
        with pytest.raises(Forbidden):
            await tickets.merges.merge(one.id, MergeTicket(into=other.id), stranger)
        with pytest.raises(Forbidden):
            await tickets.merges.unmerge(one.id, stranger)
    with pytest.raises(ChangedMeanwhile):
        await tickets.merges.merge(one.id, MergeTicket(into=other.id, version=7), AGENT)
    assert [(await tickets.get(ticket.id)).version for ticket in (one, other)] == [1, 1]


async def test_facts_shared_by_merged_tickets_stay_with_the_other(tickets: TicketService, place: Place) -> None:
    head = await filed(tickets, place, FIRST, 1)
    one, other = await filed(tickets, place, SECOND, 2), await filed(tickets, place, SECOND, 3, urgency="critical")
    await merge(tickets, one, head)
    await merge(tickets, other, head)

    await tickets.merges.unmerge(one.id, AGENT)

    assert await numbers(tickets, head) == {FIRST, SECOND}
    assert (await tickets.get(head.id)).urgency == "critical"
    await tickets.merges.unmerge(other.id, AGENT)
    assert await numbers(tickets, head) == {FIRST}
    assert (await tickets.get(head.id)).urgency == "normal"


async def test_s39_two_opposite_merges_at_once_have_one_winner(tickets: TicketService, place: Place) -> None:
    for house in range(1, 20, 2):
        one, other = await filed(tickets, place, FIRST, house), await filed(tickets, place, SECOND, house + 1)

        outcomes = await asyncio.gather(merge(tickets, one, other), merge(tickets, other, one), return_exceptions=True)

        assert sorted(isinstance(outcome, TicketView) for outcome in outcomes) == [False, True]
        assert any(isinstance(outcome, Conflict) for outcome in outcomes)
        states = {(await tickets.get(ticket.id)).status for ticket in (one, other)}
        assert states == {"registered", "merged"}


async def test_s39_merges_and_reports_at_once_lose_no_reporter(tickets: TicketService, place: Place) -> None:
    several = [await filed(tickets, place, f"+86138000010{house:02d}", house) for house in range(1, 7)]
    pairs = [(one, other) for one in several for other in several if one is not other]

    outcomes = await asyncio.gather(
        *(merge(tickets, one, other) for one, other in pairs),
        *(filed(tickets, place, f"+86138000020{house:02d}", house) for house in range(1, 7)),
        return_exceptions=True,
    )

    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert [failure for failure in failures if not isinstance(failure, Conflict)] == []
    details = [await tickets.get(ticket.id) for ticket in several]
    heads = [detail for detail in details if detail.status == "registered"]
    reached = {reporter.number for head in heads for reporter in head.reporters}
    assert reached == {f"+861380000{kind}0{house:02d}" for kind in (1, 2) for house in range(1, 7)}
    for detail in details:
        assert [entry.version for entry in detail.log] == list(range(1, detail.version + 1))


async def test_a_recording_that_came_by_a_merge_and_is_attached_by_itself_stays(
    tickets: TicketService, place: Place
) -> None:
    head, other = await filed(tickets, place, FIRST, 1), await filed(tickets, place, SECOND, 2)
    await tickets.attach(other.id, f"{RECORDING}1", "来电")
    await merge(tickets, other, head)

    attached = await tickets.attach(head.id, f"{RECORDING}1", "用户再次来电")
    again = await tickets.attach(head.id, f"{RECORDING}1", "用户再次来电")

    assert (await tickets.get(head.id)).log[-1].action == "attach"
    assert again.version == attached.version
    await tickets.merges.unmerge(other.id, AGENT)
    (kept,) = (await tickets.get(head.id)).attachments
    assert (kept.recording_id, kept.note) == (f"{RECORDING}1", "用户再次来电")
    assert [found.note for found in (await tickets.get(other.id)).attachments] == ["来电"]


async def test_h4_merged_reporter_who_adds_to_the_head_stays_its_reporter(tickets: TicketService, place: Place) -> None:
    head, other = await filed(tickets, place, FIRST, 1), await filed(tickets, place, SECOND, 2)
    await merge(tickets, other, head)

    await tickets.append(head.id, AppendToTicket(text="还是不热", reporter=Reporter(number=SECOND)), AGENT)

    assert len((await tickets.get(head.id)).reporters) == 2
    await tickets.merges.unmerge(other.id, AGENT)
    assert await numbers(tickets, head) == {FIRST, SECOND}
    assert await numbers(tickets, other) == {SECOND}


async def state_of(database: Database, ticket_id: str) -> dict[str, Any]:
    """Return a ticket's facts without ids, address, versions and log."""
    alike = {"id", "ticket_id"}
    async with database.read() as session:
        ticket = await session.get_one(Ticket, ticket_id)
        reporters = [found.model_dump(exclude=alike) for found in await store.reporters_of(session, ticket_id)]
        recordings = [found.model_dump(exclude=alike) for found in await store.attachments_of(session, ticket_id)]
        # A signing round begun at a raised urgency has its time: later rounds are left out.
        clocks = [
            clock.model_dump(exclude=alike | {"edition", "next_at"})
            for clock in await clocks_store.of_ticket(session, ticket_id)
            if clock.clock is ClockKind.RESOLVE or clock.round == 1
        ]
    own = {"id", "version", "number", "address", "address_key", "address_tail", "open_matter", "visit_code"}
    return {
        "ticket": ticket.model_dump(exclude=own) | {"has_matter": ticket.open_matter is not None},
        "reporters": sorted(reporters, key=str),
        "recordings": sorted(recordings, key=str),
        "clocks": clocks,
    }


MEANWHILE = ("attach", "append", "park", "unpark")
STEPS = st.lists(
    st.tuples(st.sampled_from(["merge"] * 4 + ["unmerge"] * 2 + [*MEANWHILE]), st.integers(0, 5), st.integers(0, 5)),
    max_size=16,
)


@pytest.mark.slow
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
@example(steps=[("park", 0, 0), ("merge", 2, 0), ("merge", 3, 0)])
async def test_random_merges_and_unmerges_restore_every_ticket(
    place: Place, database: Database, steps: list[tuple[str, int, int]]
) -> None:
    """Each ticket ends as its twin with the same actions, unmerged."""
    tickets = node(database).tickets
    with time_machine.travel(MONDAY, tick=False) as now:
        several, twins = await _different(tickets, place, 1), await _different(tickets, place, 11)
        for step, one, other in steps:
            now.shift(1)
            try:
                if step == "merge":
                    await merge(tickets, several[one], several[other])
                elif step == "unmerge":
                    await tickets.merges.unmerge(several[one].id, AGENT)
                else:
                    await _meanwhile(tickets, step, several[one], other)
                    await _meanwhile(tickets, step, twins[one], other)
            except Problem as refusal:
                assert isinstance(refusal, Conflict)  # noqa: PT017 - most sequences are refused somewhere
        for ticket in several:
            if (await tickets.get(ticket.id)).status == "merged":
                await tickets.merges.unmerge(ticket.id, AGENT)

        for ticket, twin in zip(several, twins, strict=True):
            assert await state_of(database, ticket.id) == await state_of(database, twin.id)
        for ticket in (*several, *twins):
            await tickets.cancel(ticket.id, "试验结束", SUPERVISOR)


async def _meanwhile(tickets: TicketService, step: str, ticket: TicketView, which: int) -> None:
    """Return actions that merges do not affect."""
    if step == "attach":
        await tickets.attach(ticket.id, f"{RECORDING}{which % 3}", "再次来电")
    elif step == "append":
        reporter = Reporter(number=(FIRST, SECOND, "+8613800000003")[which % 3], name="王秀英")
        await tickets.append(ticket.id, AppendToTicket(text="还是不热", reporter=reporter), AGENT)
    elif step == "park":
        await tickets.park(ticket.id, "等用户", AGENT)
    else:
        await tickets.unpark(ticket.id, AGENT)


async def _different(tickets: TicketService, place: Place, house: int) -> list[TicketView]:
    """File six tickets in different states with some shared reporters and recordings."""
    several = [
        await filed(tickets, place, FIRST, house),
        await filed(tickets, place, SECOND, house + 1, urgency="urgent"),
        await filed(tickets, place, FIRST, house + 2, urgency="critical"),
        await filed(tickets, place, "+8613800000003", house + 3),
        await tickets.file(place.fault(SECOND, kind="complaint", address=""), AGENT),
        await filed(tickets, place, SECOND, house + 4),
    ]
    addition = AppendToTicket(text="也不热", reporter=Reporter(customer_id=place.li.id, number=SECOND))
    await tickets.append(several[0].id, addition, AGENT)
    await tickets.attach(several[0].id, f"{RECORDING}1", "来电")
    await tickets.attach(several[1].id, f"{RECORDING}1", "来电")
    await tickets.attach(several[1].id, f"{RECORDING}2", "来电")
    await tickets.park(several[2].id, "等用户提供房号", AGENT)
    await tickets.escalate(several[2].id, "投诉升级", AGENT)
    await tickets.dispatch(several[3].id, place.east, AGENT)
    await tickets.sign(several[3].id, place.worker(place.east))
    await tickets.dispatch(several[5].id, place.west, AGENT)
    return several
