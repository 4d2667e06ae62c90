"""Errors in flow files are findings with lines, never tracebacks."""

from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.yaml_files import LONGEST_FILE_BYTES
from ivr.flow_file import MOST_STEPS, read_flow
from ivr.grammar import AskStep, SayStep
from tests.unit.ivr.caller import CALLFLOWS
from tests.unit.ivr.conftest import WriteFlow

pytestmark = pytest.mark.slow

HEAD = """\
flow: trial
start: a
fallback: a
steps:
  a: { hangup: done }
"""

WRONG = [
    ("b: [say, x]", 6, "step b: write a mapping"),
    ("b: { next: a }", 6, "step b: one key names the kind"),
    ("b: { say: x, ask: y, next: a }", 6, "this has both"),
    ("b: { say: x }", 6, "step b: next: this is required"),
    ("b:\n    say: x\n    nxt: a\n    next: a", 8, "nxt: there is no such field here"),
    ("b:\n    ask: x\n    timeout: 5\n    keys: {1: a}\n    otherwise: a", 8, "5 is not a duration"),
    ("b:\n    ask: x\n    timeout: 5 seconds\n    keys: {1: a}\n    otherwise: a", 8, "is not a duration"),
    ("b:\n    ask: x\n    timeout: 2m\n    keys: {1: a}\n    otherwise: a", 8, "less than or equal to 60"),
    ("b:\n    ask: x\n    keys: {1: a}", 6, "otherwise: this is required"),
    ("b:\n    ask: x\n    otherwise: a", 6, "a question needs keys, answers or digits"),
    ("b:\n    ask: x\n    keys:\n      1: a\n      12: a\n    otherwise: a", 10, "keys.12"),
    ("b:\n    ask: x\n    keys: {1: a, 1: a}\n    otherwise: a", 8, "duplicate key"),
    ("b:\n    ask: x\n    keys: {1: a, '1': a}\n    otherwise: a", 8, "a key is written twice"),
    (
        "b:\n    ask: x\n    keys: {1: a}\n    answers: {1: yes}\n    save: q.a\n    next: a\n    otherwise: a",
        6,
        "both",
    ),
    ("b:\n    ask: x\n    answers: {1: yes}\n    next: a\n    otherwise: a", 6, "need save and next"),
    ("b:\n    ask: x\n    digits: {maximum: ten}\n    save: q.a\n    next: a\n    otherwise: a", 8, "valid integer"),
    (
        "b:\n    ask: x\n    digits: {maximum: 4, minimum: 5}\n    save: q.a\n    next: a\n    otherwise: a",
        8,
        "minimum",
    ),
    (
        "b:\n    ask: x\n    digits: { maximum: 4 }\n    keys: {0: a}\n    save: q.a\n    next: a\n    otherwise: a",
        6,
        "'*'",
    ),
    ("b:\n    ask: x\n    digits: {maximum: 4}\n    save: number\n    next: a\n    otherwise: a", 9, "save"),
    ("b:\n    ask: x\n    keys: {1: a}\n    confirm: y\n    otherwise: a", 6, "confirm reads back digits"),
    ("b:\n    when: { known: a }\n    next: a", 7, "is not a condition"),
    ("b:\n    when: { a.b ~ 3: a }\n    next: a", 7, "is not a condition"),
    ("b:\n    when: {}\n    next: a", 7, "at least 1"),
    ("b: { say: Hello there, next: a }", 6, "prompt"),
    ("b: { say: { from: call.greeting }, next: a }", 6, "among"),
    ("b: { language: fr, next: a }", 6, "language"),
    ("b: { queue: repair, priority: 1000 }", 6, "less than or equal to 100"),
    ("Bad-Name: { hangup: x }", 6, "should match pattern"),
    ("b: { do: urge_ticket, with: { x: [1] }, next: a }", 6, "with.x"),
    ("b: !!python/object/apply:os.system ['true']", 6, "step b"),
]


def findings(tmp_path: Path, content: str | bytes) -> list[tuple[int, str]]:
    """Return the findings of a file with this content."""
    path = tmp_path / "trial.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    file = read_flow(path)
    assert file.flow is None
    assert {finding.file for finding in file.findings} == {"trial.yaml"}
    return [(finding.line, finding.message) for finding in file.findings]


@pytest.mark.parametrize(("step", "line", "message"), WRONG, ids=[str(number) for number in range(len(WRONG))])
def test_a_wrong_step_is_named_with_its_line(tmp_path: Path, step: str, line: int, message: str) -> None:
    found = findings(tmp_path, f"{HEAD}  {step}\n")
    assert any(at == line and message in text for at, text in found), found


def test_several_mistakes_are_all_named(tmp_path: Path) -> None:
    found = findings(tmp_path, f"{HEAD}  b: {{ say: x }}\n  c: {{ nothing: x }}\n  d: {{ goto: 7 }}\n")
    assert [line for line, _ in found] == [6, 7, 8]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", 1),
        ("just words", 1),
        ("- 1\n- 2\n", 1),
        ("flow: x\nstart: a\n", 1),
        ("flow: x\nstart: a\nsteps: {}\n", 3),
        ("flow: x\nstart: a\nsteps: [1]\n", 3),
        ("flow: x\nsteps:\n  a: { hangup: x\n  b: { hangup: y }\n", 4),
        ("flow: x\nsteps: *nobody\n", 2),
        ("flow: x\n\tsteps: y\n", 2),
        ("flow: x\n---\nflow: y\n", 2),
        (b"flow: \xff\xfe\n", 1),
        (b"flow: \x00\n", 1),
        ("x: " + "[" * 5000, 1),
        ("#" * (LONGEST_FILE_BYTES + 1), 1),
    ],
)
def test_a_file_without_a_flow_is_one_finding(tmp_path: Path, content: str | bytes, line: int) -> None:
    assert [at for at, _ in findings(tmp_path, content)] == [line]


def test_a_file_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    assert len(read_flow(tmp_path / "none.yaml").findings) == 1


def test_aliases_are_refused_before_they_unfold(tmp_path: Path) -> None:
    lines = ["flow: x", "start: a", "steps:", "  a: &a0 { hangup: x }"]
    lines += [f"  b{n}: &a{n + 1} {{ x: [{', '.join([f'*a{n}'] * 9)}] }}" for n in range(30)]
    assert findings(tmp_path, "\n".join(lines)) == [(5, "aliases (*name) are not allowed; write it out")]


def test_steps_too_deep_inside_each_other_are_refused(tmp_path: Path) -> None:
    deep = "{ say: x, next: " * 8 + "a" + " }" * 8
    assert any("too many steps inside each other" in text for _, text in findings(tmp_path, f"{HEAD}  b: {deep}\n"))


def test_too_many_steps_are_refused(tmp_path: Path) -> None:
    many = "".join(f"  s{number}: {{ hangup: x }}\n" for number in range(MOST_STEPS + 1))
    assert "at most" in findings(tmp_path, HEAD + many)[-1][1]


def test_steps_written_inside_others_get_names_of_their_own(flow: WriteFlow) -> None:
    read = flow(
        dedent("""\
        flow: inner
        start: menu
        steps:
          menu:
            ask: main
            keys: { 1: { say: one, next: end }, '*': { do: it, next: end, failed: { say: sorry, next: end } } }
            otherwise: { hangup: silent }
          choose: { when: { a.b: { say: two, next: end } }, next: { say: three, next: end } }
          end: { hangup: end }
        """)
    )
    assert list(read.steps) == [
        "menu", "menu.1", "menu.*", "menu.*.failed", "menu.otherwise", "choose", "choose.when1", "choose.next", "end",
    ]  # fmt: skip
    menu = read.steps["menu"]
    assert isinstance(menu, AskStep)
    assert menu.keys == {"1": "menu.1", "*": "menu.*"}
    assert isinstance(read.steps["menu.1"], SayStep)


def test_durations_are_read_in_their_units(flow: WriteFlow) -> None:
    read = flow("""
        flow: durations
        start: a
        steps:
          a: { ask: x, timeout: 1500ms, keys: { 1: b }, otherwise: b }
          b: { record: x, save: a.b, maximum: 2m, silence: 2.5s, next: c }
          c: { hangup: x }
    """)
    first = read.steps["a"]
    assert isinstance(first, AskStep)
    assert first.rules.first_s == 1.5
    assert read.steps["b"].rules.maximum_s == 120  # type: ignore[attr-defined]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_to_a_file_is_a_traceback(data: st.DataObject) -> None:
    """Random damage to a shipped flow ends in a flow or findings."""
    text = (CALLFLOWS / data.draw(st.sampled_from(["hotline.yaml", "survey.yaml"]))).read_text()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 30))
        text = text[:at] + data.draw(st.text(alphabet="{}[]:,-*&!|>#'\"\n\t 1a.", max_size=5)) + text[at + cut :]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.yaml"
        path.write_text(text)
        file = read_flow(path)
    assert (file.flow is None) == bool(file.findings)
    assert all(1 <= finding.line <= text.count("\n") + 2 for finding in file.findings)
