"""Mask personal data: every response of a route goes through `masked` (S29).

A view marks a personal field by its annotation, such as `number: PersonalNumber`; `fields.SEES` names the roles that
see it.
"""

from collections.abc import Iterator
from functools import lru_cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from crm.personal_data.fields import ALL, SEES, Personal, of_field, shown
from foundation.routes import Role

CALLER = "caller"
"""Kind of an actor who is not staff."""


def masked(response: Any, role: Role | None) -> Any:
    """Return a response as a role sees it.

    Views are copied where a field is masked.
    """
    return response if SEES[role] == ALL else _seen(response, role)


def _seen(value: Any, role: Role | None) -> Any:
    if isinstance(value, BaseModel):
        return _view(value, role)
    if isinstance(value, list):
        return [_seen(one, role) for one in value]
    if isinstance(value, dict):
        return {name: _seen(one, role) for name, one in value.items()}
    return value


def _view(view: BaseModel, role: Role | None) -> BaseModel:
    personal = personal_fields(type(view))
    if view.__dict__.get("actor_kind", CALLER) != CALLER:
        personal = {name: kind for name, kind in personal.items() if kind is not Personal.CALLERS_NAME}
    if Personal.OF_FIELD in personal.values():
        of_its_field = of_field(view.__dict__["field"])
        personal = {name: of_its_field if kind is Personal.OF_FIELD else kind for name, kind in personal.items()}
    changed = {}
    for name, value in view.__dict__.items():
        seen = shown(value, personal[name], role) if name in personal else _seen(value, role)
        if seen is not value:
            changed[name] = seen
    return view.model_copy(update=changed) if changed else view


@lru_cache(maxsize=1024)
def personal_fields(kind: type[BaseModel]) -> dict[str, Personal]:
    """Return the personal fields of a view by name."""
    found = {}
    for name, field in kind.model_fields.items():
        for mark in (*field.metadata, *_marks_inside(field.annotation)):
            if isinstance(mark, Personal):
                found[name] = mark
    return found


def _marks_inside(annotation: Any) -> Iterator[Any]:
    """Yield the marks of a union's parts, such as `PersonalNumber | None`."""
    if get_origin(annotation) in {Union, UnionType}:
        for part in get_args(annotation):
            yield from getattr(part, "__metadata__", ())
