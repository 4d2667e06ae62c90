"""Deadlines through a ticket's life: start, stop, pause, move, restart (H18)."""

from collections.abc import Iterator

import pytest
import time_machine
from sqlalchemy import event

from crm.customers.protection.service import ProtectionService
from crm.departments.model import DepartmentChange, DepartmentInput
from crm.departments.service import DepartmentService
from crm.sla.hours import OpenSpan, WorkingHours
from crm.sla.policy import ClockKind
from crm.sla.service import SlaService
from crm.tickets.errors import ExtensionRefused, TooLate
from crm.tickets.inputs import AppendToTicket, Reporter
from crm.tickets.merges.model import MergeTicket
from crm.tickets.model import Actor
from crm.tickets.service import TicketService
from crm.tickets.transitions import TicketAction
from crm.tickets.views import TicketView
from foundation.database import Database
from tests.unit.crm.conftest import AGENT, NOT_OURS, SUPERVISOR, Place
from tests.unit.crm.customers import people
from tests.unit.crm.customers.test_protection import hospital
from tests.unit.crm.sla.clock_kit import ADMINISTRATOR, MONDAY, Clocks, local, minutes, node

RESPOND, RESOLVE = ClockKind.RESPOND, ClockKind.RESOLVE
ADDITION = AppendToTicket(text="还是不热")


@pytest.fixture
def now() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as moved:
        yield moved


@pytest.fixture
async def clocks(database: Database, now: time_machine.Traveller) -> Clocks:
    made = node(database)
    await made.enter()
    return made


async def signed(clocks: Clocks, place: Place) -> tuple[TicketView, Actor]:
    worker = place.worker(place.east)
    ticket = await clocks.tickets.file(place.fault(), AGENT)
    await clocks.tickets.dispatch(ticket.id, place.east, AGENT)
    await clocks.tickets.sign(ticket.id, worker)
    return ticket, worker


async def test_h18_clocks_start_at_registration_not_at_signing(
    clocks: Clocks, place: Place, now: time_machine.Traveller
) -> None:
    ticket = await clocks.tickets.file(place.fault(), AGENT)
    found = await clocks.of(ticket.id)
    assert found[RESPOND].started_at == found[RESOLVE].started_at == MONDAY
    assert found[RESPOND].due_at == local("2026-03-02 10:00")
    # Ten hours of work: eight on Monday from nine on make seven and a half, and two and a half on Tuesday.
    assert found[RESOLVE].due_at == local("2026-03-03 11:00")

    now.shift(minutes(20))
    await clocks.tickets.dispatch(ticket.id, place.east, AGENT)
    assert (await clocks.of(ticket.id))[RESPOND].due_at == local("2026-03-02 10:00")
    now.shift(minutes(20))
    await clocks.tickets.sign(ticket.id, place.worker(place.east))
    found = await clocks.of(ticket.id)
    assert (found[RESPOND].stopped_at, found[RESPOND].next_at) == (MONDAY + minutes(40), None)
    assert (found[RESOLVE].stopped_at, found[RESOLVE].department_id) == (None, place.east)
    now.shift(minutes(20))
    await clocks.tickets.reply(ticket.id, "换了阀门", place.worker(place.east))
    assert (await clocks.of(ticket.id))[RESOLVE].stopped_at == MONDAY + minutes(60)


async def test_h18_ticket_answered_or_cancelled_at_the_desk_has_no_deadline(clocks: Clocks, place: Place) -> None:
    answered = await clocks.tickets.file(place.fault(), AGENT)
    await clocks.tickets.answer(answered.id, "已当场解答", AGENT)
    cancelled = await clocks.tickets.file(place.fault(address=""), AGENT)
    await clocks.tickets.cancel(cancelled.id, "重复登记", SUPERVISOR)
    for ticket in (answered, cancelled):
        found = await clocks.of(ticket.id)
        assert all(clock.stopped_at == MONDAY and clock.next_at is None for clock in found.values())


async def test_h18_parked_ticket_pauses_only_its_resolve_clock(
    clocks: Clocks, place: Place, now: time_machine.Traveller
) -> None:
    unsigned = await clocks.tickets.file(place.fault(address=""), AGENT)
    ticket, worker = await signed(clocks, place)
    now.shift(minutes(30))
    await clocks.tickets.park(unsigned.id, "等用户回家", AGENT)
    await clocks.tickets.park(ticket.id, "等用户回家", worker)
    found = await clocks.of(ticket.id)
    assert (found[RESOLVE].remaining_s, found[RESOLVE].next_at) == (570 * 60, None)
    waiting = await clocks.of(unsigned.id)
    assert waiting[RESPOND].paused_at is None
    assert waiting[RESPOND].next_at is not None
    assert waiting[RESPOND].due_at == local("2026-03-02 10:00")

    # A weekend and a week go by.
    now.move_to(local("2026-03-09 09:30"))
    await clocks.tickets.unpark(ticket.id, worker)
    found = await clocks.of(ticket.id)
    assert found[RESOLVE].paused_at is None
    # Seven hours are left of Monday, and two and a half are for Tuesday.
    assert found[RESOLVE].due_at == local("2026-03-10 11:00")


async def test_h18_late_ticket_stays_as_late_when_it_is_parked(
    clocks: Clocks, place: Place, now: time_machine.Traveller
) -> None:
    ticket, worker = await signed(clocks, place)
    now.move_to(local("2026-03-03 11:30"))
    while await clocks.service.runner.fire(local("2026-03-03 11:30")):
        pass
    await clocks.tickets.park(ticket.id, "等用户回家", worker)
    now.move_to(local("2026-03-09 09:00"))
    await clocks.tickets.unpark(ticket.id, worker)
    clock = (await clocks.of(ticket.id))[RESOLVE]
    assert clock.due_at == local("2026-03-03 11:00")
    # The ladder's first step, an hour after the breach, has half an hour to go.
    assert clock.next_at == local("2026-03-09 09:30")


async def test_h18_redo_has_at_least_a_share_of_the_time(
    clocks: Clocks, place: Place, now: time_machine.Traveller
) -> None:
    ticket, worker = await signed(clocks, place)
    # Replied at the last minute: nothing is left.
    now.move_to(local("2026-03-03 10:59"))
    await clocks.tickets.reply(ticket.id, "已修", worker)
    now.move_to(local("2026-03-05 08:30"))
    await clocks.tickets.redo(ticket.id, "仍不热", None, SUPERVISOR)
    found = await clocks.of(ticket.id)
    assert [found[kind].round for kind in (RESPOND, RESOLVE)] == [2, 2]
    assert found[RESOLVE].due_at == local("2026-03-05 15:00")
    # It was signed at once, so nothing of that time was used.
    assert found[RESPOND].due_at == local("2026-03-05 09:30")
    _, views = await clocks.service.of_ticket(ticket.id)
    assert [(view.clock, view.round, view.is_late) for view in views] == [
        (RESOLVE, 1, False),
        (RESPOND, 1, False),
        (RESOLVE, 2, False),
        (RESPOND, 2, False),
    ]
    # Once more, with most of the time left: that is kept.
    await clocks.tickets.sign(ticket.id, worker)
    await clocks.tickets.reply(ticket.id, "再修", worker)
    await clocks.tickets.redo(ticket.id, "仍不热", None, SUPERVISOR)
    assert await clocks.due(ticket.id) == local("2026-03-05 15:00")


async def test_h4_addition_is_signed_again_and_the_deadline_stays(
    clocks: Clocks, place: Place, now: time_machine.Traveller
) -> None:
    ticket, worker = await signed(clocks, place)
    now.shift(minutes(120))
    await clocks.tickets.append(ticket.id, ADDITION, AGENT)
    found = await clocks.of(ticket.id)
    assert (found[RESPOND].round, found[RESPOND].due_at) == (2, local("2026-03-02 12:00"))
    assert (found[RESOLVE].round, found[RESOLVE].due_at) == (1, local("2026-03-03 11:00"))

    await clocks.tickets.sign(ticket.id, worker)
    await clocks.tickets.park(ticket.id, "等用户", worker)
    assert (await clocks.of(ticket.id))[RESOLVE].paused_at is not None
    await clocks.tickets.append(ticket.id, ADDITION, AGENT)
    assert (await clocks.of(ticket.id))[RESOLVE].paused_at is None


async def test_h4_addition_after_a_reply_has_time_again(
    clocks: Clocks, place: Place, now: time_machine.Traveller
) -> None:
    ticket, worker = await signed(clocks, place)
    now.move_to(local("2026-03-03 10:59"))
    await clocks.tickets.reply(ticket.id, "已修", worker)
    now.move_to(local("2026-03-05 08:30"))
    await clocks.tickets.append(ticket.id, ADDITION, AGENT)
    found = await clocks.of(ticket.id)
    assert [found[kind].round for kind in (RESPOND, RESOLVE)] == [2, 2]
    assert found[RESOLVE].due_at == local("2026-03-05 15:00")


async def test_h18_department_signs_a_handed_over_ticket_and_the_deadline_stays(
    clocks: Clocks, place: Place, now: time_machine.Traveller
) -> None:
    ticket, _ = await signed(clocks, place)
    now.shift(minutes(120))
    await clocks.tickets.dispatch(ticket.id, place.west, AGENT)
    found = await clocks.of(ticket.id)
    assert (found[RESPOND].round, found[RESPOND].due_at) == (2, local("2026-03-02 12:00"))
    assert (found[RESOLVE].round, found[RESOLVE].due_at) == (1, local("2026-03-03 11:00"))
    assert found[RESOLVE].department_id == place.west


async def test_h6_refusal_does_not_stop_the_clock(clocks: Clocks, place: Place, now: time_machine.Traveller) -> None:
    ticket = await clocks.tickets.file(place.fault(), AGENT)
    await clocks.tickets.dispatch(ticket.id, place.east, AGENT)
    await clocks.tickets.refusals.refuse(ticket.id, NOT_OURS, place.worker(place.east))
    now.shift(minutes(30))
    await clocks.tickets.refusals.uphold(ticket.id, place.west, "确属城西", SUPERVISOR)
    found = await clocks.of(ticket.id)
    assert found[RESPOND].stopped_at is None
    assert found[RESPOND].due_at == local("2026-03-02 10:00")
    assert found[RESPOND].department_id == place.west


async def test_h18_time_left_counts_in_the_new_departments_hours(
    clocks: Clocks, place: Place, now: time_machine.Traveller
) -> None:
    nights = WorkingHours(workday=[OpenSpan(opens="20:00", closes="24:00")], day_off=[])
    await clocks.service.enter_hours(place.east, nights, ADMINISTRATOR)
    ticket = await clocks.tickets.file(place.fault(), AGENT)
    now.shift(minutes(60))
    await clocks.tickets.dispatch(ticket.id, place.east, AGENT)
    # Nine hours are left, four a night.
    assert await clocks.due(ticket.id) == local("2026-03-04 21:00")
    await clocks.service.enter_hours(place.east, None, ADMINISTRATOR)
    assert await clocks.due(ticket.id) == local("2026-03-04 21:00")


async def test_h18_deadline_of_a_more_urgent_ticket_is_sooner_but_never_now(
    clocks: Clocks, place: Place, now: time_machine.Traveller
) -> None:
    ticket = await clocks.tickets.file(place.fault(), AGENT)
    now.shift(minutes(90))
    late = (await clocks.of(ticket.id))[RESPOND].due_at
    await clocks.tickets.file(place.fault("+8613800000002", urgency="critical"), AGENT)
    found = await clocks.of(ticket.id)
    # An hour was allowed and is used: half of it is given.
    assert found[RESOLVE].due_at == local("2026-03-02 11:00")
    assert (found[RESOLVE].round_the_clock, found[RESOLVE].edition) == (True, 2)
    # What was late stays late.
    assert found[RESPOND].due_at == late


async def test_h18_extension_moves_the_deadline_only_later(
    clocks: Clocks, place: Place, now: time_machine.Traveller
) -> None:
    ticket, worker = await signed(clocks, place)
    extensions = clocks.tickets.extensions
    with pytest.raises(ExtensionRefused):
        await extensions.ask(ticket.id, local("2026-03-03 10:00"), "缺配件", worker)
    # A Sunday has no business time, and is the deadline all the same.
    until = local("2026-03-08 12:00")
    await extensions.ask(ticket.id, until, "缺配件", worker)
    await extensions.grant(ticket.id, "属实", SUPERVISOR)
    clock = (await clocks.of(ticket.id))[RESOLVE]
    assert (clock.due_at, clock.edition) == (until, 2)
    now.move_to(local("2026-03-07 12:00"))
    assert await clocks.service.runner.fire(local("2026-03-07 12:00")) == 1
    assert (await clocks.of(ticket.id))[RESOLVE].next_at == until
    now.move_to(local("2026-03-08 12:01"))
    with pytest.raises(TooLate):
        await extensions.ask(ticket.id, local("2026-03-20 12:00"), "缺配件", worker)


async def test_h25_ticket_of_a_protected_customer_is_due_sooner(
    clocks: Clocks, place: Place, database: Database
) -> None:
    await ProtectionService(database).create(hospital(place.wang.id), people.SUPERVISOR)
    theirs = await clocks.tickets.file(place.fault(reporter={"customer_id": place.wang.id}), AGENT)
    others = await clocks.tickets.file(place.fault(address="", reporter={"customer_id": place.li.id}), AGENT)
    assert (theirs.urgency, others.urgency) == ("critical", "normal")
    assert await clocks.due(theirs.id) == MONDAY + minutes(60)

    # A protected customer joins: the urgency is raised, and the deadline moves.
    joining = AppendToTicket(text="我家也不热", reporter=Reporter(customer_id=place.wang.id))
    await clocks.tickets.append(others.id, joining, AGENT)
    assert await clocks.due(others.id) == MONDAY + minutes(60)


async def test_h18_deadlines_and_ticket_change_in_one_transaction(
    clocks: Clocks, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = await clocks.tickets.file(place.fault(), AGENT)
    await clocks.tickets.dispatch(ticket.id, place.east, AGENT)

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("the outbox is full")

    monkeypatch.setattr("crm.tickets.state_change.enqueue", fails)
    with pytest.raises(RuntimeError):
        await clocks.tickets.sign(ticket.id, place.worker(place.east))
    assert (await clocks.of(ticket.id))[RESPOND].stopped_at is None


async def test_h18_transition_costs_at_most_two_more_statements(
    clocks: Clocks, place: Place, database: Database
) -> None:
    plain = Clocks(database, TicketService(database), SlaService(database))
    worker = place.worker(place.east)
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))

    async def counted(made: Clocks, address: str) -> dict[str, int]:
        """Count the statements of each transition, with filled caches."""
        found: dict[str, int] = {}
        for place_number in (1, 2):
            ticket = await made.tickets.file(place.fault(address=f"{address}{place_number}号"), AGENT)
            for action, step in (
                (TicketAction.URGE, made.tickets.urge(ticket.id, AGENT, "agent")),
                (TicketAction.DISPATCH, made.tickets.dispatch(ticket.id, place.east, AGENT)),
                (TicketAction.SIGN, made.tickets.sign(ticket.id, worker)),
                (TicketAction.PARK, made.tickets.park(ticket.id, "等用户", worker)),
                (TicketAction.UNPARK, made.tickets.unpark(ticket.id, worker)),
                (TicketAction.REPLY, made.tickets.reply(ticket.id, "已修", worker)),
                (TicketAction.REDO, made.tickets.redo(ticket.id, "不热", None, SUPERVISOR)),
            ):
                before = len(asked)
                await step
                found[action] = len(asked) - before
        return found

    without, with_clocks = await counted(plain, "甲路"), await counted(clocks, "乙路")
    more = {action: with_clocks[action] - without[action] for action in without}
    assert more[TicketAction.URGE] == 0
    assert more[TicketAction.SIGN] == more[TicketAction.REPLY] == 1
    assert max(more.values()) <= 2


async def test_h18_unmerged_ticket_has_its_deadlines_back_and_is_not_late_at_once(
    clocks: Clocks, place: Place, now: time_machine.Traveller
) -> None:
    first = await clocks.tickets.file(place.fault(), AGENT)
    second = await clocks.tickets.file(place.fault(address=""), AGENT)
    before = await clocks.of(second.id)
    await clocks.tickets.merges.merge(second.id, MergeTicket(into=first.id), AGENT)
    assert all(clock.stopped_at == MONDAY and clock.next_at is None for clock in (await clocks.of(second.id)).values())
    now.shift(minutes(10))
    await clocks.tickets.merges.unmerge(second.id, AGENT)
    assert {kind: (clock.due_at, clock.next_at) for kind, clock in (await clocks.of(second.id)).items()} == {
        kind: (clock.due_at, clock.next_at) for kind, clock in before.items()
    }

    await clocks.tickets.merges.merge(second.id, MergeTicket(into=first.id), AGENT)
    now.move_to(local("2026-03-05 08:30"))
    await clocks.tickets.merges.unmerge(second.id, AGENT)
    found = await clocks.of(second.id)
    assert found[RESPOND].due_at == local("2026-03-05 09:00")
    assert found[RESOLVE].due_at == local("2026-03-05 15:00")
    assert found[RESOLVE].round == 1


async def test_h4_sooner_deadline_of_merged_tickets_counts_until_they_are_unmerged(
    clocks: Clocks, place: Place, now: time_machine.Traveller
) -> None:
    burst = await clocks.tickets.file(place.fault(), AGENT)
    now.shift(minutes(120))
    head, other = [await clocks.tickets.file(place.fault(address=""), AGENT) for _ in range(2)]
    own = await clocks.due(head.id)
    sooner = await clocks.due(burst.id)
    assert sooner < own

    await clocks.tickets.merges.merge(burst.id, MergeTicket(into=head.id), AGENT)
    assert await clocks.due(head.id) == sooner
    await clocks.tickets.merges.merge(other.id, MergeTicket(into=head.id), AGENT)
    assert await clocks.due(head.id) == sooner

    await clocks.tickets.merges.unmerge(burst.id, AGENT)
    assert await clocks.due(head.id) == own
    assert await clocks.due(burst.id) == sooner
    await clocks.tickets.merges.unmerge(other.id, AGENT)
    assert await clocks.due(head.id) == own


async def test_h18_head_of_an_undone_merge_has_its_time_back_with_its_pauses(
    clocks: Clocks, place: Place, now: time_machine.Traveller
) -> None:
    worker = place.worker(place.east)
    ticket, _ = await signed(clocks, place)
    critical = await clocks.tickets.file(place.fault(address="", urgency="critical"), AGENT)
    await clocks.tickets.merges.merge(critical.id, MergeTicket(into=ticket.id), AGENT)
    assert await clocks.due(ticket.id) == MONDAY + minutes(60)

    await clocks.tickets.park(ticket.id, "等用户", worker)
    now.shift(minutes(90))
    await clocks.tickets.unpark(ticket.id, worker)
    assert await clocks.due(ticket.id) == MONDAY + minutes(150)
    await clocks.tickets.merges.unmerge(critical.id, AGENT)

    found = (await clocks.of(ticket.id))[RESOLVE]
    # Ten hours of work from Monday at nine, and the ninety minutes of it that it waited.
    assert (found.due_at, found.allowed_s, found.round_the_clock) == (local("2026-03-03 14:00"), 36000, False)


async def test_h18_extension_of_a_head_outlasts_an_undone_merge(
    clocks: Clocks, place: Place, now: time_machine.Traveller
) -> None:
    worker = place.worker(place.east)
    ticket, _ = await signed(clocks, place)
    urgent = await clocks.tickets.file(place.fault(address="", urgency="urgent"), AGENT)
    own = await clocks.due(ticket.id)
    for until, stays in ((local("2026-03-02 13:00"), own), (local("2026-03-04 10:00"), local("2026-03-04 10:00"))):
        await clocks.tickets.merges.merge(urgent.id, MergeTicket(into=ticket.id), AGENT)
        await clocks.tickets.extensions.ask(ticket.id, until, "等配件", worker)
        await clocks.tickets.extensions.grant(ticket.id, "同意", SUPERVISOR)
        assert await clocks.due(ticket.id) == until
        await clocks.tickets.merges.unmerge(urgent.id, AGENT)
        assert await clocks.due(ticket.id) == stays


async def test_h16_ticket_passed_up_has_the_same_deadline_and_is_signed_again(
    clocks: Clocks, place: Place, now: time_machine.Traveller
) -> None:
    ticket, worker = await signed(clocks, place)
    above = await DepartmentService(clocks.database).create(DepartmentInput(name="市公司"))
    await DepartmentService(clocks.database).update(place.east, DepartmentChange(parent_id=above.id))
    now.shift(minutes(60))
    await clocks.tickets.tiers.pass_up(ticket.id, "需市级协调", worker)
    found = await clocks.of(ticket.id)
    assert (found[RESPOND].round, found[RESPOND].department_id) == (2, above.id)
    assert found[RESOLVE].due_at == local("2026-03-03 11:00")


async def test_h4_addition_resumes_a_parked_ticket_which_is_signed_again(
    clocks: Clocks, place: Place, now: time_machine.Traveller
) -> None:
    ticket, worker = await signed(clocks, place)
    await clocks.tickets.park(ticket.id, "等用户回家", worker)
    now.move_to(local("2026-03-09 09:00"))
    await clocks.tickets.append(ticket.id, AppendToTicket(text="今天在家"), AGENT)
    found = await clocks.of(ticket.id)
    assert (found[RESPOND].round, found[RESPOND].due_at) == (2, local("2026-03-09 10:00"))
    assert (found[RESOLVE].paused_at, found[RESOLVE].due_at) == (None, local("2026-03-10 11:00"))
