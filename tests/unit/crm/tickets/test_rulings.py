"""Refusals, extensions, findings and escalations of tickets."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from pydantic import ValidationError
from sqlalchemy import ColumnElement, Connection, literal
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.tickets.errors import (
    AlreadyContested,
    AlreadyOverruled,
    ExtensionPending,
    ExtensionRefused,
    NoExtension,
    NoFinding,
    NotAComplaint,
    NotAllowedNow,
    SameDepartment,
    TooLate,
    UnknownReference,
)
from crm.tickets.findings.model import JudgeComplaint, Validity
from crm.tickets.listing import ListQuery, NextDue
from crm.tickets.model import Ticket, TicketStatus
from crm.tickets.refusals.model import RefusalReason, Ruling
from crm.tickets.refusals.service import RefuseTicket
from crm.tickets.service import TicketService
from crm.tickets.views import TicketView
from foundation.clock import utc_now
from foundation.database import Database
from foundation.problems import Forbidden
from tests.unit.crm.conftest import AGENT, NOT_OURS, SUPERVISOR, Place

NOON = datetime(2026, 7, 13, 4, 0, tzinfo=UTC)
RECORDING = "rec-" + "0" * 26


class Clocks:
    """A deadline that one can see move."""

    def __init__(self, deadline: datetime | None) -> None:
        self.deadline = deadline

    async def resolve_by(self, session: AsyncSession, ticket: Ticket) -> datetime | None:
        return self.deadline

    async def extend(self, session: AsyncSession, ticket: Ticket, until: datetime) -> None:
        self.deadline = until

    def next_due(self, connection: Connection, ticket_ids: Sequence[str]) -> Mapping[str, NextDue]:
        return {} if self.deadline is None else dict.fromkeys(ticket_ids, NextDue("resolve", self.deadline))

    def due_before(self, moment: datetime, *, among_few: bool) -> ColumnElement[bool]:
        return literal(self.deadline is not None and self.deadline < moment)


async def dispatched(tickets: TicketService, place: Place, kind: str = "fault") -> TicketView:
    filed = await tickets.file(place.fault(kind=kind), AGENT)
    return await tickets.dispatch(filed.id, place.east, AGENT)


async def signed(tickets: TicketService, place: Place, kind: str = "fault") -> TicketView:
    ticket = await dispatched(tickets, place, kind)
    return await tickets.sign(ticket.id, place.worker(place.east))


async def test_h6_a_refused_ticket_is_undispatched_and_says_who_refused_and_why(
    tickets: TicketService, place: Place
) -> None:
    ticket = await dispatched(tickets, place)
    given = NOT_OURS.model_copy(update={"evidence_recording_id": RECORDING})
    refused = await tickets.refusals.refuse(ticket.id, given, place.worker(place.east))

    assert (refused.status, refused.department_id) == (TicketStatus.REFUSED, None)
    detail = await tickets.get(ticket.id)
    (refusal,) = detail.refusals
    assert (refusal.department_id, refusal.reason, refusal.ruling) == (place.east, RefusalReason.NOT_OUR_AREA, None)
    assert refusal.explanation == NOT_OURS.explanation
    assert [found.recording_id for found in detail.attachments] == [RECORDING]
    with pytest.raises(NotAllowedNow):
        await tickets.dispatch(ticket.id, place.west, AGENT)


async def test_an_upheld_refusal_sends_it_elsewhere(tickets: TicketService, place: Place) -> None:
    ticket = await dispatched(tickets, place)
    await tickets.refusals.refuse(ticket.id, NOT_OURS, place.worker(place.east))
    with pytest.raises(SameDepartment):
        await tickets.refusals.uphold(ticket.id, place.east, "区域不符", SUPERVISOR)
    with pytest.raises(UnknownReference):
        await tickets.refusals.uphold(ticket.id, "department-none", "区域不符", SUPERVISOR)
    with pytest.raises(Forbidden):
        await tickets.refusals.uphold(ticket.id, place.west, "区域不符", AGENT)

    upheld = await tickets.refusals.uphold(ticket.id, place.west, "区域不符", SUPERVISOR)

    assert (upheld.status, upheld.department_id) == (TicketStatus.DISPATCHED, place.west)
    (refusal,) = (await tickets.get(ticket.id)).refusals
    assert (refusal.ruling, refusal.ruling_reason, refusal.ruled_by) == (Ruling.UPHELD, "区域不符", SUPERVISOR.name)


async def test_an_overruled_department_gets_it_back_and_cannot_refuse_again(
    tickets: TicketService, place: Place
) -> None:
    ticket, east = await dispatched(tickets, place), place.worker(place.east)
    await tickets.refusals.refuse(ticket.id, NOT_OURS, east)
    back = await tickets.refusals.overrule(ticket.id, "该户在本工区", SUPERVISOR)

    assert (back.status, back.department_id) == (TicketStatus.DISPATCHED, place.east)
    with pytest.raises(AlreadyOverruled):
        await tickets.refusals.refuse(ticket.id, NOT_OURS, east)
    # A ruling counts for its department only, also where the ticket returns by a detour.
    await tickets.dispatch(ticket.id, place.west, AGENT)
    await tickets.refusals.refuse(ticket.id, NOT_OURS, place.worker(place.west))
    await tickets.refusals.uphold(ticket.id, place.east, "应由城东处理", SUPERVISOR)
    with pytest.raises(AlreadyOverruled):
        await tickets.refusals.refuse(ticket.id, NOT_OURS, east)
    assert [found.ruling for found in (await tickets.get(ticket.id)).refusals] == [Ruling.OVERRULED, Ruling.UPHELD]


@pytest.mark.parametrize(
    "given", [{"reason": "no", "explanation": "too far away"}, {"reason": "other", "explanation": "no"}]
)
def test_a_refusal_says_why(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        RefuseTicket.model_validate(given)


async def test_more_time_is_asked_for_before_the_deadline_and_granted(database: Database, place: Place) -> None:
    clocks = Clocks(NOON)
    tickets = TicketService(database, deadlines=clocks)
    ticket, east = await signed(tickets, place), place.worker(place.east)
    later = NOON + timedelta(days=2)
    with time_machine.travel(NOON - timedelta(hours=1)):
        with pytest.raises(ExtensionRefused) as refused:
            await tickets.extensions.ask(ticket.id, NOON, "等配件", east)
        assert [problem.field for problem in refused.value.errors] == ["until"]
        await tickets.extensions.ask(ticket.id, later, "等配件", east)
        with pytest.raises(ExtensionPending):
            await tickets.extensions.ask(ticket.id, later, "等配件", east)
        assert clocks.deadline == NOON
        with pytest.raises(Forbidden):
            await tickets.extensions.grant(ticket.id, "同意", east)
        granted = await tickets.extensions.grant(ticket.id, "同意", SUPERVISOR)

    assert clocks.deadline == later
    assert granted.status is TicketStatus.SIGNED
    (extension,) = (await tickets.get(ticket.id)).extensions
    assert (extension.until, extension.granted, extension.decided_by) == (later, True, SUPERVISOR.name)
    assert extension.department_id == place.east


async def test_a_denied_extension_leaves_the_deadline_and_may_be_asked_for_again(
    database: Database, place: Place
) -> None:
    clocks = Clocks(NOON)
    tickets = TicketService(database, deadlines=clocks)
    ticket, east = await signed(tickets, place), place.worker(place.east)
    with time_machine.travel(NOON - timedelta(hours=1)):
        with pytest.raises(NoExtension):
            await tickets.extensions.deny(ticket.id, "无申请", SUPERVISOR)
        await tickets.extensions.ask(ticket.id, NOON + timedelta(days=2), "等配件", east)
        await tickets.extensions.deny(ticket.id, "不同意", SUPERVISOR)
        await tickets.extensions.ask(ticket.id, NOON + timedelta(days=1), "等配件", east)

    assert clocks.deadline == NOON
    assert [found.granted for found in (await tickets.get(ticket.id)).extensions] == [False, None]


async def test_waiting_extensions_are_listed_oldest_first(tickets: TicketService, place: Place) -> None:
    east, asked = place.worker(place.east), []
    for _ in range(4):
        filed = await tickets.file(place.fault(address=""), AGENT)
        await tickets.dispatch(filed.id, place.east, AGENT)
        await tickets.sign(filed.id, east)
        asked.append(await tickets.extensions.ask(filed.id, utc_now() + timedelta(days=2), "等配件", east))
    await tickets.extensions.deny(asked[0].id, "不同意", SUPERVISOR)
    await tickets.cancel(asked[1].id, "重复登记", SUPERVISOR)

    pending = await tickets.extensions.pending(9)
    assert [(found.ticket_id, found.number, found.granted) for found in pending] == [
        (ticket.id, ticket.number, None) for ticket in asked[2:]
    ]
    assert [found.ticket_id for found in await tickets.extensions.pending(1)] == [asked[2].id]


async def test_extension_is_withdrawn_by_the_reply(tickets: TicketService, place: Place) -> None:
    ticket, east = await signed(tickets, place), place.worker(place.east)
    until = utc_now() + timedelta(days=2)
    await tickets.extensions.ask(ticket.id, until, "等配件", east)

    await tickets.reply(ticket.id, "已更换阀门", east)

    with pytest.raises(NoExtension):
        await tickets.extensions.grant(ticket.id, "同意", SUPERVISOR)
    assert await tickets.extensions.pending(9) == []
    found = await tickets.get(ticket.id)
    assert [(one.granted, one.withdrawn_at is not None) for one in found.extensions] == [(None, True)]
    assert found.log[-1].detail["withdrawn_extension"] == until.isoformat()


async def test_extension_is_withdrawn_when_another_department_gets_the_ticket(
    tickets: TicketService, place: Place
) -> None:
    ticket, east, west = await signed(tickets, place), place.worker(place.east), place.worker(place.west)
    until = utc_now() + timedelta(days=2)
    await tickets.extensions.ask(ticket.id, until, "等配件", east)
    await tickets.dispatch(ticket.id, place.east, AGENT)
    assert len(await tickets.extensions.pending(9)) == 1

    await tickets.dispatch(ticket.id, place.west, AGENT)

    assert (await tickets.get(ticket.id)).log[-1].detail["withdrawn_extension"] == until.isoformat()
    with pytest.raises(NoExtension):
        await tickets.extensions.grant(ticket.id, "同意", SUPERVISOR)
    await tickets.sign(ticket.id, west)
    await tickets.extensions.ask(ticket.id, until, "我们也等", west)
    await tickets.extensions.grant(ticket.id, "同意", SUPERVISOR)
    extensions = (await tickets.get(ticket.id)).extensions
    assert [(one.department_id, one.granted) for one in extensions] == [(place.east, None), (place.west, True)]


async def test_more_time_until_a_moment_that_passed_cannot_be_granted(tickets: TicketService, place: Place) -> None:
    ticket = await signed(tickets, place)
    until = utc_now() + timedelta(hours=1)
    await tickets.extensions.ask(ticket.id, until, "等配件", place.worker(place.east))

    with time_machine.travel(until, tick=False):
        with pytest.raises(ExtensionRefused) as refused:
            await tickets.extensions.grant(ticket.id, "同意", SUPERVISOR)
        assert [problem.field for problem in refused.value.errors] == ["until"]
        assert (await tickets.get(ticket.id)).extensions[0].granted is None
        await tickets.extensions.deny(ticket.id, "已过期", SUPERVISOR)


async def test_after_the_deadline_it_is_too_late_to_ask(database: Database, place: Place) -> None:
    tickets = TicketService(database, deadlines=Clocks(NOON))
    ticket = await signed(tickets, place)
    with time_machine.travel(NOON, tick=False), pytest.raises(TooLate):
        await tickets.extensions.ask(ticket.id, NOON + timedelta(days=2), "等配件", place.worker(place.east))
    assert (await tickets.get(ticket.id)).extensions == []


async def test_h2_a_complaint_is_judged_and_disagreement_goes_to_a_supervisor(
    tickets: TicketService, place: Place
) -> None:
    ticket, east = await signed(tickets, place, "complaint"), place.worker(place.east)
    with pytest.raises(NoFinding):
        await tickets.findings.contest(ticket.id, "不认可", east)
    first = JudgeComplaint(validity=Validity.VALID, finding="维修人员态度生硬", responsibility="马师傅")
    judged = await tickets.findings.judge(ticket.id, first, SUPERVISOR)
    contested = await tickets.findings.contest(ticket.id, "现场录音不符", east)
    with pytest.raises(AlreadyContested, match=f"{east.name} contested the finding at 20"):
        await tickets.findings.contest(ticket.id, "客户也不认可", AGENT)
    second = JudgeComplaint(validity=Validity.INVALID, finding="录音显示态度正常")
    settled = await tickets.findings.judge(ticket.id, second, SUPERVISOR)

    assert (judged.validity, judged.escalated) == (Validity.VALID, False)
    assert contested.escalated
    assert (settled.validity, settled.escalated) == (Validity.INVALID, False)
    findings = (await tickets.get(ticket.id)).findings
    assert [(found.contested_because, found.contested_by) for found in findings] == [
        ("现场录音不符", east.name),
        ("", ""),
    ]
    assert (await tickets.findings.contest(ticket.id, "客户不认可复核", AGENT)).escalated
    assert findings[0].responsibility == "马师傅"


async def test_only_complaints_are_judged(tickets: TicketService, place: Place) -> None:
    ticket = await signed(tickets, place)
    with pytest.raises(NotAComplaint):
        await tickets.findings.judge(ticket.id, JudgeComplaint(validity=Validity.VALID, finding="属实"), SUPERVISOR)


async def test_parked_ticket_resumes_in_its_state_before(tickets: TicketService, place: Place) -> None:
    ticket, east = await signed(tickets, place), place.worker(place.east)
    parked = await tickets.park(ticket.id, "用户外出，周五回来", east)
    with pytest.raises(NotAllowedNow):
        await tickets.reply(ticket.id, "已修", east)
    assert parked.status is TicketStatus.PARKED
    assert (await tickets.unpark(ticket.id, east)).status is TicketStatus.SIGNED

    new = await tickets.file(place.fault(address=""), AGENT)
    await tickets.park(new.id, "等用户提供房号", AGENT)
    assert (await tickets.unpark(new.id, AGENT)).status is TicketStatus.REGISTERED


async def test_escalated_ticket_is_listed_until_a_supervisor_instructs(tickets: TicketService, place: Place) -> None:
    ticket, other = await signed(tickets, place), await tickets.file(place.fault(address=""), AGENT)
    await tickets.escalate(ticket.id, "涉及两个工区", place.worker(place.east))

    assert [found.id for found in await tickets.page(ListQuery(escalated=True, limit=9))] == [ticket.id]
    assert [found.id for found in await tickets.page(ListQuery(escalated=False, limit=9))] == [other.id]
    await tickets.supervise(ticket.id, "城东牵头，今日内办结", SUPERVISOR)
    assert await tickets.page(ListQuery(escalated=True, limit=9)) == []
