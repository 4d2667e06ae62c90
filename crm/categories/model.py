"""Tables, inputs and views of causes and proposals."""

from enum import StrEnum

from pydantic import BaseModel
from pydantic import Field as InputField
from sqlmodel import Field, SQLModel

from crm.audit.following import follow
from crm.audit.model import EntrySubject
from crm.text import Id, OneLine


class Category(SQLModel, table=True):
    """Cause in the catalogue (投诉类型/原因)."""

    __tablename__ = "category"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    parent_id: str | None = Field(default=None, foreign_key="category.id")
    department_id: str | None = Field(default=None, foreign_key="department.id")
    """Proposed department for tickets of this cause; where empty, that of the cause above."""
    active: bool = True
    """No ticket is filed under a cause out of use; filed ones stay."""


follow(Category, EntrySubject.CATEGORY, ignored={"id"})


class RulingCount(SQLModel, table=True):
    """Count of rulings for and against a department, by cause and area."""

    __tablename__ = "ruling_count"

    category_id: str = Field(primary_key=True, foreign_key="category.id")
    area: str = Field(primary_key=True)
    department_id: str = Field(primary_key=True, foreign_key="department.id")
    theirs: int = 0
    not_theirs: int = 0


class CategoryInput(BaseModel, extra="forbid"):
    """Category as entered."""

    name: OneLine = InputField(min_length=1, max_length=100)
    parent_id: Id | None = None
    department_id: Id | None = None


class CategoryChange(BaseModel, extra="forbid"):
    """Changed fields of a category; those left out stay."""

    name: OneLine = InputField(default="", min_length=1, max_length=100)
    parent_id: Id | None = None
    department_id: Id | None = None
    active: bool = True


class CategoryView(BaseModel, from_attributes=True):
    """Category as shown."""

    id: str
    name: str
    parent_id: str | None
    department_id: str | None
    active: bool


class ProposalReason(StrEnum):
    """Reason of a proposal."""

    CATEGORY = "category"
    """Named in the catalogue for this cause."""
    PARENT_CATEGORY = "parent_category"
    """Named in the catalogue for a cause above."""
    AREA = "area"
    """Works in this area, beside or under the department that the catalogue names."""
    RULINGS = "rulings"
    """Confirmed by supervisors' rulings."""


class ProposedDepartment(BaseModel):
    """Proposed department for a matter."""

    department_id: str
    name: str
    score: int
    why: list[ProposalReason]
