"""Visits never exceed the places of a window (H3, H26)."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from crm.appointments.errors import NoAppointment, NoSuchWindow, NotVisited, WindowFull, WindowsChanged
from crm.appointments.model import BookVisit, FreeQuery, FreeWindow, WeekInput
from crm.appointments.service import AppointmentService
from crm.audit.model import AuditQuery, EntryAction, EntrySubject
from crm.audit.service import AuditService
from crm.tickets.errors import ChangedMeanwhile, NotAllowedNow, NotYours, UnknownReference
from crm.tickets.service import TicketService
from crm.tickets.views import TicketView
from foundation.clock import utc_now
from foundation.database import Database
from foundation.problems import Forbidden
from tests.unit.crm.conftest import AGENT, SUPERVISOR, Place

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def service(database: Database, tickets: TicketService) -> AppointmentService:
    return AppointmentService(database, tickets)


def week(places: int) -> WeekInput:
    """Return two windows for every day."""
    windows = [
        {"weekday": weekday, "from_clock": begin, "until_clock": end, "places": places}
        for weekday in range(1, 8)
        for begin, end in (("08:30", "11:30"), ("14:00", "17:00"))
    ]
    return WeekInput.model_validate({"windows": windows})


async def free(service: AppointmentService, department_id: str) -> list[FreeWindow]:
    tomorrow = datetime.now(SHANGHAI).date() + timedelta(days=1)
    return await service.free(department_id, FreeQuery(first=tomorrow, days=2))


async def fault(tickets: TicketService, place: Place, house: int) -> TicketView:
    ticket = await tickets.file(place.fault(address=f"幸福路{house}号"), AGENT)
    return await tickets.dispatch(ticket.id, place.east, AGENT)


async def test_book_change_and_cancel(service: AppointmentService, tickets: TicketService, place: Place) -> None:
    await service.enter_week(place.east, week(2))
    morning, afternoon, *_ = await free(service, place.east)
    assert (morning.places, morning.free) == (2, 2)
    assert morning.visit_from.astimezone(SHANGHAI).strftime("%H:%M") == "08:30"
    ticket = await fault(tickets, place, 1)

    booked = await service.book(ticket.id, BookVisit(visit_from=morning.visit_from), AGENT)
    assert (booked.visit_from, booked.visit_until) == (morning.visit_from, morning.visit_until)
    assert [window.booked for window in await free(service, place.east)] == [1, 0, 0, 0]

    changed = await service.book(ticket.id, BookVisit(visit_from=afternoon.visit_from), place.worker(place.east))
    assert changed.visit_from == afternoon.visit_from
    assert [window.booked for window in await free(service, place.east)] == [0, 1, 0, 0]

    cancelled = await service.cancel(ticket.id, "用户不在家", AGENT)
    assert (cancelled.visit_from, cancelled.visit_until) == (None, None)
    assert [window.booked for window in await free(service, place.east)] == [0, 0, 0, 0]
    assert [one.cancelled_at is not None for one in await service.of_ticket(ticket.id)] == [True, True]
    actions = [entry.action for entry in (await tickets.get(ticket.id)).log]
    assert actions[-3:] == ["book_visit", "book_visit", "cancel_visit"]
    with pytest.raises(NoAppointment):
        await service.cancel(ticket.id, "再取消一次", AGENT)


async def test_h26_bookings_at_once_never_exceed_the_places(
    service: AppointmentService, tickets: TicketService, place: Place
) -> None:
    await service.enter_week(place.east, week(3))
    morning = (await free(service, place.east))[0]
    several = [await fault(tickets, place, house) for house in range(1, 13)]

    outcomes = await asyncio.gather(
        *(service.book(ticket.id, BookVisit(visit_from=morning.visit_from), AGENT) for ticket in several),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, TicketView) for outcome in outcomes) == 3
    assert sum(isinstance(outcome, WindowFull) for outcome in outcomes) == 9
    assert (await free(service, place.east))[0].booked == 3
    for ticket, outcome in zip(several, outcomes, strict=True):
        detail = await tickets.get(ticket.id)
        assert (detail.visit_from is not None) == isinstance(outcome, TicketView)
        assert detail.version == (3 if isinstance(outcome, TicketView) else 2)


async def test_those_who_change_places_at_once_all_have_one(
    service: AppointmentService, tickets: TicketService, place: Place
) -> None:
    await service.enter_week(place.east, week(4))
    morning, afternoon, *_ = await free(service, place.east)
    several = [await fault(tickets, place, house) for house in range(1, 5)]
    halves = [morning.visit_from, afternoon.visit_from] * 2
    for ticket, half in zip(several, halves, strict=True):
        await service.book(ticket.id, BookVisit(visit_from=half), AGENT)

    await asyncio.gather(
        *(
            service.book(ticket.id, BookVisit(visit_from=half), AGENT)
            for ticket, half in zip(several, reversed(halves), strict=True)
        )
    )

    assert [window.booked for window in (await free(service, place.east))[:2]] == [2, 2]


async def test_ticket_booked_twice_at_once_has_one_visit(
    service: AppointmentService, tickets: TicketService, place: Place
) -> None:
    await service.enter_week(place.east, week(9))
    morning, afternoon, *_ = await free(service, place.east)
    ticket = await fault(tickets, place, 1)

    await asyncio.gather(
        *(
            service.book(ticket.id, BookVisit(visit_from=window.visit_from), AGENT)
            for window in (morning, afternoon) * 3
        )
    )

    assert sum(window.booked for window in await free(service, place.east)) == 1


async def test_a_closed_ticket_gives_its_place_back(
    service: AppointmentService, tickets: TicketService, place: Place
) -> None:
    await service.enter_week(place.east, week(1))
    morning = (await free(service, place.east))[0]
    first, second = await fault(tickets, place, 1), await fault(tickets, place, 2)
    await service.book(first.id, BookVisit(visit_from=morning.visit_from), AGENT)
    with pytest.raises(WindowFull):
        await service.book(second.id, BookVisit(visit_from=morning.visit_from), AGENT)

    await tickets.cancel(first.id, "误登记", SUPERVISOR)

    assert (await service.book(second.id, BookVisit(visit_from=morning.visit_from), AGENT)).visit_from
    with pytest.raises(NotAllowedNow):
        await service.book(first.id, BookVisit(visit_from=morning.visit_from), AGENT)


async def test_refused_booking_changes_nothing(
    service: AppointmentService, tickets: TicketService, place: Place
) -> None:
    await service.enter_week(place.east, week(1))
    morning = (await free(service, place.east))[0]
    ticket = await fault(tickets, place, 1)
    complaint = await tickets.file(place.fault(kind="complaint"), AGENT)
    undispatched = await tickets.file(place.fault(address="幸福路99号"), AGENT)
    asked = BookVisit(visit_from=morning.visit_from)

    with pytest.raises(NoSuchWindow):
        await service.book(ticket.id, BookVisit(visit_from=morning.visit_from + timedelta(minutes=30)), AGENT)
    with pytest.raises(NoSuchWindow):
        await service.book(ticket.id, BookVisit(visit_from=morning.visit_from, department_id=place.west), AGENT)
    with pytest.raises(NoSuchWindow):
        await service.book(undispatched.id, asked, AGENT)
    with pytest.raises(NotVisited):
        await service.book(complaint.id, asked, AGENT)
    with pytest.raises(ChangedMeanwhile):
        await service.book(ticket.id, BookVisit(visit_from=morning.visit_from, version=1), AGENT)
    with pytest.raises(NotYours):
        await service.book(ticket.id, asked, place.worker(place.west))
    with pytest.raises(Forbidden):
        await service.book(
            ticket.id,
            BookVisit(visit_from=morning.visit_from, department_id=place.west),
            place.worker(place.east),
        )
    with pytest.raises(UnknownReference):
        await service.enter_week("department-none", week(1))
    assert (await tickets.get(ticket.id)).version == 2
    assert [window.booked for window in await free(service, place.east)] == [0, 0, 0, 0]


async def test_smaller_week_leaves_booked_visits(
    service: AppointmentService, tickets: TicketService, place: Place
) -> None:
    await service.enter_week(place.east, week(2))
    morning = (await free(service, place.east))[0]
    first, second = await fault(tickets, place, 1), await fault(tickets, place, 2)
    await service.book(first.id, BookVisit(visit_from=morning.visit_from), AGENT)

    await service.enter_week(place.east, week(0))

    window = (await free(service, place.east))[0]
    assert (window.places, window.booked, window.free) == (0, 1, 0)
    with pytest.raises(WindowFull):
        await service.book(second.id, BookVisit(visit_from=morning.visit_from), AGENT)
    assert (await service.enter_week(place.east, WeekInput(windows=[]))) == []
    assert (await tickets.get(first.id)).visit_from == morning.visit_from


async def test_a_window_may_last_until_midnight(service: AppointmentService, place: Place) -> None:
    given = {"weekday": 1, "from_clock": "22:00", "until_clock": "24:00", "places": 1}
    await service.enter_week(place.west, WeekInput.model_validate({"windows": [given]}))
    monday = date(2099, 1, 5)

    (window,) = await service.free(place.west, FreeQuery(first=monday, days=1))

    assert window.visit_until - window.visit_from == timedelta(hours=2)


@pytest.mark.parametrize(
    "windows",
    [
        [{"weekday": 0, "from_clock": "08:00", "until_clock": "09:00", "places": 1}],
        [{"weekday": 1, "from_clock": "8:00", "until_clock": "09:00", "places": 1}],
        [{"weekday": 1, "from_clock": "09:00", "until_clock": "09:00", "places": 1}],
        [{"weekday": 1, "from_clock": "09:00", "until_clock": "10:00", "places": -1}],
        [
            {"weekday": 1, "from_clock": "08:00", "until_clock": "10:00", "places": 1},
            {"weekday": 1, "from_clock": "09:00", "until_clock": "11:00", "places": 1},
        ],
    ],
)
def test_a_week_that_cannot_be_is_refused(windows: list[dict[str, object]]) -> None:
    with pytest.raises(ValidationError):
        WeekInput.model_validate({"windows": windows})


@pytest.mark.parametrize("ahead", [timedelta(minutes=-1), timedelta(days=61)])
def test_past_window_cannot_be_booked(ahead: timedelta) -> None:
    with pytest.raises(ValidationError, match="visit_from"):
        BookVisit(visit_from=utc_now() + ahead)
    with pytest.raises(ValidationError):
        BookVisit.model_validate({"visit_from": datetime(2099, 1, 1).isoformat()})  # noqa: DTZ001 - a naive time is meant
    assert BookVisit(visit_from=(utc_now() + timedelta(days=1)).astimezone(UTC))


async def test_a_week_that_another_person_changed_is_not_overwritten(
    service: AppointmentService, place: Place, database: Database
) -> None:
    seen = await service.enter_week(place.east, week(2))
    await service.enter_week(place.east, week(3))
    late = WeekInput.model_validate({"windows": [], "before": [one.model_dump() for one in seen]})
    with pytest.raises(WindowsChanged):
        await service.enter_week(place.east, late)
    present = await service.week(place.east)
    assert {one.places for one in present} == {3}
    again = WeekInput.model_validate({"windows": [], "before": [one.model_dump() for one in present]})
    assert await service.enter_week(place.east, again) == []
    noted = await AuditService(database).listed(AuditQuery(subject=EntrySubject.VISIT_WINDOW, subject_id=place.east))
    assert {one.action for one in noted} == {EntryAction.CREATE, EntryAction.CHANGE, EntryAction.REMOVE}
