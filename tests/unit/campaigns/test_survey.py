"""H10: what answers mean."""

import pytest

from ari_app.campaigns.model import SurveyAnswers, SurveyVerdict
from ari_app.campaigns.survey import read_answers, together, verdict
from foundation.clock import utc_now


def answers(**given: object) -> SurveyAnswers:
    return SurveyAnswers(contact_id="c", ticket_id="t", call_id="call", at=utc_now(), **read_answers(given))


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"solved": "yes", "attitude": "satisfied", "charged": "no"}, SurveyVerdict.CONFIRMED),
        ({"solved": "yes", "attitude": "average"}, SurveyVerdict.CONFIRMED),
        ({"solved": "yes", "attitude": "dissatisfied"}, SurveyVerdict.SUPERVISOR),
        ({"solved": "yes", "charged": "yes"}, SurveyVerdict.SUPERVISOR),
        ({"solved": "no", "attitude": "satisfied"}, SurveyVerdict.REDO),
        ({"attitude": "satisfied"}, None),
        ({"solved": "maybe"}, None),
    ],
)
def test_answers_decide_the_ticket(given: dict[str, object], meant: SurveyVerdict | None) -> None:
    assert verdict(answers(**given)) is meant


def test_one_not_solved_outweighs_everything() -> None:
    assert together([SurveyVerdict.CONFIRMED, SurveyVerdict.REDO, SurveyVerdict.SUPERVISOR]) is SurveyVerdict.REDO
    assert together([SurveyVerdict.CONFIRMED, SurveyVerdict.SUPERVISOR]) is SurveyVerdict.SUPERVISOR
    assert together([]) is SurveyVerdict.UNREACHED


@pytest.mark.parametrize(
    ("keyed", "score"), [("1", 1), ("10", 10), ("0", None), ("11", None), ("abc", None), ("²", None)]
)
def test_a_score_is_one_to_ten(keyed: str, score: int | None) -> None:
    assert answers(score=keyed).score == score
