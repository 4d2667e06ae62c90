"""Number formats of spreadsheets: the text that a sheet shows.

Covers plain patterns of digits (`0`, `#`, `?`, `,`, `.`, `%`) with literal text, such as `00000000`, `#,##0.00` and
the accounting formats. Dates, fractions, exponents and conditions are not covered: such a cell is refused.
Source: ECMA-376-1, 18.8.30 and 18.8.31.
"""

import re
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import lru_cache

MOST_DIGITS = 15
"""Significant digits that a spreadsheet stores; further ones are lost before the file is written."""
LARGEST = Decimal(10) ** MOST_DIGITS
SMALLEST_SHOWN = Decimal(10) ** -MOST_DIGITS

GENERAL = "General"
BUILT_IN = {
    0: GENERAL,
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: "#,##0",
    6: "#,##0",
    7: "#,##0.00",
    8: "#,##0.00",
    9: "0%",
    10: "0.00%",
    37: "#,##0;-#,##0",
    38: "#,##0;-#,##0",
    39: "#,##0.00;-#,##0.00",
    40: "#,##0.00;-#,##0.00",
    41: "#,##0;-#,##0;0",
    42: "#,##0;-#,##0;0",
    43: "#,##0.00;-#,##0.00;0.00",
    44: "#,##0.00;-#,##0.00;0.00",
    49: "@",
}
"""Formats that a file names by number only. The others, such as 14 (a date) and 11 (an exponent), are not covered."""

_TOKEN = re.compile(
    r"""
    "(?P<quoted>[^"]*)"             # literal text
    | \\(?P<escaped>.)              # one literal character
    | _(?P<space>.)                 # a space as wide as a character
    | \*(?P<fill>.)                 # a character repeated to the cell's width
    | \[\$(?P<currency>[^\]-]*)(?:-[0-9A-Fa-f]+)?\]
    | \[(?P<bracket>[^\]]*)\]       # a colour, or something that is not covered
    | (?P<general>General)
    | (?P<pattern>[0\#?.,%])
    | (?P<text>@)
    | (?P<literal>[-+()$¥￥€£:\ ]|[^\x00-\x7f])
    """,
    re.VERBOSE,
)
_COLOURS = re.compile(r"black|blue|cyan|green|magenta|red|white|yellow|color ?[0-9]+", re.IGNORECASE)
_DIGIT_PLACES = "0#?"


class NotShowable(Exception):
    """A number without a known shown text; `rule` names the way out."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


TOO_LONG = f"must be text: a number cell stores {MOST_DIGITS} digits, and the others are lost"
NOT_COVERED = "must be a plain number or text: dates, exponents and fractions are not read"


def shown(stored: str, code: str) -> str:
    """Return the text that a sheet shows, without separators of thousands.

    Args:
        stored: the number as the file stores it, such as `57.699999999999996`.
        code: the cell's number format.

    Raises:
        NotShowable: digits of the number are lost, or the format is not covered.
    """
    number = _significant(Decimal(stored))
    section, is_signed = _section(code, number)
    tokens = _tokens(section)
    kinds = {kind for kind, _ in tokens}
    if "general" in kinds or "text" in kinds:
        return _plain(number)
    if "pattern" not in kinds:
        # A section of literal text only, such as "-" for zero.
        return "".join(value for _, value in tokens).strip()
    text = _patterned(abs(number), tokens)
    return f"-{text}" if is_signed and number < 0 and any(digit in text for digit in "123456789") else text


def _significant(number: Decimal) -> Decimal:
    if not number.is_finite() or abs(number) >= LARGEST:
        raise NotShowable(TOO_LONG)
    with localcontext(prec=MOST_DIGITS, rounding=ROUND_HALF_UP):
        return +number if abs(number) >= SMALLEST_SHOWN else Decimal(0)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _section(code: str, number: Decimal) -> tuple[str, bool]:
    """Return a format's section for a number, and whether a minus precedes."""
    sections = _sections(code)
    if number < 0 and len(sections) > 1:
        return sections[1], False
    if number == 0 and len(sections) > 2:
        return sections[2], False
    return sections[0], True


@lru_cache(maxsize=256)
def _sections(code: str) -> list[str]:
    found, start, place = [], 0, 0
    while place < len(code):
        if code[place] == ";":
            found.append(code[start:place])
            start = place + 1
        elif code[place] == '"':
            place = max(code.find('"', place + 1), place)
        elif code[place] in "\\_*":
            place += 1
        place += 1
    return [*found, code[start:]]


@lru_cache(maxsize=256)
def _tokens(section: str) -> list[tuple[str, str]]:
    """Return a section as (kind, text): `pattern`, `literal`, `general` or `text`."""
    if not section.strip():
        # An empty format is the general one; an empty section hides the number.
        raise NotShowable(NOT_COVERED)
    found, place = [], 0
    while place < len(section):
        match = _TOKEN.match(section, place)
        if match is None:
            raise NotShowable(NOT_COVERED)
        kind, value = match.lastgroup or "", match[match.lastgroup or 0]
        if kind == "bracket" and _COLOURS.fullmatch(value) is None:
            raise NotShowable(NOT_COVERED)
        if kind in {"quoted", "escaped", "currency", "literal"}:
            found.append(("literal", value))
        elif kind in {"pattern", "general", "text"}:
            found.append((kind, value))
        place = match.end()
    return found


def _patterned(number: Decimal, tokens: list[tuple[str, str]]) -> str:
    places = "".join(value for kind, value in tokens if kind == "pattern")
    if places.count(".") > 1 or re.search(r",(?:\.|%|$)", places) is not None:
        raise NotShowable(NOT_COVERED)  # a comma at the end divides by a thousand
    whole_places, _, decimal_places = places.replace(",", "").replace("%", "").partition(".")
    if not whole_places + decimal_places:
        raise NotShowable(NOT_COVERED)
    with localcontext(prec=60, rounding=ROUND_HALF_UP):
        scaled = number * 100 ** places.count("%")
        rounded = scaled.quantize(Decimal(1).scaleb(-len(decimal_places)))
    whole, _, decimals = f"{rounded:f}".partition(".")
    kept = max((place for place, sign in enumerate(decimal_places, 1) if sign == "0"), default=0)
    decimals = decimals[:kept] + decimals[kept:].rstrip("0")
    whole = whole.lstrip("0").rjust(whole_places.count("0"), "0")
    return _filled(whole, decimals, tokens, len(whole_places))


def _filled(whole: str, decimals: str, tokens: list[tuple[str, str]], whole_places: int) -> str:
    """Put digits in place of a pattern's signs.

    Further leading digits stand at the first sign.
    """
    text: list[str] = []
    missing = max(whole_places - len(whole), 0)
    digits, before, is_first, after_point = iter(whole), missing, True, False
    for kind, value in tokens:
        if kind == "literal":
            text.append(value)
        elif value == ".":
            after_point = True
            text.append(f".{decimals}" if decimals else "")
        elif value == "%":
            text.append("%")
        elif value in _DIGIT_PLACES and not after_point:
            if is_first:
                text.extend(next(digits) for _ in range(len(whole) - whole_places))
                is_first = False
            if before:
                before -= 1
            else:
                text.append(next(digits, ""))
    return "".join(text).strip()
