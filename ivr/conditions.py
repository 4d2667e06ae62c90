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
    rf"""(?P<negated>not\s+)?(?P<variable>{NAME})
    (?:\s*(?P<operator>==|!=|<=|>=|<|>)\s*(?P<quote>["']?)(?P<value>[\w.+-]+)(?P=quote))?""",
    re.ASCII | re.VERBOSE,
)
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
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
    written: str = ""
    """The value as it stands in the file: a number with its leading zeros."""

    def holds(self, variables: Mapping[str, Any]) -> bool:
        """Evaluate the term; values that cannot be compared are not true."""
        return self._compare(read(variables, self.variable)) != self.negated

    def _compare(self, actual: Any) -> bool:
        if self.operator is None:
            return bool(actual)
        if self.operator in {"==", "!="}:
            # Digits are text to a telephone and a number to this grammar: 96002 is "96002".
            is_equal = actual == self.value or (isinstance(actual, str) and actual == self.written)
            return is_equal == (self.operator == "==")
        if isinstance(actual, int | float) and isinstance(self.value, int):
            return _ORDERS[self.operator](actual, self.value)
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
    written = match["value"] or ""
    return Term(
        variable=match["variable"],
        negated=match["negated"] is not None,
        operator=match["operator"],
        value=_literal(written) if match["operator"] else None,
        written=written,
    )


def as_written(value: str | int | float | bool | None) -> str:
    """Return a value as a condition writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _literal(text: str) -> str | int | bool:
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if re.fullmatch(r"-?\d+", text, re.ASCII) else text
