"""Text as people enter it: kept as it is, but for what no screen and no database should have to bear (S12)."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

_LINE_BREAKS = frozenset("\n\t")
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Make a text read other than it is stored, such as U+202E right-to-left override."""


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


OneLine = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_one_line)]
"""A name, an address: printable, without spaces around it."""

Lines = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_lines)]
"""A description: may have line breaks."""

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{1,80}$")]
"""The id of something of ours."""

MOST_VERSIONS = 2**31 - 1
"""What a database's integer holds."""

Version = Annotated[int, Field(ge=1, le=MOST_VERSIONS)]
"""The version of something of ours that a change was made for."""

FormerVersion = Annotated[int, Field(ge=0, lt=MOST_VERSIONS)]
"""The version that another one was made from; 0 is as shipped."""
