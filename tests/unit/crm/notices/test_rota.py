"""Duty rotas: local weeks, midnight, changes of the clock, exceptions."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from crm.notices.errors import NoticeDepartmentNotFound, OverrideNotFound, RotaChanged, RotaInvalid
from crm.notices.model import DeliveryState, DutyOverride
from crm.notices.rota import Shift, on_duty
from crm.notices.views import OverrideInput, RecipientChange, RotaInput
from foundation.clock import utc_now
from tests.unit.crm.conftest import AGENT, Place
from tests.unit.crm.notices.conftest import House, Receiver

SHANGHAI = "Asia/Shanghai"


def shift(weekday: int, begins: str, ends: str, *recipients: str) -> Shift:
    return Shift(
        weekday=weekday,
        from_time=time.fromisoformat(begins),
        until_time=time.fromisoformat(ends),
        recipient_ids=list(recipients),
    )


def at(local: str, zone: str = SHANGHAI) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


WEEK = [shift(1, "08:00", "20:00", "day"), shift(1, "20:00", "08:00", "night"), shift(7, "00:00", "00:00", "sunday")]


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-23T07:59", None),  # a Monday
        ("2026-11-23T08:00", ["day"]),
        ("2026-11-23T19:59:59", ["day"]),
        ("2026-11-23T20:00", ["night"]),
        ("2026-11-24T07:59", ["night"]),
        ("2026-11-24T08:00", None),
        ("2026-11-22T00:00", ["sunday"]),
        ("2026-11-22T23:59", ["sunday"]),
    ],
)
def test_week_follows_the_local_clock(moment: str, expected: list[str] | None) -> None:
    assert on_duty(SHANGHAI, WEEK, [], at(moment)) == expected


def test_shift_follows_the_wall_clock_when_it_changes() -> None:
    nights = [shift(6, "22:00", "06:00", "night"), shift(7, "06:00", "14:00", "early")]
    berlin = "Europe/Berlin"
    # 25 October 2026, 3:00 becomes 2:00: the night has nine hours.
    for moment, expected in (
        ("2026-10-25T05:59", ["night"]),
        ("2026-10-25T06:00", ["early"]),
        ("2026-10-24T22:00", ["night"]),
    ):
        assert on_duty(berlin, nights, [], at(moment, berlin)) == expected
    both_twos = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    assert [on_duty(berlin, nights, [], moment) for moment in both_twos] == [["night"], ["night"]]


def override(begins: str, ends: str, *recipients: str, made: int = 0) -> DutyOverride:
    return DutyOverride(
        id=f"duty-{made}",
        department_id="d",
        from_at=at(begins),
        until_at=at(ends),
        recipient_ids=list(recipients),
        created_at=utc_now() + timedelta(seconds=made),
    )


def test_exception_replaces_the_week_and_earlier_exceptions() -> None:
    exceptions = [
        override("2026-11-23T10:00", "2026-11-23T12:00", "stand-in", made=1),
        override("2026-11-23T11:00", "2026-11-23T11:30", made=2),
    ]
    for moment, expected in (
        ("2026-11-23T09:59", ["day"]),
        ("2026-11-23T10:00", ["stand-in"]),
        ("2026-11-23T11:00", []),
        ("2026-11-23T11:30", ["stand-in"]),
        ("2026-11-23T12:00", ["day"]),
    ):
        assert on_duty(SHANGHAI, WEEK, exceptions, at(moment)) == expected


@settings(deadline=None)
@given(
    shifts=st.lists(
        st.builds(
            Shift,
            weekday=st.integers(1, 7),
            from_time=st.times().map(lambda value: value.replace(microsecond=0)),
            until_time=st.times().map(lambda value: value.replace(microsecond=0)),
            recipient_ids=st.lists(st.sampled_from(["a", "b", "c"]), min_size=1),
        ),
        max_size=6,
    ),
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_duty_repeats_every_week(shifts: list[Shift], moment: datetime) -> None:
    found = on_duty(SHANGHAI, shifts, [], moment)
    assert found == on_duty(SHANGHAI, shifts, [], moment + timedelta(weeks=1))
    assert found is None or len(found) == len(set(found)) > 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"weekday": 0}, "weekday"),
        ({"weekday": 8}, "weekday"),
        ({"recipient_ids": []}, "recipient_ids"),
        ({"from_time": "25:00"}, "from_time"),
        ({"from_time": "08:00+08:00"}, "time zone"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_invalid_shift_is_named(changes: dict[str, object], field: str) -> None:
    right = {"weekday": 1, "from_time": "08:00", "until_time": "20:00", "recipient_ids": ["r"]}
    Shift.model_validate(right)
    with pytest.raises(ValidationError, match=field):
        Shift.model_validate({**right, **changes})


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "", "/etc/passwd"])
def test_invalid_time_zone_is_named(zone: str) -> None:
    with pytest.raises(ValidationError, match="time_zone"):
        RotaInput.model_validate({"time_zone": zone, "shifts": []})


def always(*recipients: str) -> RotaInput:
    return RotaInput(shifts=[shift(day, "00:00", "00:00", *recipients) for day in range(1, 8)])


async def test_h7_notice_goes_to_recipients_on_duty_else_to_standing_ones(
    house: House, place: Place, receiver: Receiver
) -> None:
    standing = await house.webhook(receiver.url, place.east)
    duty = await house.webhook(receiver.url, place.east, name="night shift", standing=False)
    ticket = await house.tickets.file(place.fault(), AGENT)

    async def told(count: int) -> str:
        await house.tickets.dispatch(ticket.id, place.east, AGENT)
        log = await house.until(lambda log: [one.state for one in log] == [DeliveryState.SENT] * count)
        return str(log[-1].recipient_id)

    async with house.working():
        assert await told(1) == standing.id
        await house.duty.replace(place.east, always(duty.id))
        assert (await house.duty.on_duty(place.east)).by_rota
        assert await told(2) == duty.id
        hour = timedelta(hours=1)
        without_recipients = OverrideInput(from_at=utc_now() - hour, until_at=utc_now() + hour)
        exception = await house.duty.add_override(place.east, without_recipients)
        assert await told(3) == standing.id
        await house.duty.remove_override(place.east, exception.id)
        assert await told(4) == duty.id
        # A recipient was removed: the rota still names it, and no notice is lost.
        await house.notices.update(duty.id, RecipientChange(active=False))
        assert await told(5) == standing.id
        assert [found.id for found in (await house.duty.on_duty(place.east)).recipients] == [standing.id]


async def test_rota_with_other_departments_recipients_is_refused(
    house: House, place: Place, receiver: Receiver
) -> None:
    own, foreign = await house.webhook(receiver.url, place.east), await house.webhook(receiver.url, place.west)
    stored = await house.duty.replace(place.east, always(own.id))
    assert stored.version == 1
    for stranger in (foreign.id, "recipient-none"):
        with pytest.raises(RotaInvalid):
            await house.duty.replace(place.east, always(own.id, stranger))
        now = utc_now()
        exception = OverrideInput(from_at=now, until_at=now + timedelta(hours=1), recipient_ids=[stranger])
        with pytest.raises(RotaInvalid):
            await house.duty.add_override(place.east, exception)
    assert await house.duty.rota(place.east) == stored
    with pytest.raises(NoticeDepartmentNotFound):
        await house.duty.replace("department-none", RotaInput(shifts=[]))
    with pytest.raises(OverrideNotFound):
        await house.duty.remove_override(place.east, "duty-none")


async def test_concurrent_rota_changes_do_not_overwrite_each_other(house: House, place: Place) -> None:
    first = await house.duty.rota(place.east)
    assert (first.version, first.shifts, first.time_zone) == (0, [], SHANGHAI)
    await house.duty.replace(place.east, RotaInput(shifts=[], version=0))
    with pytest.raises(RotaChanged):
        await house.duty.replace(place.east, RotaInput(shifts=[], version=0))
    assert (await house.duty.replace(place.east, RotaInput(shifts=[], version=1))).version == 2
