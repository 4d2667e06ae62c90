"""Variables of a call: nested JSON values, named by dotted paths."""

from collections.abc import Mapping
from typing import Any

JSON = None | bool | int | float | str | list[Any] | dict[str, Any]

NAME = r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+"
"""How a variable is written in flows and prompts: at least one dot, so that it is never mistaken for a step."""


def read(variables: Mapping[str, Any], name: str) -> Any:
    """Return the value of a dotted name; None where it is missing."""
    value: Any = variables
    for part in name.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def write(variables: dict[str, Any], name: str, value: JSON) -> None:
    """Set a dotted name, replacing any value in its path."""
    *path, last = name.split(".")
    inner = variables
    for part in path:
        below = inner.get(part)
        if not isinstance(below, dict):
            below = inner[part] = {}
        inner = below
    inner[last] = value


def merge(variables: dict[str, Any], news: Mapping[str, JSON]) -> None:
    """Set several dotted names."""
    for name, value in news.items():
        write(variables, name, value)
