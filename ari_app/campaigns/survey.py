"""Effects of survey answers (H8, H10), and prompts by kind."""

from collections.abc import Mapping
from typing import Any

from ari_app.campaigns.model import Attitude, SurveyAnswers, SurveyVerdict
from crm.kinds import TicketKind
from crm.tickets.log_facts import Answers

LOWEST_SCORE = 1
HIGHEST_SCORE = 10
ATTITUDES = frozenset(Attitude)
QUESTIONS = ("solved", "attitude", "charged", "score")
QUESTIONS_BY_KIND = ("opening", "solved", "attitude", "charged")
"""Questions with words of their own for each kind of ticket."""


def read_answers(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of `SurveyAnswers` from a flow's `answers.…` variables.

    Values that are none of the answers count as not answered.
    """
    attitude, score = given.get("attitude"), str(given.get("score"))
    return {
        "solved": _yes_or_no(given.get("solved")),
        "attitude": attitude if attitude in ATTITUDES else None,
        "charged": _yes_or_no(given.get("charged")),
        "score": int(score) if _is_score(score) else None,
        "suggestion_recording_id": given.get("suggestion"),
    }


def verdicts(answers: SurveyAnswers) -> frozenset[SurveyVerdict]:
    """Return the effects of one survey's answers.

    There are none where the decisive question is open. "Not solved" sends the ticket back; "dissatisfied" or "charged"
    goes to a supervisor, also with "not solved" (H10).
    """
    found = set()
    if answers.attitude == Attitude.DISSATISFIED or answers.charged:
        found.add(SurveyVerdict.SUPERVISOR)
    if answers.solved is False:
        found.add(SurveyVerdict.REDO)
    if answers.solved and not found:
        found.add(SurveyVerdict.CONFIRMED)
    return frozenset(found)


def given_answers(answers: SurveyAnswers | None) -> Answers:
    """Return the answers that were given, by question."""
    asked = {} if answers is None else {name: getattr(answers, name) for name in QUESTIONS}
    return {name: answer for name, answer in asked.items() if answer is not None}


def prompts_for(kind: TicketKind) -> dict[str, str]:
    """Return the prompts that ask about a ticket of this kind (H1, H10)."""
    repair = kind is TicketKind.FAULT
    return {question: f"survey_{question}" + ("" if repair else f"_{kind.value}") for question in QUESTIONS_BY_KIND}


def _yes_or_no(value: object) -> bool | None:
    return {"yes": True, "no": False, True: True, False: False}.get(value) if isinstance(value, str | bool) else None


def _is_score(value: str) -> bool:
    return value.isascii() and value.isdigit() and LOWEST_SCORE <= int(value) <= HIGHEST_SCORE
