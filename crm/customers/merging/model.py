"""Merges of customers, and the data that undoing takes."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel
from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from crm.customers.model import CustomerView
from crm.personal_data.fields import Personal
from crm.text import Id, Version
from foundation.database import UtcDateTime


class CustomerMerge(SQLModel, table=True):
    """One merge.

    The merged customer's row and telephones stay; records that named it name the kept one meanwhile.
    """

    __tablename__ = "customer_merge"

    id: str = Field(primary_key=True)
    kept_id: str = Field(foreign_key="customer.id", index=True)
    merged_id: str = Field(foreign_key="customer.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    staff_name: str
    filled: dict[str, Any] = Field(default={}, sa_column=Column(JSON, nullable=False))
    """Fields that the kept customer got: value before and after."""
    copied_phones: list[str] = Field(default=[], sa_column=Column(JSON, nullable=False))
    """Telephones that the kept customer got."""
    revived_phones: list[str] = Field(default=[], sa_column=Column(JSON, nullable=False))
    """Telephones of both that were former ones of the kept."""
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    undone_by: str = ""


class CustomerMergeRow(SQLModel, table=True):
    """A record that was moved from the merged customer."""

    __tablename__ = "customer_merge_row"

    merge_id: str = Field(primary_key=True, foreign_key="customer_merge.id")
    table_name: str = Field(primary_key=True)
    row_key: str = Field(primary_key=True)


class MergeCustomers(BaseModel, extra="forbid"):
    """Two entries of one person."""

    kept_id: Id
    """Stands for both from now on."""
    merged_id: Id
    kept_version: Version | None = None
    merged_version: Version | None = None
    """The versions looked at; refused where they are no longer the present ones."""


class FieldDifference(BaseModel):
    """A field in which the two differ."""

    field: str
    kept: Annotated[Any, Personal.OF_FIELD]
    merged: Annotated[Any, Personal.OF_FIELD]


class MergePreview(BaseModel):
    """Effect of a merge."""

    kept: CustomerView
    merged: CustomerView
    moves: dict[str, int]
    """Number of records that would name the kept customer, by table: ticket, call_record, recording, …"""
    phones: Annotated[list[str], Personal.NUMBER]
    """Telephones that the kept customer would get."""
    fills: list[FieldDifference]
    """Fields that the kept customer lacks and would get."""
    conflicts: list[FieldDifference]
    """Fields that both have; the kept customer's value would stay."""


class CustomerMergeView(BaseModel, from_attributes=True):
    """A merge as shown."""

    id: str
    kept_id: str
    merged_id: str
    at: datetime
    staff_name: str
    undone_at: datetime | None
    undone_by: str


class Duplicate(BaseModel):
    """Two customers who may be one."""

    first: CustomerView
    second: CustomerView
    why: list[str]
    """`phone`: they share one. `address`: they live at the same and are called much alike."""
