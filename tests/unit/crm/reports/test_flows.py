"""Figures of flows, and the interval of a share."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ari_app.campaigns.model import ANSWERS
from crm.history.model import CallRecord
from crm.reports.interval import interval
from crm.reports.model import FlowQuery
from crm.reports.service import ReportService
from crm.reports.table import FLOW_TABLE, as_csv
from foundation.database import Database
from recordings.model import SEGMENTS

AT = datetime(2026, 11, 27, 2, tzinfo=UTC)
CALLS = [
    # flow, last step, the flow's own end, outcome
    ("hotline", "menu", False, "left_flow"),
    ("hotline", "menu", False, "left_flow"),
    ("hotline", "queue_repair", False, "abandoned"),
    ("hotline", "queue_repair", False, "answered"),
    ("hotline", "goodbye", True, "self_served"),
    ("outage", "notice", True, "self_served"),
    (None, None, None, "fallback"),
]


async def test_callers_leave_a_flow_at_a_step(database: Database) -> None:
    async with database.write() as session:
        for number, (flow, step, done, outcome) in enumerate(CALLS):
            session.add(
                CallRecord(
                    id=f"call-{number}", direction="inbound", outcome=outcome, flow=flow, flow_step=step,
                    flow_done=done, started_at=AT + timedelta(minutes=number),
                )
            )  # fmt: skip
        session.add(CallRecord(id="out", direction="outbound", outcome="answered", flow="survey", started_at=AT))
    titles = {("flow", "hotline"): "热线", ("flow_step", "hotline/menu"): "主菜单"}
    reports = ReportService(
        database, "Asia/Shanghai", ANSWERS, SEGMENTS, name_of=lambda group, key: titles.get((group, key))
    )

    found = await reports.flows(FlowQuery(since=date(2026, 11, 27), until=date(2026, 11, 28)))

    hotline, outage = found.lines
    assert (hotline.key, hotline.entered, hotline.followed, hotline.left) == ("hotline", 5, 2, 3)
    assert [hotline.name, *(one.name for one in hotline.steps), outage.name] == [
        "热线", "主菜单", "queue_repair", "outage",
    ]  # fmt: skip
    assert hotline.followed_share == 40.0
    assert [(one.step, one.left) for one in hotline.steps] == [("menu", 2), ("queue_repair", 1)]
    assert (outage.entered, outage.followed_share, outage.steps) == (1, 100.0, [])
    assert as_csv(FLOW_TABLE, found).text.splitlines()[1].endswith(",5,2,40.0,3")


@pytest.mark.parametrize(
    ("part", "base", "expected"),
    # R. G. Newcombe, "Two-sided confidence intervals for the single proportion" (1998), method 3.
    [(81, 263, (25.5, 36.6)), (15, 148, (6.2, 16.0)), (0, 20, (0.0, 16.1)), (1, 29, (0.6, 17.2)),
     (29, 29, (88.3, 100.0))],
)  # fmt: skip
def test_intervals_are_the_published_ones(part: int, base: int, expected: tuple[float, float]) -> None:
    assert interval(part, base) == expected


def test_a_share_without_base_has_no_interval() -> None:
    assert interval(0, 0) is None
