"""Kinds of personal data, and the roles that see each."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator

from crm.personal_data.masking import (
    has_masked_number,
    is_masked_address,
    is_masked_name,
    mask_address,
    mask_name,
    mask_number,
    mask_numbers_in,
)
from foundation.routes import Role


class Personal(StrEnum):
    """Kind of a field that is about a person."""

    NUMBER = "number"
    NAME = "name"
    ADDRESS = "address"
    TEXT = "text"
    """Free text, which may hold telephone numbers."""
    CALLERS_NAME = "callers_name"
    """Name of an actor: masked only where the view's `actor_kind` is a caller; names of staff are shown."""
    OF_FIELD = "of_field"
    """Value of the customer's field that the view's `field` names."""


ALL = frozenset(Personal)
SEES: Mapping[Role | None, frozenset[Personal]] = {
    Role.AGENT: ALL,
    Role.SUPERVISOR: ALL,
    # A worker needs name and address for the visit. The number is shown on demand, which is noted.
    Role.DEPARTMENT: frozenset({Personal.NAME, Personal.CALLERS_NAME, Personal.ADDRESS}),
    Role.CAMPAIGNS: frozenset(),
    Role.QUALITY: frozenset(),
    Role.ADMINISTRATOR: frozenset(),
    None: frozenset(),
}
"""Everything else is masked. `None`: a request without a session."""

_MASKS = {
    Personal.NUMBER: mask_number,
    Personal.NAME: mask_name,
    Personal.ADDRESS: mask_address,
    Personal.TEXT: mask_numbers_in,
    Personal.CALLERS_NAME: mask_name,
}

_BY_KEY = {"reporter": Personal.NAME, "name": Personal.NAME, "address": Personal.ADDRESS}
"""Kinds of the values in a mapping, such as a log entry's detail, by key."""


def of_field(name: str) -> Personal:
    """Return the kind of a customer's field; by default a text."""
    return _BY_KEY.get(name, Personal.TEXT)


PersonalNumber = Annotated[str, Personal.NUMBER]
PersonalName = Annotated[str, Personal.NAME]
PersonalAddress = Annotated[str, Personal.ADDRESS]
PersonalText = Annotated[str, Personal.TEXT]
CallersName = Annotated[str, Personal.CALLERS_NAME]


def _whole_name(value: str) -> str:
    if is_masked_name(value):
        raise ValueError("must be the whole name: this one is masked, as your role sees it")
    return value


def _whole_address(value: str) -> str:
    if is_masked_address(value):
        raise ValueError("must be the whole address: this one is masked, as your role sees it")
    return value


def _whole_text(value: Any) -> Any:
    texts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
    for one in texts:
        if isinstance(one, dict | list):
            _whole_text(one)
        elif isinstance(one, str) and has_masked_number(one):
            raise ValueError("must not hold a masked number such as 138****0001: leave it as it was, or enter it whole")
    return value


WHOLE_NAME = AfterValidator(_whole_name)
WHOLE_ADDRESS = AfterValidator(_whole_address)
WHOLE_TEXT = AfterValidator(_whole_text)
"""For texts that take the place of stored ones; of a mapping, each text in it."""


def shown(value: Any, kind: Personal, role: Role | None) -> Any:
    """Return a value as a role sees it.

    Of a list or a mapping every text is masked, but for keys of a kind that the role sees.
    """
    if kind in SEES[role] or value is None:
        return value
    if isinstance(value, str):
        return _MASKS[kind](value)
    if isinstance(value, list):
        return [shown(one, kind, role) for one in value]
    if isinstance(value, dict):
        return {name: shown(one, _BY_KEY.get(name, kind), role) for name, one in value.items()}
    return value
