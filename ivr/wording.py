"""Spoken values in Chinese and English: numbers, dates, times, money."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from ivr.variables import NAME, read

FIELD = re.compile(rf"\{{(?P<variable>{NAME})(?::(?P<format>[a-z]+))?\}}", re.ASCII)
"""A variable in a prompt's text: `{ticket.number:digits}`."""

LONGEST_FIELD = 80
"""Longest value from outside that is spoken, in characters."""

# On the telephone, one is read yāo, which no other digit can be mistaken for.
_ZH_DIGITS = str.maketrans("0123456789", "零幺二三四五六七八九")
_ZH_YEAR = str.maketrans("0123456789", "零一二三四五六七八九")
_EN_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

ZONE = ZoneInfo("Asia/Shanghai")


def fill(text: str, language: str, variables: Mapping[str, Any], zone: tzinfo = ZONE) -> str:
    """Fill a prompt's fields; variables that are not set are left out."""

    def field(match: re.Match[str]) -> str:
        value = read(variables, match["variable"])
        return "" if value is None else FORMATS[match["format"] or "text"](value, language, zone)

    return FIELD.sub(field, text)


def fields(text: str) -> list[tuple[str, str]]:
    """The variables and formats in a prompt's text."""
    return [(match["variable"], match["format"] or "text") for match in FIELD.finditer(text)]


def stray_braces(text: str) -> bool:
    """Check for braces that are no field and would be read aloud."""
    return bool(re.search(r"[{}]", FIELD.sub("", text)))


def _text(value: Any, language: str, zone: tzinfo) -> str:  # noqa: ARG001
    """Return a text's letters, digits and plain punctuation.

    Markup that a speech engine might obey is left out.
    """
    kept = "".join(
        character if unicodedata.category(character)[0] in "LN" or character in "，。、；：！？,.;:!?'-%" else " "
        for character in unicodedata.normalize("NFC", str(value)[: 4 * LONGEST_FIELD])
    )
    return " ".join(kept.split())[:LONGEST_FIELD]


def _digits(value: Any, language: str, zone: tzinfo) -> str:  # noqa: ARG001
    found = [character for character in str(value)[:LONGEST_FIELD] if character.isascii() and character.isalnum()]
    if language == "zh":
        return "，".join(
            "".join(group).translate(_ZH_DIGITS) for group in (found[at : at + 4] for at in range(0, len(found), 4))
        )
    return ", ".join(" ".join(found[at : at + 4]) for at in range(0, len(found), 4))


def _number(value: Any, language: str, zone: tzinfo) -> str:
    return str(value) if isinstance(value, int | float) else _text(value, language, zone)


def _money(value: Any, language: str, zone: tzinfo) -> str:
    """Integer cents as yuan."""
    if not isinstance(value, int) or isinstance(value, bool):
        return _text(value, language, zone)
    yuan, cents = divmod(abs(value), 100)
    jiao, fen = divmod(cents, 10)
    if language == "zh":
        small = (
            f"{jiao}角" if jiao and not fen else f"{jiao}角{fen}分" if jiao else f"零{fen}分" if fen and yuan else ""
        )
        whole = f"{yuan}元" if yuan or not cents else ""
        return ("负" if value < 0 else "") + whole + (small or (f"{fen}分" if fen else ""))
    parts = ([f"{yuan} yuan"] if yuan or not cents else []) + ([f"{cents} cents"] if cents else [])
    return ("minus " if value < 0 else "") + " ".join(parts)


def _moment(value: Any, zone: tzinfo) -> datetime | None:
    """Return the time of epoch milliseconds or ISO 8601 text.

    A plain date is that day's noon.
    """
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC).astimezone(zone)
        if isinstance(value, str):
            if re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
                return datetime.fromisoformat(f"{value}T12:00").replace(tzinfo=zone)
            moment = datetime.fromisoformat(value)
            return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _date(value: Any, language: str, zone: tzinfo) -> str:
    moment = _moment(value, zone)
    if moment is None:
        return _text(value, language, zone)
    if language == "zh":
        return f"{str(moment.year).translate(_ZH_YEAR)}年{moment.month}月{moment.day}日"
    return f"{_EN_MONTHS[moment.month - 1]} {moment.day}, {moment.year}"


def _time(value: Any, language: str, zone: tzinfo) -> str:
    moment = _moment(value, zone)
    if moment is None:
        return _text(value, language, zone)
    if language == "zh":
        part = next(name for until, name in _ZH_PARTS if moment.hour < until)
        hour = moment.hour - 12 if moment.hour > 12 else moment.hour
        return f"{part}{hour}点" + (f"{moment.minute}分" if moment.minute else "整")
    half = "a.m." if moment.hour < 12 else "p.m."
    hour = (moment.hour - 1) % 12 + 1
    return f"{hour} {half}" if not moment.minute else f"{hour} {moment.minute:02d} {half}"


_ZH_PARTS = ((6, "凌晨"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))

FORMATS: Mapping[str, Callable[[Any, str, tzinfo], str]] = {
    "text": _text,
    "digits": _digits,
    "number": _number,
    "money": _money,
    "date": _date,
    "time": _time,
}
"""How a field may be spoken."""
