"""What a customer's answers mean (H8, H10), as pure functions of the answers."""

from collections.abc import Iterable, Mapping
from typing import Any

from ari_app.campaigns.model import Attitude, SurveyAnswers, SurveyVerdict

LOWEST_SCORE = 1
HIGHEST_SCORE = 10
ATTITUDES = frozenset(Attitude)


def read_answers(given: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of `SurveyAnswers` from a flow's `answers.…` variables; nonsense counts as not answered."""
    attitude, score = given.get("attitude"), str(given.get("score"))
    return {
        "solved": _yes_or_no(given.get("solved")),
        "attitude": attitude if attitude in ATTITUDES else None,
        "charged": _yes_or_no(given.get("charged")),
        "score": int(score) if _is_score(score) else None,
        "suggestion_recording_id": given.get("suggestion"),
    }


def verdict(answers: SurveyAnswers) -> SurveyVerdict | None:
    """What one survey means for the ticket; None where the customer hung up before saying whether it is solved.

    "Not solved" sends the ticket back; "dissatisfied" or "charged" goes to a supervisor (H10).
    """
    if answers.solved is None:
        return None
    if not answers.solved:
        return SurveyVerdict.REDO
    if answers.attitude == Attitude.DISSATISFIED or answers.charged:
        return SurveyVerdict.SUPERVISOR
    return SurveyVerdict.CONFIRMED


def together(verdicts: Iterable[SurveyVerdict]) -> SurveyVerdict:
    """What the verdicts of all reporters mean together: the gravest counts, nobody reached means unreached."""
    gravest = (SurveyVerdict.REDO, SurveyVerdict.SUPERVISOR, SurveyVerdict.CONFIRMED)
    found = set(verdicts)
    return next((verdict for verdict in gravest if verdict in found), SurveyVerdict.UNREACHED)


def _yes_or_no(value: object) -> bool | None:
    return {"yes": True, "no": False, True: True, False: False}.get(value) if isinstance(value, str | bool) else None


def _is_score(value: str) -> bool:
    return value.isascii() and value.isdigit() and LOWEST_SCORE <= int(value) <= HIGHEST_SCORE
