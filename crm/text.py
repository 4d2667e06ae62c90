"""Types of entered text, without invisible and control characters (S12)."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

_LINE_BREAKS = frozenset("\n\t")
_JOINERS = frozenset("\u200c\u200d")
"""Shape letters and signs in running text; in a name they are invisible."""
_TURNING = frozenset("\u202b\u202e\u2067")
"""Show text in another order than it is stored, such as U+202E right-to-left override: refused, not dropped."""


def without_invisible(value: str) -> str:
    """Remove characters of no width from a text.

    Copying brings them along, such as U+202D or U+200B.
    """
    if value.isascii():
        return value
    return "".join(one for one in value if not _is_invisible(one))


def pasted(value: str) -> str:
    """Return a line of text as it looks.

    It has plain spaces and hyphens, and nothing invisible.
    """
    if value.isascii():
        return value
    return "".join(_as_it_looks(one) for one in value if not _is_invisible(one))


def _as_it_looks(character: str) -> str:
    if unicodedata.category(character) == "Zs" and character != "\N{IDEOGRAPHIC SPACE}":
        return " "
    return "-" if character in "\u2010\u2011" else character


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) == "Cf" and character not in _TURNING


def _clean_line(value: object) -> object:
    return pasted(value) if isinstance(value, str) else value


def _clean_lines(value: object) -> object:
    if not isinstance(value, str) or value.isascii():
        return value
    return "".join(one for one in value if one in _JOINERS or not _is_invisible(one))


def _one_line(value: str) -> str:
    if any(_is_unfit(character) for character in value):
        raise ValueError("must be one line of text without control characters")
    return value


def _lines(value: str) -> str:
    if any(_is_unfit(character) and character not in _LINE_BREAKS for character in value):
        raise ValueError("must be text without control characters")
    return value


def _is_unfit(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs"} or character in _TURNING


# The constraints come first: behind a validator, a field's `min_length` would count the spaces that are removed.
OneLine = Annotated[
    str, StringConstraints(strip_whitespace=True), BeforeValidator(_clean_line), AfterValidator(_one_line)
]
"""A name, an address: printable, without spaces around it."""

Lines = Annotated[str, StringConstraints(strip_whitespace=True), BeforeValidator(_clean_lines), AfterValidator(_lines)]
"""A description: may have line breaks."""

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{1,80}$")]
"""The id of a record of ours."""

MOST_VERSIONS = 2**31 - 1
"""Largest integer that a database stores."""

Version = Annotated[int, Field(ge=1, le=MOST_VERSIONS)]
"""The version of a record that a change was made for."""

FormerVersion = Annotated[int, Field(ge=0, lt=MOST_VERSIONS)]
"""The version that another one was made from; 0 is as shipped."""
