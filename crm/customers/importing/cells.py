"""Rows of an import: their cells, and the rules that they break."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation, localcontext
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ValidationError

from crm.customers.importing.model import RowError
from crm.customers.importing.number_format import MOST_DIGITS
from crm.customers.importing.text_cell import Unreadable, column_letters, unguarded
from crm.customers.model import (
    AccountNumber,
    Address,
    Area,
    Cents,
    Consent,
    Grade,
    Language,
    Name,
    Notes,
    OutsidePhones,
)
from crm.text import without_invisible
from foundation.problems import broken_rules

HEADINGS = {
    "account_number": "户号",
    "name": "姓名",
    "phones": "电话",
    "address": "地址",
    "area": "区域",
    "grade": "等级",
    "arrears_yuan": "欠费(元)",
    "contract_active": "合同有效",
    "language": "语言",
    "notes": "备注",
    "consent": "信息使用同意",
    "do_not_call": "勿扰",
}
"""Columns by their two names, either of which may stand in the first row."""
_NAMES = {heading: name for name, heading in HEADINGS.items()} | {name: name for name in HEADINGS}
_EITHER = ", ".join(f"{heading} ({name})" for name, heading in HEADINGS.items())
_BETWEEN_PHONES = re.compile(r"[;；,，、|\n]")
_MONEY = re.compile(r"(?:¥|RMB|CNY)?\s*(-?)\s*([0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(\.[0-9]+)?\s*元?", re.IGNORECASE)
_NO_MONEY = "-"
"""Shown for zero by the accounting format."""
_YES_NO = {"是": True, "yes": True, "true": True, "1": True, "否": False, "no": False, "false": False, "0": False}

CONSENTS = {Consent.GIVEN: "同意", Consent.WITHDRAWN: "撤回", Consent.UNKNOWN: "未知"}
_CONSENTS = {word: consent for consent, word in CONSENTS.items()}


def _cents(value: Any) -> Any:
    plain = unicodedata.normalize("NFKC", str(value)).strip()
    if plain == _NO_MONEY:
        return 0
    found = _MONEY.fullmatch(plain)
    digits = "".join(part or "" for part in found.groups()).replace(",", "") if found is not None else ""
    try:
        with localcontext(prec=MOST_DIGITS):
            cents = +Decimal(digits) * 100
        if cents == cents.to_integral_value():
            return int(cents)
    except (InvalidOperation, OverflowError, ValueError):
        pass
    raise ValueError("must be an amount in yuan with at most two decimals, such as 128.50")


def _yes_no(value: Any) -> bool:
    found = _YES_NO.get(str(value).lower())
    if found is None:
        raise ValueError("must be yes or no (是 or 否)")
    return found


def _consent(value: str) -> Any:
    return _CONSENTS.get(value, value.lower())


def _apart(value: str) -> list[str]:
    return [one for one in _BETWEEN_PHONES.split(value) if one.strip()]


class CustomerRow(BaseModel):
    """A row of a customer; empty cells are left out."""

    account_number: AccountNumber
    name: Name | None = None
    phones: Annotated[OutsidePhones, BeforeValidator(_apart)] = []
    address: Address | None = None
    area: Area | None = None
    grade: Grade | None = None
    arrears_yuan: Annotated[Cents | None, BeforeValidator(_cents)] = None
    contract_active: Annotated[bool | None, BeforeValidator(_yes_no)] = None
    language: Language | None = None
    notes: Notes | None = None
    consent: Annotated[Consent | None, BeforeValidator(_consent)] = None
    do_not_call: Annotated[bool | None, BeforeValidator(_yes_no)] = None


def columns(headings: Sequence[str]) -> tuple[list[str], list[RowError]]:
    """Return the field of each column, and the rules that headings break."""
    plain = [_plain(heading) for heading in headings]
    found = [_NAMES.get(heading, "") for heading in plain]
    errors = [
        RowError(row=1, column=heading[:60], rule=f"must be one of {_EITHER}")
        for heading, one, name in zip(headings, plain, found, strict=True)
        if one and not name
    ]
    errors += [RowError(row=1, column=name, rule="must be there once") for name in HEADINGS if found.count(name) > 1]
    if "account_number" not in found:
        errors.append(RowError(row=1, column="account_number", rule="must be there"))
    return found, errors


def parsed(names: Sequence[str], cells: Sequence[str], row: int) -> CustomerRow | list[RowError]:
    """Return a row, or every rule that it breaks."""
    filled = [(place, cell) for place, cell in enumerate(cells) if cell.strip()]
    given = {place: names[place] if place < len(names) else "" for place, _ in filled}
    nameless = [place for place, name in given.items() if not name]
    if nameless:
        rule = "must be empty: its column has no heading"
        return [RowError(row=row, column=column_letters(place + 1), rule=rule) for place in nameless]
    unreadable = [RowError(row=row, column=given[place], rule=cell) for place, cell in filled if _is_unreadable(cell)]
    if unreadable:
        return unreadable
    try:
        return CustomerRow.model_validate({given[place]: unguarded(cell.strip()) for place, cell in filled})
    except ValidationError as error:
        return [RowError(row=row, column=str(place[0]), rule=rule[:200]) for place, rule in broken_rules(error)]


def headings_of(names: Sequence[str], headings: Sequence[str]) -> dict[str, str]:
    """Return the file's own heading of each field."""
    return {name: heading.strip()[:60] for name, heading in zip(names, headings, strict=True) if name}


def headed(errors: Sequence[RowError], headings: Mapping[str, str]) -> list[RowError]:
    """Return errors with the columns called as in the file."""
    return [one.model_copy(update={"column": headings.get(one.column, one.column)}) for one in errors]


def _plain(heading: str) -> str:
    """Return a heading half-width, in lower case and without spaces."""
    return "".join(unicodedata.normalize("NFKC", without_invisible(heading)).lower().split())


def _is_unreadable(cell: str) -> bool:
    return isinstance(cell, Unreadable)
