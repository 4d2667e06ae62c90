"""Imports, their staged rows, and their views."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel
from sqlalchemy import JSON, BigInteger, Column, Index
from sqlmodel import Field, SQLModel

from crm.personal_data.fields import Personal, PersonalAddress, PersonalName
from foundation.database import UtcDateTime, text_enum
from foundation.problems import REASON


class ImportStatus(StrEnum):
    """Progress of an import."""

    READING = "reading"
    READY = "ready"
    """It can be applied; `errors` names rows that an application before left."""
    REFUSED = "refused"
    """Has errors; nothing of it is applied."""
    APPLYING = "applying"
    APPLIED = "applied"
    CANCELLED = "cancelled"
    """A person gave it up; nothing was applied."""
    INTERRUPTED = "interrupted"
    """The service ended while it was read; nothing was applied."""


class CustomerImport(SQLModel, table=True):
    """One file."""

    __tablename__ = "customer_import"

    id: str = Field(primary_key=True)
    status: ImportStatus = Field(sa_type=text_enum(ImportStatus))
    at: datetime = Field(sa_type=UtcDateTime)
    staff_id: str
    staff_name: str
    applied_by_id: str | None = None
    applied_by: str = ""
    rows: int = 0
    """Read so far."""
    creates: int = 0
    updates: int = 0
    """Customers that would be, or were, new and different."""
    error_count: int = 0
    errors: list[dict[str, Any]] = Field(default=[], sa_column=Column(JSON, nullable=False))
    """The first of them."""


class ImportRow(SQLModel, table=True):
    """One valid row of a file.

    None: the cell was empty, or the column is missing.
    """

    __tablename__ = "customer_import_row"
    __table_args__ = (Index("ix_customer_import_row_account", "import_id", "account_number"),)

    import_id: str = Field(primary_key=True)
    row: int = Field(primary_key=True)
    customer_id: str
    """Id of the customer, if it is a new one."""
    account_number: str
    name: str | None = None
    address: str | None = None
    area: str | None = None
    grade: str | None = None
    arrears_cents: int | None = Field(default=None, sa_type=BigInteger)
    contract_active: bool | None = None
    language: str | None = None
    notes: str | None = None
    consent: str | None = None
    do_not_call: bool | None = None
    seen_version: int | None = None
    """The customer's version when the file was compared; None: there was none; negative: changed since."""


class ImportPhone(SQLModel, table=True):
    """A telephone of a row."""

    __tablename__ = "customer_import_phone"

    import_id: str = Field(primary_key=True)
    row: int = Field(primary_key=True)
    number: str = Field(primary_key=True)
    extension: str = ""


class RowError(BaseModel):
    """One rule that one cell breaks."""

    row: int
    """Counted as spreadsheets do: the headings are row 1."""
    column: str
    """Heading as in the file; the field where a row does not fit another one or what there is."""
    rule: Annotated[str, REASON]


class PreviewRow(BaseModel):
    """A staged row as it would be stored."""

    row: int
    account_number: str
    name: PersonalName
    phones: Annotated[list[str], Personal.NUMBER]
    address: PersonalAddress


class ImportView(BaseModel, from_attributes=True):
    """An import as shown."""

    id: str
    status: ImportStatus
    at: datetime
    staff_name: str
    rows: int
    creates: int
    updates: int
    error_count: int
    errors: list[RowError]
    preview: list[PreviewRow] = []
    """The first rows of an import that is ready: wrong characters show here."""
