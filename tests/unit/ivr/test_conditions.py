"""Conditions of a `when` step."""

from typing import Any

import pytest

from ivr.conditions import parse_condition

VARIABLES: dict[str, Any] = {
    "customer": {"known": True, "matches": 2, "name": "", "arrears_cents": 0},
    "call": {"access_number": "96002", "area": "0451"},
    "answers": {"solved": "yes", "score": 4, "charged": None},
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("customer.known", True),
        ("not customer.known", False),
        ("customer.name", False),
        ("customer.arrears_cents", False),
        ("customer.nothing", False),
        ("not customer.nothing.at.all", True),
        ("customer.matches > 1", True),
        ("customer.matches >= 2", True),
        ("customer.matches < 2", False),
        ("customer.matches <= 2", True),
        ("customer.matches == 2", True),
        ("customer.known == true", True),
        ("call.access_number == 96002", True),
        ("call.access_number != 96002", False),
        ("not call.access_number == 96002", False),
        ("call.access_number == '96002'", True),
        ('call.access_number == "96002"', True),
        ("call.access_number == 96001", False),
        ("call.access_number != 96001", True),
        ("call.access_number > 96001", False),
        ("call.area == 0451", True),
        ("call.area == 451", False),
        ("answers.solved == yes", True),
        ("answers.solved != no", True),
        ("not answers.solved == no", True),
        ("answers.charged == yes", False),
        ("answers.charged < 5", False),
        ("answers.solved > 5", False),
        ("answers.score<5 and answers.solved==yes", True),
        ("answers.score < 5 and not customer.known", False),
    ],
)
def test_a_condition_holds_or_not(text: str, holds: bool) -> None:
    assert parse_condition(text).holds(VARIABLES) is holds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "known",
        "a.b or c.d",
        "a.b = 3",
        "a.b and",
        "__class__.x",
        "a.b == 1; import os",
        "a.b ==",
        "A.b",
        "a.b == 'x\"",
    ],
)
def test_an_invalid_condition_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a condition"):
        parse_condition(text)


def test_the_variables_of_a_condition_are_known() -> None:
    assert parse_condition("a.b and not c.d == 3").variables == {"a.b", "c.d"}
