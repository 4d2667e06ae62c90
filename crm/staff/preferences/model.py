"""Settings that a person makes for the own pages."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel
from pydantic import Field as Rule
from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from crm.staff.model import Language
from foundation.database import UtcDateTime

Word = Annotated[str, Rule(pattern=r"^[a-z][a-z0-9_.-]{0,39}$")]
"""Name of a tone, a page or a column."""
TargetName = Annotated[str, Rule(pattern=r"^(agent|queue|department):[A-Za-z0-9_-]{1,64}$")]
"""Kind and id of a call's target."""


class Theme(StrEnum):
    """Colours of the pages."""

    SYSTEM = "system"
    """As the machine has them."""
    LIGHT = "light"
    DARK = "dark"


class OwnSettings(BaseModel, extra="forbid"):
    """A person's settings; PUT replaces them all."""

    language: Language = "zh"
    """Also the language of notices to this person."""
    theme: Theme = Theme.SYSTEM
    ring_tone: Word = "classic"
    ring_volume: Annotated[int, Rule(ge=0, le=100)] = 80
    """Percent."""
    shortcuts: bool = True
    """Keys other than those of the browser do something."""
    columns: dict[Word, Annotated[list[Word], Rule(max_length=40)]] = Rule(default={}, max_length=40)
    """Columns of each list, in their order, by the list's name; a list left out has its usual ones."""
    favourites: Annotated[list[TargetName], Rule(max_length=50)] = []
    """Targets of transfers that stand first in the directory."""


class StaffSettings(SQLModel, table=True):
    """Settings of a person; no row: the usual ones."""

    __tablename__ = "staff_settings"

    staff_id: str = Field(primary_key=True, foreign_key="staff.id")
    stored: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """`OwnSettings` without the language, which is the account's."""
    changed_at: datetime = Field(sa_type=UtcDateTime)
