"""Words and facts of a call's result, as they are stored."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ari_app.queues.dispositions import Path
from crm.history.model import ResultAnswer
from crm.tickets.forms.filling import fill
from crm.tickets.forms.model import FieldKind, FormField

BETWEEN = " / "
"""Between a group and what is in it."""
_YES_NO = {True: ("是", "yes"), False: ("否", "no")}


def words_of(path: Path) -> dict[str, str]:
    """Return a result with the groups above it, in both languages."""
    return {"zh": BETWEEN.join(one.zh for one in path), "en": BETWEEN.join(one.en for one in path)}


def answered(fields: Sequence[FormField], answers: Mapping[str, Any], zone: ZoneInfo) -> list[dict[str, Any]]:
    """Return checked answers with the words of their fields.

    Raises:
        FormNotFilled: an answer breaks its rule, or a required one is missing.
    """
    given = fill(fields, {name: answer for name, answer in answers.items() if answer is not None and answer != ""})
    return [_answer(field, given[field.name], zone).model_dump() for field in fields if field.name in given]


def time_in(answers: Sequence[Mapping[str, Any]], name: str | None) -> datetime | None:
    """Return the time that a field of checked answers has."""
    return next((datetime.fromisoformat(one["value"]) for one in answers if one["name"] == name), None)


def _answer(field: FormField, value: Any, zone: ZoneInfo) -> ResultAnswer:
    zh, en = _in_words(field, value, zone)
    return ResultAnswer(name=field.name, zh=field.zh, en=field.en, value=str(value), value_zh=zh, value_en=en)


def _in_words(field: FormField, value: Any, zone: ZoneInfo) -> tuple[str, str]:
    if field.kind is FieldKind.MOMENT:
        local = f"{datetime.fromisoformat(value).astimezone(zone):%Y-%m-%d %H:%M}"
        return local, local
    if field.kind is FieldKind.YES_NO:
        return _YES_NO[bool(value)]
    if field.kind is FieldKind.CHOICE:
        return next((choice.zh, choice.en) for choice in field.choices if choice.value == value)
    return str(value), str(value)
