"""Tables, inputs and views of causes and proposals."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel
from pydantic import Field as InputField
from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from crm.audit.following import follow
from crm.audit.model import EntrySubject
from crm.kinds import TicketKind
from crm.text import Id, OneLine
from foundation.edits import Edit
from foundation.reader import in_reader_language


class Category(SQLModel, table=True):
    """Cause in the catalogue (问题类别)."""

    __tablename__ = "category"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    name_en: str = ""
    """Shown to readers of English; where empty, they read the name."""
    parent_id: str | None = Field(default=None, foreign_key="category.id")
    department_id: str | None = Field(default=None, foreign_key="department.id")
    """Proposed department for tickets of this cause; where empty, that of the cause above."""
    kinds: list[str] = Field(default=[], sa_column=Column(JSON, nullable=False, server_default="[]"))
    """Kinds of tickets that it fits; where empty, those of the cause above, and without one all."""
    active: bool = True
    """No ticket is filed under a cause out of use; filed ones stay."""

    @property
    def shown_name(self) -> str:
        """Return the name in the reader's language."""
        return in_reader_language(self.name, self.name_en)


follow(Category, EntrySubject.CATEGORY, ignored={"id"})


class RulingCount(SQLModel, table=True):
    """Count of rulings for and against a department, by cause and area."""

    __tablename__ = "ruling_count"

    category_id: str = Field(primary_key=True, foreign_key="category.id")
    area: str = Field(primary_key=True)
    department_id: str = Field(primary_key=True, foreign_key="department.id")
    theirs: int = 0
    not_theirs: int = 0


KINDS = "Kinds of tickets that it fits; empty: those of the cause above, or all"


def _once(kinds: list[TicketKind]) -> list[TicketKind]:
    return [kind for kind in TicketKind if kind in kinds]


Kinds = Annotated[list[TicketKind], AfterValidator(_once), InputField(max_length=len(TicketKind), description=KINDS)]


class CategoryInput(BaseModel, extra="forbid"):
    """Category as entered."""

    name: OneLine = InputField(min_length=1, max_length=100)
    name_en: OneLine = InputField(default="", max_length=100)
    parent_id: Id | None = None
    department_id: Id | None = None
    kinds: Kinds = []


class CategoryChange(Edit, BaseModel, extra="forbid"):
    """Changed fields of a category; those left out stay."""

    name: OneLine = InputField(default="", min_length=1, max_length=100)
    name_en: OneLine = InputField(default="", max_length=100)
    parent_id: Id | None = None
    department_id: Id | None = None
    kinds: Kinds = []
    active: bool = True


class CategoryView(BaseModel):
    """Category as shown."""

    id: str
    name: str
    name_en: str
    parent_id: str | None
    department_id: str | None
    kinds: list[TicketKind]
    """As entered; empty: those of the cause above."""
    fits: list[TicketKind]
    """Kinds of tickets that may name it."""
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
