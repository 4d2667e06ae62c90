"""Catalogue of notices: validation with lines, rendering without execution."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.kinds import TicketKind
from crm.notices.catalogue import VARIABLES, NoticeCatalogue, load_catalogue, read_notices
from crm.tickets.model import TicketStatus, Urgency
from crm.tickets.transitions import TicketAction
from foundation.findings import ConfigurationInvalid
from tests.unit.crm.notices.conftest import CATALOGUE

FACTS = {name: f"<{name}>" for name in VARIABLES}


def broken(path: Path, before: str, after: str) -> list[str]:
    """Return the findings of the file after a change."""
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(ConfigurationInvalid) as refusal:
        load_catalogue(path)
    return [str(finding) for finding in refusal.value.findings]


def line_of(path: Path, text: str) -> int:
    return next(at for at, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if text in line)


def test_every_ticket_action_has_a_notice(catalogue: NoticeCatalogue) -> None:
    for action in TicketAction:
        assert catalogue.render(f"ticket.{action}", "zh", {"number": "1"}).subject
    for variable, codes in {"kind": TicketKind, "status": TicketStatus, "urgency": Urgency}.items():
        for code in codes:
            assert catalogue.render("ticket.urge", "en", {variable: code, "number": "1"}).text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_notice_renders_with_all_facts_and_with_none(catalogue: NoticeCatalogue, language: str) -> None:
    for kind in [*catalogue.events, "ticket.unheard_of"]:
        full, empty = catalogue.render(kind, language, FACTS), catalogue.render(kind, language, {})
        assert full.subject
        assert full.text
        assert not {"{", "}"} & set(full.subject + full.text + empty.subject + empty.text)


def test_unknown_name_is_reported_with_its_line(catalogue_file: Path) -> None:
    line = line_of(catalogue_file, "办理时限：{due}")
    (problem,) = broken(catalogue_file, "办理时限：{due}", "办理时限：{deadline}")
    assert problem.startswith(
        f"notices.yaml:{line}: unknown-variable: events.ticket.dispatch.zh.text: {{deadline}} is unknown;"
    )


def test_unknown_name_in_a_subject_is_reported_with_its_line(catalogue_file: Path) -> None:
    line = line_of(catalogue_file, "Urged: ticket {number} {subject}")
    (problem,) = broken(catalogue_file, "Urged: ticket {number} {subject}", "Urged: {ticket}")
    assert problem.startswith(
        f"notices.yaml:{line}: unknown-variable: events.ticket.urge.en.subject: {{ticket}} is unknown"
    )


@pytest.mark.parametrize("wrong", ["{{number}}", "{0.__class__}", "{number!r}", "{number:>10}", "{", "}", "{Number}"])
def test_s37_braces_hold_only_a_name(catalogue_file: Path, wrong: str) -> None:
    problems = broken(catalogue_file, "办理时限：{due}", f"办理时限：{wrong}")
    assert any("braces must hold one name" in problem for problem in problems)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("hear: [department]", "hear: [everybody]", ".hear.0: Input should be"),
        (
            "name: { zh: 新工单, en: New ticket }",
            "name: { zh: 新工单 }",
            "missing-field: events.ticket.dispatch.name.en: this is required",
        ),
        ("  ticket.urge:", "  Ticket Urge:", "events.Ticket Urge"),
        ("  other:\n", "  ticket.other:\n", "events: must have other"),
        ("  urgency:\n    normal", "  urgencies:\n    normal", "words.urgency: must give words"),
        ("words:\n", "words: [\n", "this is not YAML"),
        ("    fault: { zh: 报修", "    falt: { zh: 报修", "unknown-value: words.kind.falt: it is one of after_sales"),
        ("  urgency:\n    normal", "  haste:\n    normal", "unknown-value: words.haste: there is no such name"),
    ],
)
def test_broken_rule_is_reported(catalogue_file: Path, before: str, after: str, told: str) -> None:
    problems = broken(catalogue_file, before, after)
    assert any(told in problem for problem in problems), problems


def test_all_problems_are_reported_at_once(catalogue_file: Path) -> None:
    text = catalogue_file.read_text(encoding="utf-8").replace("{link}", "{url}")
    catalogue_file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationInvalid) as refusal:
        load_catalogue(catalogue_file)
    assert len(refusal.value.findings) > 30
    lines = [finding.line for finding in refusal.value.findings]
    written = text.splitlines()
    assert all("{url}" in written[line - 1] for line in lines)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b"words: {}\nevents: {}\n"])
def test_unreadable_file_is_reported(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notices.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationInvalid):
        load_catalogue(path)
    with pytest.raises(ConfigurationInvalid):
        load_catalogue(tmp_path / "none.yaml")


BEFORE_VISITS = """\
words:
  kind:
    fault: { zh: 报修单, en: repair }
  status:
    registered: { zh: 待派单, en: registered }
  urgency:
    normal: { zh: 一般, en: normal }
  clock:
    respond: { zh: 签收时限, en: time to sign for it }
events:
  other:
    name: { zh: 工单动态, en: Ticket news }
    hear: [department]
    zh: { subject: "工单动态：{number}", text: "{kind}，{status}，{reason}" }
    en: { subject: "Ticket news: {number}", text: "{kind}, {status}, {reason}" }
"""
"""Short form of a file of the release before visits, reasons and actors had texts in it."""


def test_file_of_an_older_release_is_completed_with_the_shipped_texts(tmp_path: Path) -> None:
    path = tmp_path / "notices.yaml"
    path.write_text(BEFORE_VISITS, encoding="utf-8")
    catalogue, findings, missing = read_notices(path, CATALOGUE)
    assert catalogue is not None
    assert findings == []

    facts = {"kind": "fault", "status": "archived", "reason": "duplicate", "number": "1", "visit": "09:00"}
    assert catalogue.render("other", "en", facts).text == "repair, archived, duplicate"
    assert "09:00" in catalogue.render_for_reporter("other", "zh", facts, "agreed").text
    assert {"visits.agreed", "visits.moved", "visits.cancelled", "words.reason", "words.actor"} <= set(missing)
    assert "words.status.archived" in missing
    assert not {"words.kind", "words.kind.fault"} & set(missing)


def test_shipped_file_lacks_nothing(catalogue_file: Path) -> None:
    for path in (CATALOGUE, catalogue_file):
        _, findings, missing = read_notices(path, CATALOGUE)
        assert (findings, missing) == ([], [])


def test_a_text_names_the_organisation_in_its_language(catalogue_file: Path) -> None:
    text = catalogue_file.read_text(encoding="utf-8")
    named = text.replace("agreed:\n    zh: |\n      ", "agreed:\n    zh: |\n      您好，{organisation.name}。").replace(
        "\n      A visit", "\n      {organisation.name}: a visit"
    )
    catalogue_file.write_text(named, encoding="utf-8")
    catalogue, findings, _ = read_notices(catalogue_file, CATALOGUE, {"zh": "城东供热", "en": "City Heating"})
    assert (catalogue is not None, findings) == (True, [])
    assert catalogue is not None
    said = [
        catalogue.render_for_reporter("ticket.agree_visit", one, {"number": "1"}, "agreed").text for one in ("zh", "en")
    ]
    assert said[0].startswith("您好，城东供热。")
    assert said[1].startswith("City Heating: ")


def test_line_with_only_empty_names_is_left_out(catalogue: NoticeCatalogue) -> None:
    said = catalogue.render("ticket.dispatch", "zh", {"number": "1", "subject": "x"}).text
    assert "联系人" not in said
    assert "办理时限" not in said
    assert "联系人：王**" in catalogue.render("ticket.dispatch", "zh", {"caller_name": "王**"}).text


@settings(deadline=None)
@given(value=st.text(max_size=60), name=st.sampled_from(sorted(VARIABLES - {"event"})))
def test_s37_inserted_text_stays_unchanged(value: str, name: str) -> None:
    catalogue = _shared()
    hostile = f"{value}{{number}}{{{{7*7}}}}"
    facts = {**FACTS, name: hostile}
    said = catalogue.render("ticket.dispatch", "en", facts).text + catalogue.render("ticket.redo", "en", facts).text
    for used in ("<number>", "<subject>"):
        assert used in said or name == used.strip("<>")
    assert "49" not in said.replace(hostile, "")
    if name in {"subject", "address", "words", "link"}:
        assert hostile in said


_LOADED: list[NoticeCatalogue] = []


def _shared() -> NoticeCatalogue:
    if not _LOADED:
        _LOADED.append(load_catalogue(Path(__file__).parents[4] / "callflows" / "notices.yaml"))
    return _LOADED[0]
