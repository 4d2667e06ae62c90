"""Each figure is defined once, and buckets follow the zone's days."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from crm.reports.buckets import buckets
from crm.reports.definitions.catalogue import DEFINITIONS
from crm.reports.definitions.model import Figure
from crm.reports.definitions.page import rendered
from crm.reports.model import AgentLine, By, CallLine, CallQuery, Line, TicketLine
from dev.paths import PROJECT

SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")


def test_page_of_figures_is_rendered_from_the_code() -> None:
    written = (PROJECT / "docs" / "figures.md").read_text(encoding="utf-8")
    assert written == rendered(), "run: hotline figures table --output docs/figures.md"


@pytest.mark.parametrize(
    ("line", "figures"),
    [(CallLine, DEFINITIONS.calls), (AgentLine, DEFINITIONS.agents), (TicketLine, DEFINITIONS.tickets)],
)
def test_every_field_of_a_line_has_its_definition(line: type[Line], figures: list[Figure]) -> None:
    assert [one.name for one in figures] == [
        name for name in line.model_fields if name not in {*Line.model_fields, "pauses"}
    ]


def test_hours_and_days_begin_at_the_zones_midnight() -> None:
    day = date(2026, 11, 27)
    days = buckets(day, day + timedelta(days=2), "day", SHANGHAI)
    assert [one.since for one in days] == [datetime(2026, 11, eve, 16, tzinfo=UTC) for eve in (26, 27)]
    hours = buckets(day, day + timedelta(days=1), "hour", SHANGHAI)
    assert (len(hours), hours[0].since, hours[-1].until) == (24, days[0].since, days[0].until)


@pytest.mark.parametrize(("day", "count"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 7, 1), 24)])
def test_days_on_which_clocks_change_have_their_real_hours(day: date, count: int) -> None:
    assert len(buckets(day, day + timedelta(days=1), "hour", NEW_YORK)) == count


@pytest.mark.parametrize("by", ["half_hour", "hour", "day", "week", "month", "quarter", "year", "whole"])
def test_buckets_follow_one_another_without_a_gap(by: By) -> None:
    found = buckets(date(2026, 10, 25), date(2026, 11, 9), by, NEW_YORK)
    assert [one.until for one in found[:-1]] == [one.since for one in found[1:]]
    assert found[0].since == datetime(2026, 10, 25, 4, tzinfo=UTC)
    assert found[-1].until == datetime(2026, 11, 9, 5, tzinfo=UTC)
    days = {"day": 15, "week": 3, "month": 2, "quarter": 1, "year": 1, "whole": 1}
    assert len(found) == {"half_hour": 15 * 48 + 2, "hour": 15 * 24 + 1, **days}[by]


def test_weeks_begin_on_monday_and_quarters_with_their_month() -> None:
    weeks, quarters, years = (
        [one.since.astimezone(SHANGHAI).date() for one in buckets(date(2026, 2, 4), date(2027, 2, 1), by, SHANGHAI)]
        for by in ("week", "quarter", "year")
    )
    assert weeks[:3] == [date(2026, 2, 4), date(2026, 2, 9), date(2026, 2, 16)]
    assert quarters == [date(2026, 2, 4), date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 1), date(2027, 1, 1)]
    assert years == [date(2026, 2, 4), date(2027, 1, 1)]


@pytest.mark.parametrize(
    ("until", "by", "rule"),
    [
        ("2026-11-01", "day", "until must be after since"),
        ("2026-11-18", "hour", "until must be at most 16 days after since"),
        ("2027-12-07", "day", "until must be at most 400 days after since"),
    ],
)
def test_bounds_name_the_field(until: str, by: str, rule: str) -> None:
    with pytest.raises(ValidationError, match=rule):
        CallQuery.model_validate({"since": "2026-11-01", "until": until, "by": by})
