"""Erlang's formulas against published tables."""

import pytest

from crm.reports.staffing.erlang import Flow, agents_needed, erlang_b, erlang_c, expected


@pytest.mark.parametrize(
    ("agents", "share", "erlangs"),
    # Traffic tables of Erlang B, as in every handbook: lines, loss, offered traffic.
    [(1, 0.01, 0.0101), (5, 0.01, 1.361), (10, 0.01, 4.461), (20, 0.01, 12.03), (100, 0.01, 84.06),
     (10, 0.05, 6.216), (20, 0.05, 15.25), (10, 0.001, 3.092)],
)  # fmt: skip
def test_lost_calls_are_those_of_the_tables(agents: int, share: float, erlangs: float) -> None:
    assert erlang_b(erlangs, agents) == pytest.approx(share, rel=0.005)


@pytest.mark.parametrize(
    ("agents", "level"),
    # Call Centre Helper, "Erlang C Formula – Made Simple": 100 calls in half an hour, 180 s each, within 20 s.
    [(11, 0.390), (12, 0.640), (13, 0.796), (14, 0.888)],
)
def test_the_service_level_is_that_of_the_worked_example(agents: int, level: float) -> None:
    flow = Flow(calls_per_s=100 / 1800, handling_s=180)

    assert expected(flow, agents, 20).level == pytest.approx(level, abs=0.001)
    assert agents_needed(flow, 0.80, 20) == 14
    assert erlang_c(10, 14) == pytest.approx(0.174, abs=0.0005)
    assert expected(flow, 14, 20).mean_wait_s == pytest.approx(7.8, abs=0.05)


def test_impatient_callers_are_those_of_the_published_comparison() -> None:
    """Source: Garnett, Mandelbaum and Reiman, 2002.

    48 calls a minute, 50 agents, one minute of talk and two of patience.
    """
    rate = 48 / 60
    patient, impatient = (expected(Flow(rate, 60, patience), 50, 20) for patience in (None, 120.0))

    assert patient.mean_wait_s == pytest.approx(20.8, abs=0.05)
    assert patient.occupancy == pytest.approx(0.96)
    assert impatient.abandoned == pytest.approx(0.031, abs=0.0005)
    assert impatient.mean_wait_s == pytest.approx(3.7, abs=0.05)
    assert impatient.occupancy == pytest.approx(0.93, abs=0.001)


def test_endless_patience_is_erlang_c() -> None:
    flow = Flow(100 / 1800, 180)
    patient, almost = expected(flow, 14, 20), expected(Flow(100 / 1800, 180, 1e7), 14, 20)

    assert almost.level == pytest.approx(patient.level, abs=0.001)
    assert almost.waits == pytest.approx(patient.waits, abs=0.001)


@pytest.mark.parametrize("patience", [None, 60.0, 600.0])
@pytest.mark.parametrize("calls", [0.5, 20, 400, 6000])
def test_one_agent_fewer_misses_the_level(calls: float, patience: float | None) -> None:
    flow = Flow(calls / 1800, 200, patience)

    needed = agents_needed(flow, 0.8, 20)

    assert expected(flow, needed, 20).level >= 0.8
    assert expected(flow, needed - 1, 20).level < 0.8


def test_nothing_needs_nobody() -> None:
    assert agents_needed(Flow(0, 180), 0.8, 20) == 0
    assert expected(Flow(0, 180), 0, 20).level == 1
    assert expected(Flow(1, 180), 0, 20).level == 0
    assert expected(Flow(1, 180), 10, 20).level == 0
