"""Table, inputs and view of departments."""

from datetime import datetime

from pydantic import BaseModel
from pydantic import Field as InputField
from sqlmodel import Field, SQLModel

from crm.audit.following import follow
from crm.audit.model import EntrySubject
from crm.text import Id, OneLine
from foundation.database import UtcDateTime
from foundation.edits import Edit
from foundation.reader import in_reader_language


class Department(SQLModel, table=True):
    """Department to which tickets are dispatched (责任部门/工区)."""

    __tablename__ = "department"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    name_en: str = ""
    """Shown to readers of English; where empty, they read the name."""
    parent_id: str | None = Field(default=None, foreign_key="department.id")
    area: str = ""
    """Area in which it works; empty for all."""
    active: bool = True
    """A department out of use gets no new tickets; its open ones stay."""
    created_at: datetime = Field(sa_type=UtcDateTime)

    @property
    def shown_name(self) -> str:
        """Return the name in the reader's language."""
        return in_reader_language(self.name, self.name_en)


follow(Department, EntrySubject.DEPARTMENT, ignored={"id", "created_at"})


class DepartmentInput(BaseModel, extra="forbid"):
    """Department as entered."""

    name: OneLine = InputField(min_length=1, max_length=100)
    name_en: OneLine = InputField(default="", max_length=100)
    parent_id: Id | None = None
    area: OneLine = InputField(default="", max_length=60)


class DepartmentChange(Edit, BaseModel, extra="forbid"):
    """Changed fields of a department; those left out stay."""

    name: OneLine = InputField(default="", min_length=1, max_length=100)
    name_en: OneLine = InputField(default="", max_length=100)
    parent_id: Id | None = None
    area: OneLine = InputField(default="", max_length=60)
    active: bool = True


class DepartmentView(BaseModel, from_attributes=True):
    """Department as shown."""

    id: str
    name: str
    name_en: str
    parent_id: str | None
    area: str
    active: bool
