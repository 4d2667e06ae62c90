"""Check of a folder of flows with its surroundings."""

from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
import soundfile

from foundation.findings import ConfigurationInvalid, Severity
from ivr.check import check_library, load_library
from tests.unit.ivr.caller import CALLFLOWS, Service

VOCABULARY = Service().vocabulary()

GOOD = """\
flow: trial
languages: [zh, en]
start: hello
fallback: person
steps:
  hello: { say: hello, next: ask }
  ask: { ask: question, keys: { 1: person }, otherwise: person }
  person: { queue: repair, otherwise: bye }
  bye: { hangup: over, say: bye }
"""

ZH = "hello: 您好\nquestion: 人工请按1\nbye: 再见\n"
EN = "hello: Hello\nquestion: For a person, press 1\nbye: Goodbye\n"


def lay(folder: Path, flow: str = GOOD, zh: str = ZH, en: str = EN) -> Path:
    """A folder of call flows."""
    (folder / "prompts").mkdir()
    (folder / "trial.yaml").write_text(dedent(flow))
    (folder / "prompts" / "zh.yaml").write_text(zh)
    (folder / "prompts" / "en.yaml").write_text(en)
    return folder


def found(folder: Path) -> list[str]:
    """The findings, as they are printed."""
    return [str(finding) for finding in check_library(folder, VOCABULARY).findings]


def test_a_folder_in_order_has_no_findings(tmp_path: Path) -> None:
    assert found(lay(tmp_path)) == []
    assert list(load_library(tmp_path, VOCABULARY).flows) == ["trial"]


def test_titles_name_flows_and_steps_for_reports(tmp_path: Path) -> None:
    titled = GOOD.replace("start: hello", "title: { zh: 试用, en: Trial }\nstart: hello").replace(
        "hello: {", "hello: { title: { zh: 欢迎, en: Greeting },", 1
    )
    library = load_library(lay(tmp_path, titled), VOCABULARY)
    places = ("trial", "trial/hello", "trial/hello.1", "trial/ask", "trial/gone", "other")
    found_titles = [library.title_of(place) for place in places]
    assert [title and title.zh for title in found_titles] == ["试用", "欢迎", "欢迎", None, None, None]


def test_the_shipped_flows_are_in_order() -> None:
    assert found(CALLFLOWS) == []


def test_faults_of_several_kinds_in_one_file_are_all_found(tmp_path: Path) -> None:
    flow = (
        GOOD.replace("next: ask }", "next: asc }")
        .replace("say: bye", "say: farewell")
        .replace("otherwise: person }", "otherwise: person, loud: 1 }", 1)
        .replace("queue: repair", "queue: repairs")
    )
    rules = [line.split(": ")[1] for line in found(lay(tmp_path, flow))]
    assert rules == ["no-such-step", "unknown-field", "no-such-queue", "no-such-prompt", "no-such-prompt"][: len(rules)]
    assert len(rules) >= 4


WRONG = [
    ("next: ask }", "next: asc }", "trial.yaml:6: no-such-step: step hello: there is no step asc"),
    ("keys: { 1: person }", "keys: { 1: persn }", "trial.yaml:7: no-such-step: step ask: there is no step persn"),
    ("otherwise: person }", "otherwise: replay }", "there is no step replay, which only a key can lead to"),
    ("start: hello", "start: hallo", "trial.yaml:3: no-such-step: start: there is no step hallo"),
    ("fallback: person", "fallback: persn", "trial.yaml:4: no-such-step: fallback: there is no step persn"),
    ("fallback: person\n", "", "trial.yaml:1: no-fallback: there is no fallback"),
    ("start: hello", "start: ask", "trial.yaml:6: unreachable-step: step hello: no way leads here"),
    ("queue: repair", "queue: repairs", "trial.yaml:8: no-such-queue: step person: there is no queue repairs"),
    (", otherwise: bye }", " }", "trial.yaml:8: no-otherwise: step person: without otherwise"),
    ("say: bye", "say: farewell", "trial.yaml:9: no-such-prompt: step bye: there is no prompt farewell"),
    (
        "{ say: hello,",
        "{ do: sing, next: person, failed: ask } \n  x: { say: hello,",
        "6: no-such-action: step hello: there is no action sing",
    ),
    ("{ say: hello,", "{ do: find_account,", "step hello: the action find_account needs account_number"),
    (
        "{ say: hello,",
        "{ do: urge_ticket, with: { loud: true },",
        "trial.yaml:6: unknown-argument: step hello: the action urge_ticket takes no loud",
    ),
    (
        "{ say: hello,",
        "{ do: find_account, with: { account_number: '{x.y}' },",
        "step hello: nothing sets the variable x.y",
    ),
    (
        "{ say: hello,",
        "{ when: { ticket.opn: ask },",
        "trial.yaml:6: unknown-variable: step hello: nothing sets the variable ticket.opn",
    ),
    (
        "{ say: hello,",
        "{ say: { from: call.greting, among: [hello] },",
        "step hello: nothing sets the variable call.greting",
    ),
    (
        "{ say: hello, next: ask }",
        "{ goto: survey }",
        "trial.yaml:6: no-such-flow: step hello: there is no flow survey",
    ),
    ("hangup: over, say: bye", "say: bye, next: hello", "goes round here for ever"),
    (
        "{ hangup: over, say: bye }",
        "{ say: bye, next: person }",
        "trial.yaml:8: endless-loop: step person: a caller who presses nothing",
    ),
    ("otherwise: person }", "otherwise: hello }", "a caller who presses nothing goes round here for ever"),
]


@pytest.mark.parametrize(("old", "new", "message"), WRONG, ids=[str(number) for number in range(len(WRONG))])
def test_each_fault_is_found(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    findings = found(lay(tmp_path, GOOD.replace(old, new, 1)))
    assert any(message in finding for finding in findings), findings


PROMPTS = [
    ("bye: 再见\n", "", "trial.yaml:9: no-such-prompt: step bye: the prompt bye has no text in zh"),
    ("bye: 再见", "bye: ''", "prompts/zh.yaml:3: wrong-prompt: prompt bye: the text is missing"),
    ("bye: 再见", "bye: 12", "prompts/zh.yaml:3: wrong-prompt: prompt bye: the text is missing"),
    (
        "bye: 再见",
        "bye: 再见{ticket.numbr}",
        "prompts/zh.yaml:3: unknown-variable: prompt bye: nothing sets the variable ticket.numbr",
    ),
    ("bye: 再见", "bye: 再见{ticket}", "prompts/zh.yaml:3: wrong-prompt: prompt bye: braces are for fields"),
    (
        "bye: 再见",
        "bye: 再见{ticket.number:roman}",
        "prompts/zh.yaml:3: wrong-prompt: prompt bye: there is no format roman",
    ),
    ("bye: 再见", f"bye: {'再' * 601}", "prompts/zh.yaml:3: wrong-prompt: prompt bye: the text is longer"),
    ("bye: 再见", "Bye: 再见", "prompts/zh.yaml:3: wrong-prompt: prompt Bye: a name is written in small letters"),
    ("bye: 再见", "bye: 再见\nbye: 再会", "prompts/zh.yaml:4: yaml: this is not YAML"),
    (ZH, "- a\n- b\n", "prompts/zh.yaml:1: no-prompts: a prompt file maps names to texts"),
]


@pytest.mark.parametrize(("old", "new", "message"), PROMPTS, ids=[str(number) for number in range(len(PROMPTS))])
def test_each_fault_of_a_prompt_is_found(tmp_path: Path, old: str, new: str, message: str) -> None:
    findings = found(lay(tmp_path, zh=ZH.replace(old, new, 1)))
    assert any(message in finding for finding in findings), findings


def record(folder: Path) -> None:
    """Put a recorded file of a prompt into the folder."""
    (folder / "recorded" / "zh").mkdir(parents=True)
    soundfile.write(folder / "recorded" / "zh" / "bye.wav", np.sin(np.arange(8000)) / 2, 8000)


def test_a_recorded_prompt_needs_a_text(tmp_path: Path) -> None:
    folder = lay(tmp_path, zh=ZH.replace("bye: 再见\n", ""))
    record(folder)
    reason = "there is no prompt bye in prompts/zh.yaml, its text is spoken where the file cannot be"
    assert f"recorded/zh/bye.wav:1: no-such-prompt: {reason}" in found(folder)


def test_a_recorded_file_that_hides_a_variable_is_a_warning(tmp_path: Path) -> None:
    folder = lay(tmp_path, zh=ZH.replace("再见", "再见{call.number:digits}"))
    record(folder)
    remark = "its recorded file wins, and says nothing of call.number"
    assert found(folder) == [f"prompts/zh.yaml:3: hidden-variable: prompt bye: {remark} (warning)"]
    assert load_library(folder, VOCABULARY).valid


def test_a_read_back_must_say_what_it_reads_back(tmp_path: Path) -> None:
    ask = "ask: { ask: question, digits: { maximum: 4 }, save: a.b, confirm: bye, next: person, otherwise: person }"
    folder = lay(tmp_path, GOOD.replace("ask: { ask: question, keys: { 1: person }, otherwise: person }", ask))
    assert any("it is to read back a.b, and does not say it" in finding for finding in found(folder))


def test_a_circle_through_two_flows_is_found(tmp_path: Path) -> None:
    folder = lay(tmp_path, GOOD.replace("bye: { hangup: over, say: bye }", "bye: { goto: other }"))
    (folder / "other.yaml").write_text("flow: other\nstart: a\nfallback: a\nsteps:\n  a: { goto: trial }\n")
    assert any("goes round here for ever" in finding for finding in found(folder))


def test_a_circle_that_a_key_leads_into_is_allowed(tmp_path: Path) -> None:
    folder = lay(tmp_path, GOOD.replace("keys: { 1: person }", "keys: { 1: person, 2: hello, '*': replay }"))
    assert found(folder) == []


def test_prompts_that_the_service_speaks_must_be_there(tmp_path: Path) -> None:
    wanted = replace(VOCABULARY, prompts=frozenset({"queue_position", "bye"}))
    findings = [str(finding) for finding in check_library(lay(tmp_path), wanted).findings]
    assert findings == [
        f"prompts/{language}.yaml:1: no-such-prompt: the service speaks queue_position, which is not here"
        for language in ("en", "zh")
    ]


def test_a_flow_is_named_as_its_file(tmp_path: Path) -> None:
    folder = lay(tmp_path)
    (folder / "zweite.yaml").write_text(GOOD)
    assert found(folder) == ["zweite.yaml:1: flow-name: the flow is named trial; name it zweite, as its file is"]


def test_yaml_files_that_nothing_reads_are_named(tmp_path: Path) -> None:
    folder = lay(tmp_path)
    (folder / "more").mkdir()
    for unread in ("winter.yml", "more/summer.yaml", "prompts/fr.yaml", "prompts/zh.yml"):
        (folder / unread).write_text("x: y\n")
    for hidden in (".winter.yaml", "._zh.yml", "winter.yaml~"):
        (folder / hidden).write_text("x: y\n")
    findings = found(folder)
    assert [finding.split(": ")[:2] for finding in findings] == [
        [f"{unread}:1", "never-read"]
        for unread in ("more/summer.yaml", "prompts/fr.yaml", "prompts/zh.yml", "winter.yml")
    ]


def test_a_flow_that_nothing_leads_to_is_found(tmp_path: Path) -> None:
    folder = lay(tmp_path, GOOD.replace("bye: { hangup: over, say: bye }", "bye: { goto: other }"))
    (folder / "other.yaml").write_text(OTHER)
    (folder / "alone.yaml").write_text(OTHER.replace("other", "alone"))
    wanted = replace(VOCABULARY, started=frozenset({"trial"}))
    assert [str(finding) for finding in check_library(folder, wanted).findings] == [
        "alone.yaml:1: unused-flow: nothing leads to the flow alone: no number, no campaign, no goto (warning)"
    ]


OTHER = "flow: other\nstart: a\nfallback: a\nsteps:\n  a: { hangup: over }\n"
CLOSED_SETS = replace(
    VOCABULARY,
    kinds=frozenset({"fault", "complaint"}),
    ends=frozenset({"over"}),
    values={"survey.kind": frozenset({"fault", "complaint"}), "call.greeting": frozenset({"hello", "bye"})},
)
VALUES = [
    ("queue: repair,", "queue: repair, kind: falt,", "8: unknown-value: step person: there is no kind falt; there are"),
    ("hangup: over", "hangup: ovr", "9: unknown-value: step bye: there is no end ovr; there are over"),
    (
        "{ say: hello,",
        "{ when: { survey.kind == falt: bye },",
        "6: unknown-value: step hello: survey.kind is never falt; it is one of complaint, fault",
    ),
    (
        "{ say: hello,",
        "{ when: { customer.known and survey.kind != falt: bye },",
        "6: unknown-value: step hello: survey.kind is never falt",
    ),
    (
        "{ say: hello,",
        "{ say: { from: call.greeting, among: [hello] },",
        "6: unknown-value: step hello: call.greeting may also be bye, which is not among these",
    ),
    (
        "{ say: hello,",
        "{ say: { from: call.greeting, among: [hello, bye, question] },",
        "6: unknown-value: step hello: call.greeting is never question; it is one of bye, hello",
    ),
    (
        "{ say: hello,",
        "{ do: postpone_survey, with: { when: tomorow },",
        "6: unknown-value: step hello: when cannot be tomorow; it is one of evening, hour, tomorrow",
    ),
    (
        "ask: { ask: question, keys: { 1: person }, otherwise: person }",
        "ask: { ask: question, answers: { 1: yes, 2: no }, save: a.b, next: more, otherwise: person }\n"
        "  more: { when: { a.b == ys: bye }, next: person }",
        "8: unknown-value: step more: a.b is never ys; it is one of no, yes",
    ),
    (
        "ask: { ask: question, keys: { 1: person }, otherwise: person }",
        "ask: { ask: question, answers: { 1: falt }, save: survey.kind, next: person, otherwise: person }",
        "7: unknown-value: step ask: survey.kind is never falt",
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), VALUES, ids=[str(number) for number in range(len(VALUES))])
def test_each_unknown_value_is_found(tmp_path: Path, old: str, new: str, message: str) -> None:
    findings = check_library(lay(tmp_path, GOOD.replace(old, new, 1)), CLOSED_SETS).findings
    assert any(f"trial.yaml:{message}" in str(finding) for finding in findings), list(map(str, findings))


def test_known_values_are_no_finding(tmp_path: Path) -> None:
    known = GOOD.replace("queue: repair,", "queue: repair, kind: fault,").replace(
        "{ say: hello,", "{ when: { survey.kind == fault: ask, call.access_number == 96002: bye },"
    )
    assert check_library(lay(tmp_path, known), CLOSED_SETS).findings == []


def test_a_library_with_an_error_is_refused_as_a_whole(tmp_path: Path) -> None:
    folder = lay(tmp_path)
    (folder / "broken.yaml").write_text("flow: [\n")
    with pytest.raises(ConfigurationInvalid) as refused:
        load_library(folder, VOCABULARY)
    (finding,) = refused.value.findings
    assert (finding.file, finding.severity) == ("broken.yaml", Severity.ERROR)
    assert refused.value.details().errors[0].field.startswith("broken.yaml:")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid):
        load_library(tmp_path, VOCABULARY)


def test_a_yaml_error_comes_alone(tmp_path: Path) -> None:
    """Other findings may only follow from it."""
    folder = lay(tmp_path, GOOD.replace("{ hangup: over, say: bye }", "{ goto: survey }").replace("ask }", "asc }"))
    (folder / "survey.yaml").write_text("flow: survey\nsteps: [")
    (finding,) = found(folder)
    assert finding.startswith("survey.yaml:2: yaml: this is not YAML: ")


def test_a_flow_with_a_wrong_step_does_not_make_others_look_wrong(tmp_path: Path) -> None:
    folder = lay(tmp_path, GOOD.replace("{ hangup: over, say: bye }", "{ goto: survey }"))
    (folder / "survey.yaml").write_text("flow: survey\nsteps: { a: { say: x } }")
    assert {finding.split(":")[0] for finding in found(folder)} == {"survey.yaml"}
