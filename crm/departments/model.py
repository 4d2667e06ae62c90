"""Departments as a tree, and the catalogue of causes that proposes one of them."""

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
    created_at: datetime = Field(sa_type=UtcDateTime)


class Category(SQLModel, table=True):
    """A cause in the catalogue; a tree."""

    __tablename__ = "category"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    parent_id: str | None = Field(default=None, foreign_key="category.id")
    department_id: str | None = Field(default=None, foreign_key="department.id")
    """Whom a ticket of this category is proposed to be dispatched to."""


class DepartmentInput(BaseModel, extra="forbid"):
    """A department as people enter one."""

    name: OneLine = InputField(min_length=1, max_length=100)
    parent_id: Id | None = None
    area: OneLine = InputField(default="", max_length=60)


class DepartmentView(BaseModel, from_attributes=True):
    """A department as shown."""

    id: str
    name: str
    parent_id: str | None
    area: str


class CategoryInput(BaseModel, extra="forbid"):
    """A category as people enter one."""

    name: OneLine = InputField(min_length=1, max_length=100)
    parent_id: Id | None = None
    department_id: Id | None = None


class CategoryView(BaseModel, from_attributes=True):
    """A category as shown."""

    id: str
    name: str
    parent_id: str | None
    department_id: str | None
