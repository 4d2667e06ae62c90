"""Use cases of outcomes: what came of agents' calls."""

from collections.abc import Awaitable, Callable

import structlog

from ari_app.calls.model import CallState
from ari_app.desk.call_states import OutgoingResult
from ari_app.missed.errors import ClaimedByAnother, NoSuchMissedCaller
from ari_app.missed.model import MissedResult, ResultInput
from ari_app.missed.service import MissedCallers
from ari_app.outgoing import store
from ari_app.outgoing.errors import NotOwnCall
from ari_app.outgoing.model import FindOutgoing, OutcomeInput, OutgoingCall, OutgoingCallView, OutgoingOutcome
from foundation.clock import from_milliseconds
from foundation.database import Database
from foundation.routes import LEADERS, Principal, Role

LiveState = Callable[[str], Awaitable[CallState | None]]
"""Returns a call that is under way on any node."""

_TRIED = {
    OutgoingResult.REACHED: OutgoingOutcome.REACHED,
    OutgoingResult.BUSY: OutgoingOutcome.BUSY,
    OutgoingResult.NO_ANSWER: OutgoingOutcome.NO_ANSWER,
    OutgoingResult.REFUSED: OutgoingOutcome.BUSY,
    OutgoingResult.UNREACHABLE: OutgoingOutcome.UNREACHABLE,
}
"""Results that say whether the number was reached; the others are no attempt."""
_MISSED = {
    OutgoingOutcome.REACHED: MissedResult.REACHED,
    OutgoingOutcome.WRONG_NUMBER: MissedResult.WRONG_NUMBER,
}

log = structlog.get_logger()


class Outcomes:
    """Outcomes of agents' calls, and what follows from them."""

    def __init__(self, database: Database, missed: MissedCallers, live: LiveState) -> None:
        self._database = database
        self._missed = missed
        self._live = live

    async def settle(self, state: CallState) -> None:
        """Store the result of an ended call. Safe to repeat.

        Raises:
            SQLAlchemyError: the database is out of reach.
        """
        outgoing = state.outgoing
        assert outgoing is not None, "an agent made the call"
        async with self._database.write() as session:
            row = await session.get(OutgoingCall, state.id) or _row(state)
            is_new = row.result is None
            row.result = outgoing.result
            session.add(row)
            outcome = row.outcome
        tried = _TRIED.get(outgoing.result) if outgoing.result is not None else None
        if is_new and outcome is None and tried is not None and outgoing.missed_call_id is not None:
            who = Principal(outgoing.agent_id, "", outgoing.caller_name, Role.AGENT)
            await self._finish_missed(outgoing.missed_call_id, tried, "", who, is_new=True)

    async def store(self, call_id: str, given: OutcomeInput, who: Principal) -> None:
        """Store what the agent says about a call.

        Raises:
            NotOwnCall: it is no call out of this agent.
        """
        state = await self._live(call_id)
        async with self._database.write() as session:
            row = await session.get(OutgoingCall, call_id)
            if row is None and state is not None and state.outgoing is not None:
                row = _row(state)
            if row is None or (row.staff_id != who.staff_id and who.role not in LEADERS):
                raise NotOwnCall(f"{call_id} is no call of this agent")
            is_new = row.outcome is None and _TRIED.get(row.result or OutgoingResult.FAILED) is None
            row.outcome, row.call_again_at, row.note = given.outcome, given.call_again_at, given.note
            session.add(row)
            missed_call_id = row.missed_call_id
        await self._missed.call_again(call_id, given.call_again_at, who)
        if missed_call_id is not None:
            await self._finish_missed(missed_call_id, given.outcome, given.note, who, is_new=is_new)

    async def find(self, wanted: FindOutgoing, who: Principal) -> list[OutgoingCallView]:
        """Return the agent's own calls, newest first; all to leaders."""
        async with self._database.read() as session:
            rows = await store.found(session, wanted, None if who.role in LEADERS else who.staff_id)
        return [OutgoingCallView.model_validate(row) for row in rows]

    async def _finish_missed(
        self, call_id: str, outcome: OutgoingOutcome, note: str, who: Principal, *, is_new: bool
    ) -> None:
        """Store the outcome as the result of calling back."""
        given = ResultInput(result=_MISSED.get(outcome, MissedResult.NOT_REACHED), note=note)
        try:
            await self._missed.finish(call_id, given, who, is_new=is_new)
        except (ClaimedByAnother, NoSuchMissedCaller) as error:
            log.warning("missed_caller_not_finished", call_id=call_id, error=str(error))


def _row(state: CallState) -> OutgoingCall:
    outgoing = state.outgoing
    assert outgoing is not None, "an agent made the call"
    return OutgoingCall(
        call_id=state.id,
        staff_id=outgoing.agent_id,
        number=state.number,
        customer_id=state.customer_id,
        ticket_id=state.ticket_id,
        missed_call_id=outgoing.missed_call_id,
        at=from_milliseconds(state.started_at_ms),
    )
