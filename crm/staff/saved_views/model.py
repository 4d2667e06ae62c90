"""Table and views of saved views."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, field_validator
from pydantic import Field as Rule
from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from crm.personal_data.masking import mask_numbers_in
from crm.staff.preferences.model import Word
from crm.text import OneLine
from foundation.database import UtcDateTime

MOST = 50
"""Views of one person in one list."""


class SavedView(SQLModel, table=True):
    """Filters of a list under a name."""

    __tablename__ = "saved_view"

    id: str = Field(primary_key=True)
    place: str = Field(index=True)
    name: str
    query: dict[str, str] = Field(sa_column=Column(JSON, nullable=False))
    shared: bool
    staff_id: str = Field(foreign_key="staff.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)


class SavedViewInput(BaseModel, extra="forbid"):
    """Filters to save."""

    place: Word
    """Page of the list, such as `tickets`."""
    name: Annotated[OneLine, Rule(min_length=1, max_length=40)]
    query: Annotated[dict[Word, Annotated[OneLine, Rule(max_length=200)]], Rule(max_length=20)]
    """Filters as they stand in the page's address."""
    shared: bool = False
    """Shown to every person who has the page."""

    @field_validator("query")
    @classmethod
    def _no_numbers(cls, query: dict[str, str]) -> dict[str, str]:
        if any(mask_numbers_in(value) != value for value in query.values()):
            raise ValueError("must not hold a telephone number: a view stays when the caller is forgotten")
        return query


class SavedViewView(BaseModel):
    """Saved view as shown."""

    id: str
    name: str
    query: dict[str, str]
    shared: bool
    own: bool
    staff_name: str
    """Its owner."""


class FindViews(BaseModel, extra="forbid"):
    """List of the wanted views."""

    place: Word
