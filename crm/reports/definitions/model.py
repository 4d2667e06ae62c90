"""Types of a figure's definition, and short ways to write one."""

from enum import StrEnum

from pydantic import BaseModel


class FigureUnit(StrEnum):
    """Unit of a figure."""

    COUNT = "count"
    NUMBER = "number"
    """With a fraction."""
    PERCENT = "percent"
    MILLISECONDS = "milliseconds"


class Figure(BaseModel, frozen=True):
    """Definition of a figure."""

    name: str
    """Field of the report's lines."""
    zh: str
    en: str
    formula_zh: str
    formula_en: str
    unit: FigureUnit
    usual: bool = False
    """Among the few that a page or a printed table shows at first."""


def count(name: str, zh: str, en: str, formula_zh: str, formula_en: str) -> Figure:
    """Define a number of calls, tickets or people."""
    return Figure(name=name, zh=zh, en=en, formula_zh=formula_zh, formula_en=formula_en, unit=FigureUnit.COUNT)


def number(name: str, zh: str, en: str, formula_zh: str, formula_en: str) -> Figure:
    """Define a number with a fraction."""
    return Figure(name=name, zh=zh, en=en, formula_zh=formula_zh, formula_en=formula_en, unit=FigureUnit.NUMBER)


def percent(name: str, zh: str, en: str, formula_zh: str, formula_en: str) -> Figure:
    """Define a share."""
    return Figure(name=name, zh=zh, en=en, formula_zh=formula_zh, formula_en=formula_en, unit=FigureUnit.PERCENT)


def time(name: str, zh: str, en: str, formula_zh: str, formula_en: str) -> Figure:
    """Define a length of time."""
    return Figure(name=name, zh=zh, en=en, formula_zh=formula_zh, formula_en=formula_en, unit=FigureUnit.MILLISECONDS)
