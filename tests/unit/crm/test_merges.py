"""One matter, one ticket: merging keeps everything, unmerging restores exactly, and races have one winner (S39)."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from crm.outbox.model import OutboxEntry
from crm.tickets import store
from crm.tickets.errors import ChangedMeanwhile, NotAllowedNow, TicketNotFound
from crm.tickets.merges.errors import NotMerged, SameMatterAlready, StandsForOthers
from crm.tickets.merges.model import MergeTicket
from crm.tickets.model import AppendToTicket, Reporter, Ticket, TicketView
from crm.tickets.service import TicketService
from crm.tickets.similar import SimilarQuery
from foundation.database import Database
from foundation.problems import Conflict, Forbidden, Problem
from tests.unit.crm.conftest import AGENT, CALLER, SUPERVISOR, Place

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


async def test_one_reply_reaches_everybody_and_the_merged_one_keeps_all_it_had(
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
    assert (await tickets.get(other.id)).log[-1].detail == {"merged": one.id, "merged_number": one.number}
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


async def test_what_was_merged_is_nobodys_work(tickets: TicketService, place: Place) -> None:
    one, other = await filed(tickets, place, FIRST, 1), await filed(tickets, place, SECOND, 2)
    await merge(tickets, one, other)

    with pytest.raises(NotAllowedNow):
        await tickets.dispatch(one.id, place.east, AGENT)
    with pytest.raises(NotAllowedNow):
        await tickets.append(one.id, AppendToTicket(text="还是不热"), AGENT)
    similar = await tickets.similar(SimilarQuery(number=FIRST))
    assert [found.ticket.id for found in similar] == [other.id]


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
    # The matter is the newer one's by now.
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


async def test_who_may_and_at_which_version(tickets: TicketService, place: Place) -> None:
    one, other = await filed(tickets, place, FIRST, 1), await filed(tickets, place, SECOND, 2)

    for stranger in (place.worker(place.east), CALLER):
        with pytest.raises(Forbidden):
            await tickets.merges.merge(one.id, MergeTicket(into=other.id), stranger)
        with pytest.raises(Forbidden):
            await tickets.merges.unmerge(one.id, stranger)
    with pytest.raises(ChangedMeanwhile):
        await tickets.merges.merge(one.id, MergeTicket(into=other.id, version=7), AGENT)
    assert [(await tickets.get(ticket.id)).version for ticket in (one, other)] == [1, 1]


async def test_what_two_merged_tickets_shared_stays_with_the_other(tickets: TicketService, place: Place) -> None:
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


async def test_s39_each_into_the_other_at_once_has_one_winner(tickets: TicketService, place: Place) -> None:
    for house in range(1, 20, 2):
        one, other = await filed(tickets, place, FIRST, house), await filed(tickets, place, SECOND, house + 1)

        outcomes = await asyncio.gather(merge(tickets, one, other), merge(tickets, other, one), return_exceptions=True)

        assert sorted(isinstance(outcome, TicketView) for outcome in outcomes) == [False, True]
        assert any(isinstance(outcome, Conflict) for outcome in outcomes)
        states = {(await tickets.get(ticket.id)).status for ticket in (one, other)}
        assert states == {"registered", "merged"}


async def test_s39_many_merging_and_reporting_at_once_lose_nobody(tickets: TicketService, place: Place) -> None:
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


async def snapshot(database: Database, ticket_ids: list[str]) -> dict[str, Any]:
    """Everything of some tickets but what only ever grows: the version and the log."""
    found = {}
    async with database.read() as session:
        for ticket in (await session.exec(select(Ticket).where(col(Ticket.id).in_(ticket_ids)))).all():
            reporters = await store.reporters_of(session, ticket.id)
            attachments = await store.attachments_of(session, ticket.id)
            found[ticket.id] = (
                ticket.model_dump(exclude={"version"}),
                [reporter.model_dump() for reporter in reporters],
                [attachment.model_dump() for attachment in attachments],
            )
    return found


STEPS = st.lists(
    st.tuples(st.sampled_from(["merge", "merge", "unmerge"]), st.integers(0, 5), st.integers(0, 5)), max_size=12
)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
async def test_whatever_was_merged_and_unmerged_all_is_as_it_was(
    tickets: TicketService, place: Place, database: Database, steps: list[tuple[str, int, int]]
) -> None:
    several = await _different(tickets, place)
    ids = [ticket.id for ticket in several]
    before = await snapshot(database, ids)

    for step, one, other in steps:
        try:
            if step == "merge":
                await merge(tickets, several[one], several[other])
            else:
                await tickets.merges.unmerge(several[one].id, AGENT)
        except Problem as refusal:
            assert isinstance(refusal, Conflict)  # noqa: PT017 - most sequences are refused somewhere
    for ticket in several:
        if (await tickets.get(ticket.id)).status == "merged":
            await tickets.merges.unmerge(ticket.id, AGENT)

    assert await snapshot(database, ids) == before
    for ticket in several:
        await tickets.cancel(ticket.id, "试验结束", SUPERVISOR)


async def _different(tickets: TicketService, place: Place) -> list[TicketView]:
    """Six tickets in different states that share some of their reporters and recordings."""
    several = [
        await filed(tickets, place, FIRST, 1),
        await filed(tickets, place, SECOND, 2, urgency="urgent"),
        await filed(tickets, place, FIRST, 3, urgency="critical"),
        await filed(tickets, place, "+8613800000003", 4),
        await tickets.file(place.fault(SECOND, kind="complaint", address=""), AGENT),
        await filed(tickets, place, SECOND, 5),
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
