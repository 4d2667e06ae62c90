"""Access numbers: every problem with its line, and flows of the numbers."""

from pathlib import Path

import pytest

from callflows.numbers import read_numbers
from tests.callflows import copied, edit, findings


def faults(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "numbers.yaml"
    path.write_text(text, encoding="utf-8")
    return [str(finding).removeprefix("numbers.yaml:") for finding in read_numbers(path)[1]]


def test_numbers_have_their_flows(tmp_path: Path) -> None:
    path = tmp_path / "numbers.yaml"
    path.write_text(
        '- { number: "96001", flow: a }\n- { number: "+8696001", flow: a }\n- { number: "0451", flow: b }\n'
    )
    numbers, found = read_numbers(path)
    assert found == []
    dialled = ("96001", "+8696001", "0451", "451", "8696001", "")
    assert [numbers.flow_of(one) for one in dialled] == ["a", "a", "b", None, None, None]


def test_every_problem_is_named_with_its_line(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        """\
- number: 96001
  flow: hotline
- number: 96001 ext 2
  flow: hotline
- number: "96002"
  flows: hotline
- number: "96003"
  flow: hotline
- just a word
- flow: hotline
  number: "96003"
""",
    )
    assert found == [
        "1: wrong-value: number: write a text here; a number in quotes",
        "3: wrong-value: number: String should match pattern '^\\+?[0-9]{2,20}$'",
        "5: missing-field: flow: this is required",
        "6: unknown-field: flows: there is no such field here",
        "9: wrong-value: write a mapping in braces",
        "11: taken-name: number: 96003 must be unique, it is not",
    ]


@pytest.mark.parametrize("text", ["", "numbers: 1", "[]"])
def test_file_without_numbers_is_refused(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, text) == ["1: no-numbers: the file must be a list of numbers, with one at least"]


def test_numbers_and_flows_belong_together(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    edit(folder / "numbers.yaml", "flow: hotline", "flow: hotlin")
    assert findings(folder) == [
        "hotline.yaml:3: unused-flow: nothing leads to the flow hotline: no number, no campaign, no goto (warning)",
        "numbers.yaml:4: no-such-flow: number 96001: there is no flow hotlin",
    ]


def test_flows_that_the_service_starts_must_be_there(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / "unknown_number.yaml").unlink()
    assert findings(folder) == ["callflows:1: no-such-flow: there is no flow unknown_number, which the service starts"]


def test_a_numbers_file_with_an_error_does_not_make_flows_look_unused(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    edit(folder / "numbers.yaml", 'number: "96001"', "number: 96001")
    assert findings(folder) == ["numbers.yaml:4: wrong-value: number: write a text here; a number in quotes"]
