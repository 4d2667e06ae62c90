"""One attempt carried out as a call: dialled, surveyed, judged."""

from datetime import datetime

import structlog

from ari_app.ari.errors import AriError
from ari_app.calls.call import LiveCall
from ari_app.calls.errors import NumberRefused
from ari_app.calls.model import CallState
from ari_app.campaigns.actions import CALL_AGAIN
from ari_app.campaigns.model import AttemptOutcome
from ari_app.campaigns.rules import Dialling
from ari_app.campaigns.service import CampaignService
from ari_app.campaigns.settling import Suggestion, SurveyedTicketsByRule
from ari_app.desk.call_states import Direction
from ari_app.desk.model import CallStage
from foundation.clock import from_milliseconds, milliseconds, utc_now
from foundation.database import out_of_reach
from foundation.ids import new_id
from ivr.variables import read

# Q.850: why a phone that rang was not answered.
UNANSWERED = {17: AttemptOutcome.BUSY, 18: AttemptOutcome.NO_ANSWER, 19: AttemptOutcome.NO_ANSWER}
REJECTED = 21

log = structlog.get_logger()


class SurveyResults:
    """Results of survey calls: stores the answers and settles the attempt."""

    def __init__(self, campaigns: CampaignService, surveyed: SurveyedTicketsByRule) -> None:
        self._campaigns = campaigns
        self._surveyed = surveyed

    async def settle(self, call: LiveCall) -> None:
        """Store the answers of an ended call and settle its contact.

        What was answered until a hang-up is kept: "not solved" counts whether or not the survey went on. Safe to
        repeat, as it is where the process died halfway or the database is away.
        """
        attempt_id = call.state.attempt_id
        assert attempt_id is not None, "an outbound call carries out an attempt"
        try:
            outcome, call_again_at = await self._judge(call, attempt_id)
        except Exception as error:
            if out_of_reach(error):
                raise
            log.exception("dialling_failed", attempt_id=attempt_id)
            outcome, call_again_at = AttemptOutcome.FAILED, None
        log.info("survey_attempt", attempt_id=attempt_id, outcome=outcome)
        await self._campaigns.finished(attempt_id, outcome, call_again_at)

    async def _judge(self, call: LiveCall, attempt_id: str) -> tuple[AttemptOutcome, datetime | None]:
        variables = call.state.cursor.variables if call.state.cursor is not None else {}
        answers = read(variables, "answers") or {}
        if answers:
            await self._campaigns.store_answers(attempt_id, answers)
        if answers.get("suggestion"):
            await self._surveyed.suggested(_suggestion(call.state, str(answers["suggestion"])))
        chosen = read(variables, CALL_AGAIN)
        outcome = _outcome(call, answered=bool(answers.get("solved")), postponed=chosen is not None)
        return outcome, from_milliseconds(chosen) if chosen is not None else None


def _suggestion(state: CallState, recording_id: str) -> Suggestion:
    assert state.ticket_id is not None, "a survey is about a ticket"
    assert state.attempt_id is not None, "and an attempt's call"
    return Suggestion(
        key=state.attempt_id,
        ticket_id=state.ticket_id,
        customer_id=state.customer_id,
        number=state.number,
        call_id=state.id,
        recording_id=recording_id,
    )


def _outcome(call: LiveCall, *, answered: bool, postponed: bool) -> AttemptOutcome:
    if call.state.answered_at_ms is None:
        if isinstance(call.failure, AriError | NumberRefused):
            return AttemptOutcome.UNAVAILABLE
        if call.cause == REJECTED:
            return AttemptOutcome.REJECTED
        return UNANSWERED.get(call.cause, AttemptOutcome.UNAVAILABLE)
    if answered:
        return AttemptOutcome.COMPLETED
    return AttemptOutcome.POSTPONED if postponed else AttemptOutcome.PARTIAL


def outbound_call(node: str, dialling: Dialling) -> CallState:
    """Return the first state of an attempt's call."""
    return CallState(
        id=dialling.call_id,
        node=node,
        direction=Direction.OUTBOUND,
        channel_id=new_id("contact-leg"),
        number=dialling.number,
        access_number="",
        stage=CallStage.DIALLING,
        started_at_ms=milliseconds(utc_now()),
        attempt_id=dialling.attempt_id,
        customer_id=dialling.customer_id,
        ticket_id=dialling.ticket_id,
    )
