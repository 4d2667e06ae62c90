"""Conditions of a `when` step, joined by `and`.

Examples: `customer.known`, `not offer.open`, `answers.score < 5`.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ivr.variables import NAME, read

_TERM = re.compile(
    rf"(?P<negated>not\s+)?(?P<variable>{NAME})(?:\s*(?P<operator>==|!=|<=|>=|<|>)\s*(?P<value>[\w.-]+))?", re.ASCII
)
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Term:
    """One comparison of a variable with a value.

    Without an operator it asks whether the variable is set and not empty, zero or false.
    """

    variable: str
    negated: bool = False
    operator: str | None = None
    value: str | int | bool | None = None

    def holds(self, variables: Mapping[str, Any]) -> bool:
        """Evaluate the term; values that cannot be compared are not true."""
        return self._compare(read(variables, self.variable)) != self.negated

    def _compare(self, actual: Any) -> bool:
        if self.operator is None:
            return bool(actual)
        if self.operator in {"==", "!="}:
            return _OPERATORS[self.operator](actual, self.value)
        if isinstance(actual, int | float) and isinstance(self.value, int):
            return _OPERATORS[self.operator](actual, self.value)
        return False


@dataclass(frozen=True)
class Condition:
    """Terms that must all hold."""

    text: str
    terms: tuple[Term, ...]

    def holds(self, variables: Mapping[str, Any]) -> bool:
        """Evaluate all terms."""
        return all(term.holds(variables) for term in self.terms)

    @property
    def variables(self) -> frozenset[str]:
        """The variables it reads."""
        return frozenset(term.variable for term in self.terms)


def parse_condition(text: str) -> Condition:
    """Read a condition.

    Raises:
        ValueError: it is not one.
    """
    return Condition(text, tuple(_parse_term(part.strip()) for part in re.split(r"\sand\s", text)))


def _parse_term(text: str) -> Term:
    match = _TERM.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{text!r} is not a condition; write `customer.known`, `not ticket.open` or `answers.score < 5`, "
            "joined by `and`"
        )
    return Term(
        variable=match["variable"],
        negated=match["negated"] is not None,
        operator=match["operator"],
        value=_literal(match["value"]),
    )


def _literal(text: str | None) -> str | int | bool | None:
    if text is None:
        return None
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if re.fullmatch(r"-?\d+", text, re.ASCII) else text
