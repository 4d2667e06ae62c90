"""From the cells of a row to a customer, or to what is wrong with them."""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ValidationError

from crm.customers.importing.files import UNSAVED_FORMULA
from crm.customers.importing.guard import unguarded
from crm.customers.importing.model import RowError
from crm.customers.model import AccountNumber, Address, Area, Cents, Consent, Grade, Language, Name, Notes, Phones
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
_BETWEEN_PHONES = re.compile(r"[;；,，、|]")
_YES_NO = {"是": True, "yes": True, "true": True, "1": True, "否": False, "no": False, "false": False, "0": False}

CONSENTS = {Consent.GIVEN: "同意", Consent.WITHDRAWN: "撤回", Consent.UNKNOWN: "未知"}
_CONSENTS = {word: consent for consent, word in CONSENTS.items()}


def _cents(value: Any) -> Any:
    try:
        cents = Decimal(value) * 100
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
    """A row as it has to be; what is empty is left out."""

    account_number: AccountNumber
    name: Name | None = None
    phones: Annotated[Phones, BeforeValidator(_apart)] = []
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
    """Which column is what, and what is wrong with the headings."""
    found = [_NAMES.get(heading.strip().lstrip("\ufeff").lower(), "") for heading in headings]
    errors = [
        RowError(row=1, column=heading[:60], rule=f"must be one of {_EITHER}")
        for heading, name in zip(headings, found, strict=True)
        if not name
    ]
    errors += [RowError(row=1, column=name, rule="must be there once") for name in HEADINGS if found.count(name) > 1]
    if "account_number" not in found:
        errors.append(RowError(row=1, column="account_number", rule="must be there"))
    return found, errors


def parsed(names: Sequence[str], cells: Sequence[str], row: int) -> CustomerRow | list[RowError]:
    """A row, or all that is wrong with it."""
    if len(cells) > len(names):
        return [
            RowError(row=row, column=str(len(names) + 1), rule=f"must not be there: there are {len(names)} headings")
        ]
    unsaved = [
        RowError(row=row, column=name, rule="must have a value: open and save the file in a spreadsheet, or enter it")
        for name, cell in zip(names, cells, strict=False)
        if cell == UNSAVED_FORMULA
    ]
    if unsaved:
        return unsaved
    given = {name: unguarded(cell.strip()) for name, cell in zip(names, cells, strict=False) if cell.strip()}
    try:
        return CustomerRow.model_validate(given)
    except ValidationError as error:
        return [RowError(row=row, column=str(place[0]), rule=rule[:200]) for place, rule in broken_rules(error)]
