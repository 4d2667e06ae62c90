"""Written texts of surveys, from the catalogue of prompts."""

from collections.abc import Iterator

from ari_app.campaigns.model import SurveyAnswers
from ivr.prompts import PromptCatalogue

LISTED: dict[str, str] = {"zh": "，", "en": ", "}
"""What stands between the answers."""
ANSWERS = frozenset(
    f"survey_said_{answer}"
    for answer in (
        "solved", "not_solved", "satisfied", "average", "dissatisfied", "charged", "not_charged", "score"
    )
)  # fmt: skip
SURVEY_TEXTS = ANSWERS | {
    "survey_heard",
    "survey_nobody_reached",
    "survey_suggestion_subject",
    "survey_suggestion_text",
    "survey_suggestion_recorded",
    "survey_suggestion_note",
}
"""Prompts that are written, not spoken."""


class SurveyWording:
    """Words the results of surveys in the language of the organisation."""

    def __init__(self, catalogue: PromptCatalogue, language: str = "zh") -> None:
        self._catalogue = catalogue
        self._language = language

    def result(self, answers: SurveyAnswers | None) -> str:
        """Return what was answered; without answers, that the customer was not reached."""
        if answers is None:
            return self._text("survey_nobody_reached")
        listed = LISTED[self._language].join(self._answers(answers))
        return self._text("survey_heard", answers=listed)

    def suggestion_subject(self, subject: str) -> str:
        """Return the subject of the ticket that a suggestion becomes."""
        return f"{self._text('survey_suggestion_subject')}{subject}"

    def suggestion_text(self, number: str, text: str) -> str:
        """Return the description of that ticket; an empty text was only spoken."""
        said = text or self._text("survey_suggestion_recorded")
        return f"{self._text('survey_suggestion_text', number=number)}{said}"

    def suggestion_note(self) -> str:
        """Return the note at the recording of a suggestion."""
        return self._text("survey_suggestion_note")

    def _answers(self, answers: SurveyAnswers) -> Iterator[str]:
        if answers.solved is not None:
            yield self._text("survey_said_solved" if answers.solved else "survey_said_not_solved")
        if answers.attitude is not None:
            yield self._text(f"survey_said_{answers.attitude}")
        if answers.charged is not None:
            yield self._text("survey_said_charged" if answers.charged else "survey_said_not_charged")
        if answers.score is not None:
            yield self._text("survey_said_score", score=answers.score)

    def _text(self, name: str, **fields: str | int) -> str:
        return self._catalogue.text(name, self._language, {"survey": fields}) or ""
