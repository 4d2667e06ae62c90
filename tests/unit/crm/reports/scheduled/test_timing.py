"""Due days of reports, also over holidays."""

import itertools
from datetime import date

import pytest

from crm.reports.scheduled.timing import DUE_DAY, DueReport, ReportPeriod, due_reports, period_before
from foundation.workdays import is_workday


def due(period: ReportPeriod, first: date, last: date) -> list[DueReport]:
    return list(due_reports(period, DUE_DAY.get(period, 1), is_workday, first, last))


@pytest.mark.parametrize(
    ("period", "first", "last", "expected"),
    [
        # 10 October 2026 is a make-up workday, a Saturday.
        (ReportPeriod.MONTH, date(2026, 10, 1), date(2026, 10, 31), [(date(2026, 10, 10), date(2026, 9, 1))]),
        # 10 May 2026 is a Sunday, but not after a make-up: Monday.
        (ReportPeriod.MONTH, date(2026, 5, 1), date(2026, 5, 31), [(date(2026, 5, 11), date(2026, 4, 1))]),
        (ReportPeriod.QUARTER, date(2026, 1, 1), date(2026, 4, 30), [
            (date(2026, 1, 12), date(2025, 10, 1)), (date(2026, 4, 10), date(2026, 1, 1))]),
        (ReportPeriod.HALF_YEAR, date(2026, 1, 1), date(2026, 12, 31), [
            (date(2026, 1, 15), date(2025, 7, 1)), (date(2026, 7, 15), date(2026, 1, 1))]),
        (ReportPeriod.YEAR, date(2026, 1, 1), date(2026, 12, 31), [(date(2026, 1, 20), date(2025, 1, 1))]),
        # National Day week: the report of the last September week waits until 8 October.
        (ReportPeriod.WEEK, date(2026, 10, 1), date(2026, 10, 12), [
            (date(2026, 10, 8), date(2026, 9, 28)), (date(2026, 10, 12), date(2026, 10, 5))]),
    ],
)  # fmt: skip
def test_days_off_move_the_due_day_on(
    period: ReportPeriod, first: date, last: date, expected: list[tuple[date, date]]
) -> None:
    assert [(one.due, one.since) for one in due(period, first, last)] == expected


def test_a_report_after_days_off_holds_all_of_them() -> None:
    found = due(ReportPeriod.DAY, date(2026, 10, 1), date(2026, 10, 9))

    assert found == [
        DueReport(date(2026, 10, 8), date(2026, 9, 30), date(2026, 10, 8)),
        DueReport(date(2026, 10, 9), date(2026, 10, 8), date(2026, 10, 9)),
    ]


@pytest.mark.parametrize("period", list(ReportPeriod))
def test_times_follow_each_other_without_gap(period: ReportPeriod) -> None:
    found = due(period, date(2024, 1, 1), date(2027, 12, 31))

    assert all(one.until == following.since for one, following in itertools.pairwise(found))
    assert all(is_workday(one.due) and one.due >= one.until for one in found)


def test_a_month_is_compared_with_the_one_before() -> None:
    assert period_before(ReportPeriod.MONTH, date(2026, 3, 1), date(2026, 4, 1)) == (
        date(2026, 2, 1),
        date(2026, 3, 1),
    )
