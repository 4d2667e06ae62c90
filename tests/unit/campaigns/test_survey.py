"""H10: answers, their meaning and their words."""

import re

import pytest

from ari_app.campaigns.model import SurveyAnswers, SurveyVerdict
from ari_app.campaigns.survey import given_answers, prompts_for, read_answers, verdicts
from ari_app.campaigns.wording import SurveyWording
from crm.kinds import TicketKind
from crm.tickets.model import VISITED
from foundation.clock import utc_now
from ivr.prompts import read_catalogue
from tests.unit.ivr.caller import CALLFLOWS


def answers(**given: object) -> SurveyAnswers:
    return SurveyAnswers(contact_id="c", ticket_id="t", call_id="call", at=utc_now(), **read_answers(given))


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"solved": "yes", "attitude": "satisfied", "charged": "no"}, {SurveyVerdict.CONFIRMED}),
        ({"solved": "yes", "attitude": "average"}, {SurveyVerdict.CONFIRMED}),
        ({"solved": "yes", "attitude": "dissatisfied"}, {SurveyVerdict.SUPERVISOR}),
        ({"solved": "yes", "charged": "yes"}, {SurveyVerdict.SUPERVISOR}),
        ({"solved": "no", "attitude": "satisfied"}, {SurveyVerdict.REDO}),
        ({"solved": "no", "attitude": "dissatisfied"}, {SurveyVerdict.REDO, SurveyVerdict.SUPERVISOR}),
        ({"solved": "no", "charged": "yes"}, {SurveyVerdict.REDO, SurveyVerdict.SUPERVISOR}),
        ({"attitude": "dissatisfied"}, {SurveyVerdict.SUPERVISOR}),
        ({"attitude": "satisfied"}, set()),
        ({"solved": "maybe"}, set()),
    ],
)
def test_answers_decide_the_ticket(given: dict[str, object], meant: set[SurveyVerdict]) -> None:
    assert verdicts(answers(**given)) == meant


@pytest.mark.parametrize("kind", TicketKind)
def test_every_question_has_words_for_every_kind_of_ticket(kind: TicketKind) -> None:
    """H1, H10: no repair is spoken of after a consultation."""
    catalogue, _ = read_catalogue(CALLFLOWS)
    prompts = prompts_for(kind)
    asked = [prompts[question] for question in ("opening", "solved", "attitude")]
    if kind in VISITED:
        asked.append(prompts["charged"])
    for language in ("zh", "en"):
        texts = [catalogue.text(name, language) for name in asked]
        assert all(texts)
        assert kind is TicketKind.FAULT or not any("维修" in (text or "") or "repair" in (text or "") for text in texts)


@pytest.mark.parametrize(
    "given",
    [
        None,
        answers(solved="no", attitude="dissatisfied", charged="yes", score="3"),
        answers(solved="yes", attitude="satisfied", charged="no", score="10"),
        answers(attitude="average"),
    ],
)
def test_results_on_chinese_tickets_have_no_latin_letters(given: SurveyAnswers | None) -> None:
    catalogue, _ = read_catalogue(CALLFLOWS)
    wording = SurveyWording(catalogue)
    texts = [
        wording.result(given),
        wording.suggestion_subject("暖气"),
        wording.suggestion_text("26112900001", ""),
        wording.suggestion_note(),
    ]
    assert all(texts)
    assert not re.search("[A-Za-z{}]", " ".join(texts))


def test_the_result_tells_all_answers() -> None:
    catalogue, _ = read_catalogue(CALLFLOWS)
    given = answers(solved="no", attitude="dissatisfied", charged="yes", score="3")
    assert SurveyWording(catalogue).result(given) == "电话回访：未解决，不满意，有收费，评分3分"


@pytest.mark.parametrize(
    ("keyed", "score"), [("1", 1), ("10", 10), ("0", None), ("11", None), ("abc", None), ("²", None)]
)
def test_a_score_is_one_to_ten(keyed: str, score: int | None) -> None:
    assert answers(score=keyed).score == score


def test_given_answers_are_stored_by_question() -> None:
    given = SurveyAnswers(contact_id="c", ticket_id="t", at=utc_now(), solved=False, attitude="dissatisfied", score=3)
    assert given_answers(given) == {"solved": False, "attitude": "dissatisfied", "score": 3}
    assert given_answers(None) == {}
