"""Outcomes of agents' calls, and the call-back list behind them."""

from datetime import timedelta

import pytest

from ari_app.calls.call_services import AgentPhone
from ari_app.calls.control.model import Target, TargetKind
from ari_app.calls.model import CallState, Outgoing
from ari_app.calls.outgoing import outgoing_call
from ari_app.desk.call_states import OutgoingResult
from ari_app.missed.model import MissedQuery, MissedReason
from ari_app.missed.service import MissedCallers
from ari_app.outgoing.errors import NotOwnCall
from ari_app.outgoing.model import FindOutgoing, OutcomeInput, OutgoingOutcome
from ari_app.outgoing.outcomes import Outcomes
from foundation.clock import utc_now
from foundation.database import Database
from foundation.problems import broken_rules
from foundation.routes import Principal
from tests.unit.missed.test_missed import LI, WANG, call, numbers, people

__all__ = ["people"]
AGAIN = {"outcome": "call_again", "call_again_at": utc_now() + timedelta(hours=3), "note": "after work"}


class Live:
    """Calls that are under way."""

    def __init__(self) -> None:
        self.states: dict[str, CallState] = {}

    async def get(self, call_id: str) -> CallState | None:
        return self.states.get(call_id)


@pytest.fixture
def missed(database: Database) -> MissedCallers:
    return MissedCallers(database)


@pytest.fixture
def live() -> Live:
    return Live()


@pytest.fixture
def outcomes(database: Database, missed: MissedCallers, live: Live) -> Outcomes:
    return Outcomes(database, missed, live.get)


def state_of(who: Principal, number: str, missed_call_id: str | None = None) -> CallState:
    target = Target(TargetKind.NUMBER, number, number)
    outgoing = Outgoing(who.staff_id, who.name, target, missed_call_id=missed_call_id)
    phone = AgentPhone(who.staff_id, who.staff_number, who.name, "agent1001")
    return outgoing_call("node-1", phone, outgoing, ring_s=20)


async def ended(database: Database, outcomes: Outcomes, state: CallState, result: OutgoingResult) -> None:
    """End a call, as the service does."""
    assert state.outgoing is not None
    state.outgoing.result = result
    reached = result is OutgoingResult.REACHED
    outcome = "answered" if reached else "unreached"
    await call(database, state.id, state.number, 0, direction="outbound", outcome=outcome)
    await outcomes.settle(state)
    await outcomes.settle(state)


async def test_number_to_be_called_again_is_on_the_list(
    database: Database, outcomes: Outcomes, missed: MissedCallers, live: Live, people: list[Principal]
) -> None:
    anna, bert, carol = people
    state = state_of(anna, WANG)
    live.states[state.id] = state
    given = OutcomeInput.model_validate(AGAIN)
    with pytest.raises(NotOwnCall):
        await outcomes.store(state.id, given, bert)
    await outcomes.store(state.id, given, anna)
    live.states.clear()
    await ended(database, outcomes, state, OutgoingResult.REACHED)

    (entry,) = await missed.listed(MissedQuery(), bert)
    assert (entry.number, entry.reason, entry.call_id) == (WANG, MissedReason.CALL_AGAIN, state.id)
    assert entry.call_again_at == given.call_again_at
    assert entry.calls == 0, "the customer did not call"
    (view,) = await outcomes.find(FindOutgoing(), anna)
    assert (view.result, view.outcome, view.note) == (OutgoingResult.REACHED, OutgoingOutcome.CALL_AGAIN, "after work")
    assert await outcomes.find(FindOutgoing(), bert) == []
    assert len(await outcomes.find(FindOutgoing(), carol)) == 1

    await outcomes.store(state.id, OutcomeInput(outcome=OutgoingOutcome.WRONG_NUMBER), anna)
    assert await numbers(missed, bert) == []


async def test_missed_caller_who_is_not_reached_stays_with_one_more_attempt(
    database: Database, outcomes: Outcomes, missed: MissedCallers, people: list[Principal]
) -> None:
    anna = people[0]
    await call(database, "call-1", LI, 50)
    await missed.claim("call-1", anna)
    state = state_of(anna, LI, "call-1")
    await ended(database, outcomes, state, OutgoingResult.BUSY)
    (entry,) = await missed.listed(MissedQuery(), anna)
    assert (entry.attempts, entry.claimed_by) == (1, None)

    await outcomes.store(state.id, OutcomeInput(outcome=OutgoingOutcome.NO_ANSWER), anna)
    (entry,) = await missed.listed(MissedQuery(), anna)
    assert entry.attempts == 1, "the same attempt, said otherwise"
    await outcomes.store(state.id, OutcomeInput(outcome=OutgoingOutcome.WRONG_NUMBER), anna)
    assert await numbers(missed, anna) == []


async def test_call_that_was_cancelled_is_no_attempt(
    database: Database, outcomes: Outcomes, missed: MissedCallers, people: list[Principal]
) -> None:
    anna = people[0]
    await call(database, "call-1", LI, 50)
    await missed.claim("call-1", anna)
    await ended(database, outcomes, state_of(anna, LI, "call-1"), OutgoingResult.CANCELLED)
    (entry,) = await missed.listed(MissedQuery(), anna)
    assert (entry.attempts, entry.claimed_by) == (0, anna.staff_id)


@pytest.mark.parametrize(
    "given",
    [
        {"outcome": "call_again"},
        {"outcome": "reached", "call_again_at": AGAIN["call_again_at"]},
        {"outcome": "call_again", "call_again_at": utc_now() - timedelta(hours=1)},
        {"outcome": "call_again", "call_again_at": utc_now() + timedelta(days=90)},
    ],
    ids=["no time", "time without reason", "past", "too late"],
)
def test_time_of_call_again_is_checked(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="call_again_at") as refused:
        OutcomeInput.model_validate(given)
    assert len(broken_rules(refused.value)) == 1  # type: ignore[arg-type]
