"""Departments as a tree."""

from datetime import datetime

from pydantic import BaseModel
from pydantic import Field as InputField
from sqlmodel import Field, SQLModel

from crm.text import Id, OneLine
from foundation.database import UtcDateTime


class Department(SQLModel, table=True):
    """A node that tickets are dispatched to (责任部门/工区)."""

    __tablename__ = "department"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    parent_id: str | None = Field(default=None, foreign_key="department.id")
    area: str = ""
    """The area it works in; empty for all."""
    active: bool = True
    """Out of use, it gets no more tickets; those it has stay its own."""
    created_at: datetime = Field(sa_type=UtcDateTime)


class DepartmentInput(BaseModel, extra="forbid"):
    """A department as people enter one."""

    name: OneLine = InputField(min_length=1, max_length=100)
    parent_id: Id | None = None
    area: OneLine = InputField(default="", max_length=60)


class DepartmentChange(BaseModel, extra="forbid"):
    """What is to be different about a department; what is left out stays."""

    name: OneLine = InputField(default="", min_length=1, max_length=100)
    parent_id: Id | None = None
    area: OneLine = InputField(default="", max_length=60)
    active: bool = True


class DepartmentView(BaseModel, from_attributes=True):
    """A department as shown."""

    id: str
    name: str
    parent_id: str | None
    area: str
    active: bool
