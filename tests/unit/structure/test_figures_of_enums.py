"""Reports map every member of an enum."""

import importlib
import pkgutil
from collections.abc import Iterator
from enum import Enum
from types import ModuleType
from typing import Any

import ari_app.missed.reports
import crm.reports
from ari_app.missed.reports.call_backs import CALLED, FIGURE_OF_END
from crm.reports.definitions.callbacks import CALLBACKS

ROOMS = (crm.reports, ari_app.missed.reports)
PARTIAL = {"DUE_DAY", "MONTHS"}
"""Read with another value for the rest: only some periods have a chosen day, or are months long."""


def modules() -> Iterator[ModuleType]:
    for room in ROOMS:
        for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            yield importlib.import_module(found.name)


def left_out(given: dict[Any, Any]) -> set[Enum]:
    """Return members of the keys' enum that are no key."""
    kinds = {type(key) for key in given if isinstance(key, Enum)}
    return {member for kind in kinds for member in kind if member not in given}


def test_every_mapping_of_an_enum_has_each_member() -> None:
    mappings = {
        f"{module.__name__}.{name}": value
        for module in modules()
        for name, value in vars(module).items()
        if name not in PARTIAL and isinstance(value, dict) and any(isinstance(key, Enum) for key in value)
    }
    assert f"{ari_app.missed.reports.__name__}.call_backs.FIGURE_OF_END" in mappings
    assert {name: left_out(value) for name, value in mappings.items() if left_out(value)} == {}


def test_a_mapping_without_a_member_is_found() -> None:
    end = next(key for key in FIGURE_OF_END if key is not None)
    assert left_out({key: value for key, value in FIGURE_OF_END.items() if key is not end}) == {end}


def test_ends_of_calls_back_are_defined_figures() -> None:
    defined = {one.name for one in CALLBACKS}
    assert {*FIGURE_OF_END.values(), "asked", "kept"} <= defined
    assert FIGURE_OF_END.keys() >= CALLED
