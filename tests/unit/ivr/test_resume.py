"""A walk resumed by another process ends as if undisturbed."""

import asyncio
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.check import load_library
from ivr.cursor import Cursor
from ivr.walker import FlowWalker, Outcome
from tests.unit.ivr.caller import CALLFLOWS, Caller, Kept, Names, Service

LIBRARY = load_library(CALLFLOWS, Service().vocabulary())

CUSTOMERS: list[dict[str, Any]] = [
    {"customer.known": False, "customer.matches": 0, "ticket.open": False},
    {"customer.known": True, "customer.language": "en", "ticket.open": False},
    {"customer.known": True, "customer.language": "zh", "ticket.open": True, "ticket.department": "城西工区"},
    {"customer.known": True, "customer.language": "zh", "ticket.open": True, "ticket.department": ""},
]

answers = st.lists(
    st.sampled_from(["", "#", "*", "0", "1", "2", "3", "4", "9", "10", "12345#", "7#", "A"]), max_size=12
)


def run(
    flow: str, keys: list[str], customer: dict[str, Any], *, dead_at: int | None = None, cut_at: int | None = None
) -> tuple[Outcome, Cursor, list[Any], int]:
    """Walk a flow; another process resumes it after a crash."""
    service = Service({"identify_caller": customer, "find_account": customer})
    caller = Caller(list(keys), hang_up_at=cut_at)
    cursor = LIBRARY.flows[flow].begin({"survey": {"remind_payment": True}, "call": {"greeting": "greeting"}})
    kept = Kept(dead_at=dead_at)
    walker = FlowWalker(LIBRARY.flows, caller, Names(), service.table(), kept)
    try:
        outcome = asyncio.run(walker.walk(cursor))
    except asyncio.CancelledError:
        found = kept.last
        second = FlowWalker(LIBRARY.flows, caller, Names(), service.table(), kept)
        cursor, outcome = found, asyncio.run(second.walk(found))
    return outcome, cursor, service.calls, len(kept.saved)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["hotline", "survey"]), answers, st.sampled_from(CUSTOMERS), st.data())
def test_a_resumed_walk_equals_an_uninterrupted_one(
    flow: str, keys: list[str], customer: dict[str, Any], data: st.DataObject
) -> None:
    outcome, cursor, calls, saves = run(flow, keys, customer)
    whole = (outcome, msgspec.to_builtins(cursor), calls)

    dead_at = data.draw(st.integers(0, saves - 1), label="dies after save")
    outcome, cursor, calls, _ = run(flow, keys, customer, dead_at=dead_at)
    assert (outcome, msgspec.to_builtins(cursor), calls) == whole

    cut_at = data.draw(st.integers(0, 6), label="dies during question")
    outcome, cursor, calls, _ = run(flow, keys, customer, cut_at=cut_at)
    assert (outcome, msgspec.to_builtins(cursor), calls) == whole


def test_a_survey_can_be_resumed_at_every_step() -> None:
    keys = ["1", "2", "3", "1", "10"]
    outcome, cursor, calls, saves = run("survey", keys, CUSTOMERS[1])
    assert saves > 8
    assert cursor.variables["answers"] == {
        "solved": "no", "attitude": "dissatisfied", "charged": "yes", "score": 10, "suggestion": "recording-1",
    }  # fmt: skip
    for dead_at in range(saves):
        assert run("survey", keys, CUSTOMERS[1], dead_at=dead_at)[:3] == (outcome, cursor, calls)
