"""Personal data by kind, and the one table of who sees which."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from crm.personal_data.masking import mask_address, mask_name, mask_number, mask_numbers_in
from foundation.routes import Role


class Personal(StrEnum):
    """What a field holds of a person."""

    NUMBER = "number"
    NAME = "name"
    ADDRESS = "address"
    TEXT = "text"
    """What people wrote, in which telephone numbers may stand."""
    CALLERS_NAME = "callers_name"
    """Who did something: a name of ours, which everybody sees, unless the view's `actor_kind` says it was a caller."""
    OF_FIELD = "of_field"
    """What stands in the field of a customer that the view's `field` names."""


ALL = frozenset(Personal)
SEES: Mapping[Role | None, frozenset[Personal]] = {
    Role.AGENT: ALL,
    Role.SUPERVISOR: ALL,
    # Who goes there has to know whose door it is; the number only to call, which is noted.
    Role.DEPARTMENT: frozenset({Personal.NAME, Personal.CALLERS_NAME, Personal.ADDRESS}),
    Role.CAMPAIGNS: frozenset(),
    Role.QUALITY: frozenset(),
    Role.ADMINISTRATOR: frozenset(),
    None: frozenset(),
}
"""Everything else is masked. `None`: whoever is not signed in."""

_MASKS = {
    Personal.NUMBER: mask_number,
    Personal.NAME: mask_name,
    Personal.ADDRESS: mask_address,
    Personal.TEXT: mask_numbers_in,
    Personal.CALLERS_NAME: mask_name,
}

_BY_KEY = {"reporter": Personal.NAME, "name": Personal.NAME, "address": Personal.ADDRESS}
"""Of what a mapping holds, such as a log entry's detail, what these keys name."""


def of_field(name: str) -> Personal:
    """What a field of that name holds; whatever is not known is a text."""
    return _BY_KEY.get(name, Personal.TEXT)


PersonalNumber = Annotated[str, Personal.NUMBER]
PersonalName = Annotated[str, Personal.NAME]
PersonalAddress = Annotated[str, Personal.ADDRESS]
PersonalText = Annotated[str, Personal.TEXT]
CallersName = Annotated[str, Personal.CALLERS_NAME]


def shown(value: Any, kind: Personal, role: Role | None) -> Any:
    """A value as a role sees it; of a list or a mapping, every text in it."""
    if kind in SEES[role] or value is None:
        return value
    return _masked(value, kind)


def _masked(value: Any, kind: Personal) -> Any:
    if isinstance(value, str):
        return _MASKS[kind](value)
    if isinstance(value, list):
        return [_masked(one, kind) for one in value]
    if isinstance(value, dict):
        return {name: _masked(one, _BY_KEY.get(name, kind)) for name, one in value.items()}
    return value
