"""Names in log entries of tickets, in place of ids."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from crm.categories.model import Category
from crm.departments.model import Department
from crm.tickets import store
from crm.tickets.views import LogView

_NAMED = re.compile(r"(?:department|staff|category)-[0-9a-z]{26}")
_KEYS = {"department_id": "department", "person_id": "person", "category_id": "category"}


async def with_names(session: AsyncSession, log: Sequence[LogView]) -> list[LogView]:
    """Return log entries with the names of departments, staff and categories."""
    ids = {found for entry in log for found in _ids(entry.detail)}
    if not ids:
        return list(log)
    names = dict(await store.names_of_people(session, ids))
    for table in (Department, Category):
        names |= await store.names_of(session, table, ids)
    return [entry.model_copy(update={"detail": _named(entry.detail, names)}) for entry in log]


def _ids(value: Any) -> Iterator[str]:
    if isinstance(value, str) and _NAMED.fullmatch(value):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _ids(inner)


def _named(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, list):
        return [_named(inner, names) for inner in value]
    if isinstance(value, Mapping):
        return {_KEYS.get(key, key): _named(inner, names) for key, inner in value.items()}
    return value
