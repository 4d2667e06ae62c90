"""Refusals in the request's language, with the code of each rule."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from ari_app.queues.documents.model import DocumentFinding
from ari_app.web.labels import LABELS_FILE, read_labels
from ari_app.web.problem_texts import PROBLEMS_FILE, language_of, read_problem_texts, shipped_texts
from ari_app.web.router import _worded
from crm.customers.importing.model import RowError
from foundation.findings import Finding
from foundation.problems import REASON, FieldProblem, ProblemDetails, Reason
from foundation.routes import Role
from tests.unit.web.conftest import House


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("fr, zh-Hans-CN;q=0.3", "zh"),
        ("en;q=0.1, zh;q=0.2", "zh"),
        ("zh;q=0", "en"),
        ("*;;q=zh, \x00", "en"),
    ],
)
def test_language_is_the_first_of_ours_that_is_preferred(header: str, language: str) -> None:
    assert language_of(header) == language


def test_parameters_and_labels_are_put_into_the_chinese_sentence() -> None:
    details = ProblemDetails(
        type="/problems/ticket-state",
        title="The ticket's state does not allow this",
        status=409,
        detail="ticket 20261129001 is archived; reply needs signed",
        errors=[
            FieldProblem(field="text", rule="String should have at most 2000 characters"),
            FieldProblem(field="version", rule="must be 7; read the ticket again"),
            FieldProblem(field="x", rule="a rule that is not in the catalogue"),
        ],
    )
    zh, en = (shipped_texts().worded(details, language) for language in ("zh", "en"))
    assert (zh.title, zh.detail) == ("工单当前状态不允许此操作", "工单 20261129001 现为“已归档”，不能“回复”。")
    assert [(one.code, one.rule) for one in zh.errors] == [
        ("string_too_long", "最多 2000 个字"),
        ("stale_version", "内容已被他人修改，请刷新"),
        ("other", "a rule that is not in the catalogue"),
    ]
    assert en.errors[0].parameters["max_length"] == "2000"
    assert (en.title, en.detail, en.errors[0].rule) == (details.title, details.detail, details.errors[0].rule)


@pytest.mark.parametrize(
    ("message", "chinese"),
    [
        ("name: this is required", "第 85 行：name：请填写"),
        ("ring_s: Input should be a valid number, unable to parse string as a number", "第 85 行：ring_s：应为数字"),
        ("overflow.0.to: there is no other queue d", "第 85 行：overflow.0.to：没有名为“d”的其他队列"),
        ("this is required", "第 85 行：请填写"),
        ("a sentence that is not in the catalogue", "第 85 行：a sentence that is not in the catalogue"),
    ],
)
def test_broken_line_of_rules_is_chinese_to_its_end(message: str, chinese: str) -> None:
    errors = [FieldProblem(field="rules", rule=f"line 85: {message}")]
    details = ProblemDetails(type="/problems/rules-invalid", title="x", status=422, detail="x", errors=errors)
    zh, en = (shipped_texts().worded(details, language).errors[0] for language in ("zh", "en"))
    assert (zh.code, zh.rule) == ("line_of_rules", chinese)
    assert en.rule == f"line 85: {message}"


def test_times_are_those_of_the_house_in_peoples_format() -> None:
    details = ProblemDetails(
        type="/problems/x",
        title="x",
        status=409,
        detail="no code at 2026-12-03T04:47:04.102377+00:00",
        errors=[FieldProblem(field="until", rule="must be later than 2026-12-03T04:47:04.102377+00:00")],
    )
    for zone, clock in (("Asia/Shanghai", "2026-12-03 12:47"), ("UTC", "2026-12-03 04:47")):
        zh, en = (shipped_texts().in_zone(zone).worded(details, language) for language in ("zh", "en"))
        assert (zh.errors[0].rule, en.errors[0].rule) == (f"应晚于 {clock}", f"must be later than {clock}")
        assert zh.detail == en.detail == f"no code at {clock}"


class _Try(BaseModel):
    error: Reason


class _Tried(BaseModel):
    tries: list[_Try]
    name: str = "no gateway for sms is set up"


def test_stored_reasons_are_said_in_the_readers_language() -> None:
    tried = _Tried(tries=[_Try(error="no gateway for sms is set up"), _Try(error="HTTP 500"), _Try(error=None)])
    (zh,), (en,) = (_worded([tried], shipped_texts(), language) for language in ("zh", "en"))
    assert [one.error for one in zh.tries] == ["未配置短信网关", "HTTP 500", None]
    assert zh.name == tried.name
    assert en == tried


def test_a_parameter_has_all_its_quotation_marks() -> None:
    for values, listed in (("'agent', 'department' or 'number'", "agent、department、number"), ("'agent'", "agent")):
        known = shipped_texts().rule(f"Input should be {values}")
        assert known is not None
        assert known.zh == f"应为以下之一：{listed}"
        assert (known.code, known.parameters) == ("enum", {"expected": values})


async def test_a_refused_form_is_answered_in_the_language_of_the_page(house: House) -> None:
    async with await house.signed_in(Role.AGENT) as http:
        for language, title, rule in (
            ("zh-CN", "有字段不符合规则", "请填写"),
            ("en", "A field breaks a rule", "Field required"),
        ):
            async with http.post("/api/v1/things", json={}, headers={"Accept-Language": language}) as answer:
                assert answer.status == 422
                assert answer.headers["Content-Language"] == language[:2]
                body = await answer.json()
            assert body["title"] == title
            assert (body["errors"][0]["code"], body["errors"][0]["rule"]) == ("missing", rule)
        async with http.get("/api/v1/nothing", headers={"Accept-Language": "zh"}) as answer:
            assert (await answer.json())["title"] == "未找到"


def test_labels_that_an_older_file_lacks_are_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / LABELS_FILE).write_text("Role:\n  agent: { zh: 接线员, en: operator }\n", encoding="utf-8")
    labels, findings = read_labels(tmp_path)
    assert findings == []
    assert labels.chinese("Role", "agent") == "接线员"
    assert labels.chinese("Role", "supervisor") == "班长"
    (tmp_path / LABELS_FILE).write_text("Role:\n  agent: { zh: 接线员 }\n", encoding="utf-8")
    assert [str(one) for one in read_labels(tmp_path)[1]] == [
        "labels.yaml:2: missing-field: Role.agent.en: this is required"
    ]
    (tmp_path / PROBLEMS_FILE).write_text(
        "titles: {}\nrules:\n  x: { en: a, zh: '{b}' }\ndetails: []\n", encoding="utf-8"
    )
    texts, findings = read_problem_texts(tmp_path, labels)
    assert texts is None
    assert [str(one) for one in findings] == ["problems.yaml:3: unknown-name: {b} is not in the English text"]


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("must be there once; it is also in row 2", "户号重复，与第 2 行相同"),
        ("Field required", "请填写"),
        ("there is no other queue repiar", "没有名为“repiar”的其他队列"),
    ],
)
def test_sentences_of_files_are_in_the_language(english: str, chinese: str) -> None:
    assert shipped_texts().reason(english, "zh") == chinese
    assert shipped_texts().reason(english, "en") == english


@pytest.mark.parametrize(
    ("message", "place", "sentence"),
    [
        ("overflow.0.to: there is no other queue d", "overflow.0.to", "there is no other queue d"),
        ("this is not YAML: expected a key", "", "this is not YAML: expected a key"),
        ("strategy: Input should be 'x'", "strategy", "Input should be 'x'"),
    ],
)
def test_finding_of_queues_has_its_place_apart(message: str, place: str, sentence: str) -> None:
    found = DocumentFinding.of(Finding("queues.yaml", 3, "a-rule", message))
    assert (found.place, found.message) == (place, sentence)


@pytest.mark.parametrize(("view", "field"), [(RowError, "rule"), (DocumentFinding, "message")])
def test_files_say_their_faults_in_the_language(view: type[BaseModel], field: str) -> None:
    assert REASON in view.model_fields[field].metadata
