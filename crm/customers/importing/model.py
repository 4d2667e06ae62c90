"""An import, what is staged of it, and what is shown of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel
from sqlalchemy import JSON, BigInteger, Column, Index
from sqlmodel import Field, SQLModel

from foundation.database import UtcDateTime, text_enum


class ImportStatus(StrEnum):
    """How far an import is."""

    READING = "reading"
    READY = "ready"
    """Without an error: it can be applied."""
    REFUSED = "refused"
    """Has errors; nothing of it will ever be applied."""
    APPLYING = "applying"
    APPLIED = "applied"
    INTERRUPTED = "interrupted"
    """The service ended meanwhile; nothing was applied."""


class CustomerImport(SQLModel, table=True):
    """One file."""

    __tablename__ = "customer_import"

    id: str = Field(primary_key=True)
    status: ImportStatus = Field(sa_type=text_enum(ImportStatus))
    at: datetime = Field(sa_type=UtcDateTime)
    staff_id: str
    staff_name: str
    rows: int = 0
    """Read so far."""
    creates: int = 0
    updates: int = 0
    """Customers that would be, or were, new and different."""
    error_count: int = 0
    errors: list[dict[str, Any]] = Field(default=[], sa_column=Column(JSON, nullable=False))
    """The first of them."""


class ImportRow(SQLModel, table=True):
    """One row of a file that is fit by itself. None: the cell was empty, or the column is missing."""

    __tablename__ = "customer_import_row"
    __table_args__ = (Index("ix_customer_import_row_account", "import_id", "account_number"),)

    import_id: str = Field(primary_key=True)
    row: int = Field(primary_key=True)
    customer_id: str
    """What a new customer is going to be called."""
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
    """The customer's version when the file was compared with what there is; None: there was none."""


class ImportPhone(SQLModel, table=True):
    """A telephone of a row."""

    __tablename__ = "customer_import_phone"

    import_id: str = Field(primary_key=True)
    row: int = Field(primary_key=True)
    number: str = Field(primary_key=True)


class RowError(BaseModel):
    """One rule that one cell breaks."""

    row: int
    """As a spreadsheet counts: the headings are row 1."""
    column: str
    rule: str


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
