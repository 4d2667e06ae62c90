"""Causes as a tree, what rulings taught about them, and what is proposed."""

from enum import StrEnum

from pydantic import BaseModel
from pydantic import Field as InputField
from sqlmodel import Field, SQLModel

from crm.text import Id, OneLine


class Category(SQLModel, table=True):
    """A cause in the catalogue (投诉类型/原因)."""

    __tablename__ = "category"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    parent_id: str | None = Field(default=None, foreign_key="category.id")
    department_id: str | None = Field(default=None, foreign_key="department.id")
    """Whom a ticket of this cause is proposed to be dispatched to; where empty, the cause above says."""
    active: bool = True
    """Out of use, nothing more is filed under it; what was filed stays."""


class RulingCount(SQLModel, table=True):
    """What supervisors' rulings taught: how often tickets of a cause in an area proved to be a department's, or not."""

    __tablename__ = "ruling_count"

    category_id: str = Field(primary_key=True, foreign_key="category.id")
    area: str = Field(primary_key=True)
    department_id: str = Field(primary_key=True, foreign_key="department.id")
    theirs: int = 0
    not_theirs: int = 0


class CategoryInput(BaseModel, extra="forbid"):
    """A category as people enter one."""

    name: OneLine = InputField(min_length=1, max_length=100)
    parent_id: Id | None = None
    department_id: Id | None = None


class CategoryChange(BaseModel, extra="forbid"):
    """What is to be different about a category; what is left out stays."""

    name: OneLine = InputField(default="", min_length=1, max_length=100)
    parent_id: Id | None = None
    department_id: Id | None = None
    active: bool = True


class CategoryView(BaseModel, from_attributes=True):
    """A category as shown."""

    id: str
    name: str
    parent_id: str | None
    department_id: str | None
    active: bool


class ProposalReason(StrEnum):
    """Why a department is proposed."""

    CATEGORY = "category"
    """The catalogue names it for this cause."""
    PARENT_CATEGORY = "parent_category"
    """The catalogue names it for a cause above."""
    AREA = "area"
    """It works in this area, next to or under the one that the catalogue names."""
    RULINGS = "rulings"
    """Supervisors ruled so."""


class ProposedDepartment(BaseModel):
    """A department that the matter may be for."""

    department_id: str
    name: str
    score: int
    why: list[ProposalReason]
