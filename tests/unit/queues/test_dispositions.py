"""Trees of results; wrong ones are named with their lines."""

from pathlib import Path

import pytest

from ari_app.queues.dispositions import result_of, results
from ari_app.queues.settings import read_queues

HEAD = """- name: repair
  title_zh: 报修
  title_en: Faults
"""
TREE = """  disposition_required: true
  dispositions:
    - { code: answered, zh: 已解答, en: answered }
    - code: money
      zh: 费用
      en: money
      choices:
        - code: refund
          zh: 退款
          en: refund
          fields: [{ name: amount, kind: number, zh: 金额, en: Amount, required: true }]
        - { code: returned, zh: 退货, en: returned, form: after_sales }
"""


def found(text: str) -> list[str]:
    return [str(one) for one in read_queues(Path("queues.yaml"), (HEAD + text).encode())[1]]


def test_tree_has_its_results_with_their_groups() -> None:
    queues, findings = read_queues(Path("queues.yaml"), (HEAD + TREE).encode())
    assert not findings
    choices = queues["repair"].dispositions
    assert [[one.code for one in path] for path in results(choices)] == [
        ["answered"],
        ["money", "refund"],
        ["money", "returned"],
    ]
    assert result_of(choices, "money") is None, "a group is no result"
    refund = result_of(choices, "refund")
    assert refund is not None
    assert [field.name for field in refund[-1].fields] == ["amount"]


DEEP = """  dispositions:
    - code: a
      zh: 甲
      en: a
      choices:
        - code: b
          zh: 乙
          en: b
          choices:
            - code: c
              zh: 丙
              en: c
              choices: [{ code: d, zh: 丁, en: d }]
"""
ONE = "  dispositions:\n    - { code: a, zh: 甲, en: a }\n"


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (
            f"{ONE}    - {{ code: a, zh: 乙, en: b }}\n",
            "6: taken-code: dispositions.1: code a must be unique in the queue, it is not",
        ),
        (
            "  dispositions:\n    - { code: a, zh: 甲, en: a, form: fault, choices: [{ code: b, zh: 乙, en: b }] }\n",
            "5: group-asks: dispositions.0: form: a group asks for nothing, only the choices in it do",
        ),
        (
            DEEP,
            "16: tree-too-deep: dispositions.0.choices.0.choices.0: choices: a tree has 3 levels at most",
        ),
        (
            "  disposition_required: true\n",
            "4: no-results: disposition_required: there are no dispositions to choose from",
        ),
        (
            f"{ONE}  disposition_required: true\n  wrap_up: none\n",
            "6: no-wrap-up: disposition_required: the queue has no wrap-up to choose one in",
        ),
    ],
)
def test_contradiction_is_named_with_its_line(text: str, finding: str) -> None:
    assert found(text) == [f"queues.yaml:{finding}"]


def test_wrong_field_of_a_result_is_named_with_its_line() -> None:
    (finding,) = found(TREE.replace("kind: number", "kind: colour"))
    assert finding.startswith("queues.yaml:14: ")
    assert "dispositions.1.choices.0.fields.0.kind" in finding
