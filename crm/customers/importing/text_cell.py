"""Cells as text: limits, guards against formulas (S13), unreadable cells."""

LONGEST_CELL = 8 * 1024
"""Characters."""
MOST_COLUMNS = 50

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#GETTING_DATA"})


class Unreadable(str):
    """A cell without a known shown text: holds the broken rule."""

    __slots__ = ()


UNSAVED_FORMULA = Unreadable("must have a value: open and save the file in a spreadsheet, or enter it")
ERROR_VALUE = Unreadable("must be a value, not an error of the spreadsheet such as #N/A")
NOT_WIDE_ENOUGH = Unreadable("must be a value: the column was too narrow to show it")


def readable(text: str) -> str:
    """Return a cell of a text file, or the broken rule."""
    stripped = text.strip()
    if stripped in _ERRORS:
        return ERROR_VALUE
    return NOT_WIDE_ENOUGH if len(stripped) > 3 and set(stripped) == {"#"} else text


def guarded(text: str) -> str:
    """Return a text that a spreadsheet shows and does not execute."""
    return f"'{text}" if _needs_guard(text) else text


def unguarded(text: str) -> str:
    """Return the text that was guarded."""
    return text[1:] if text.startswith("'") and _needs_guard(text) else text


def column_letters(place: int) -> str:
    """Return the letters of a column; the first is 1."""
    letters = ""
    while place > 0:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _needs_guard(text: str) -> bool:
    # A text that begins with apostrophes gets another, so that reading gives what was written.
    return text.lstrip("'").startswith(_FORMULA)
