"""Forms: fields of each kind of ticket, with all versions."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, model_validator
from pydantic import Field as InputField
from sqlalchemy import JSON, Column, desc
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel, col, select

from crm.audit.following import follow
from crm.audit.model import EntrySubject
from crm.kinds import TicketKind
from crm.text import OneLine
from foundation.database import UtcDateTime, text_enum


class FieldKind(StrEnum):
    """Kind of a form field."""

    TEXT = "text"
    LINES = "lines"
    NUMBER = "number"
    DATE = "date"
    PAST_DATE = "past_date"
    """Day that is not in the future, such as that of a purchase."""
    MOMENT = "moment"
    """Day and time of day."""
    CHOICE = "choice"
    YES_NO = "yes_no"


class Choice(BaseModel, extra="forbid"):
    """Choice of a form field."""

    value: str = InputField(pattern=r"^[a-z0-9_]{1,40}$")
    zh: OneLine = InputField(min_length=1, max_length=60)
    en: OneLine = InputField(min_length=1, max_length=60)


class FormField(BaseModel, extra="forbid"):
    """Field of a form."""

    name: str = InputField(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    kind: FieldKind
    zh: OneLine = InputField(min_length=1, max_length=60)
    en: OneLine = InputField(min_length=1, max_length=60)
    required: bool = False
    choices: list[Choice] = InputField(default=[], max_length=50)

    @model_validator(mode="after")
    def _choices(self) -> "FormField":
        if (self.kind is FieldKind.CHOICE) != bool(self.choices):
            raise ValueError(f"choices: {self.name} must have them if, and only if, its kind is choice")
        values = [choice.value for choice in self.choices]
        if len(set(values)) != len(values):
            raise ValueError(f"choices: {self.name} has one value twice")
        return self


class FormInput(BaseModel, extra="forbid"):
    """Form as entered by an administrator; it replaces the one before."""

    fields: list[FormField] = InputField(max_length=40)

    @model_validator(mode="after")
    def _names(self) -> "FormInput":
        names = [field.name for field in self.fields]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"fields: more than one is named {', '.join(twice)}")
        return self


class FormView(BaseModel, from_attributes=True):
    """Form as shown."""

    kind: TicketKind
    version: int
    fields: list[FormField]
    changed_by: str = ""
    changed_at: datetime | None = None


class TicketForm(SQLModel, table=True):
    """Version of a kind's form; tickets refer to theirs, so versions stay."""

    __tablename__ = "ticket_form"

    kind: TicketKind = Field(primary_key=True, sa_type=text_enum(TicketKind))
    version: int = Field(primary_key=True)
    fields: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    changed_by: str
    changed_at: datetime = Field(sa_type=UtcDateTime)


def _former(session: Session, row: TicketForm) -> TicketForm:
    """Return the form in force before, stored or shipped."""
    versions = select(TicketForm).where(col(TicketForm.kind) == row.kind).order_by(desc("version"))
    if (stored := session.scalars(versions.limit(1)).first()) is not None:
        return stored
    fields = [field.model_dump(mode="json") for field in SHIPPED[row.kind]]
    return TicketForm(kind=row.kind, version=0, fields=fields, changed_by="", changed_at=row.changed_at)


follow(
    TicketForm,
    EntrySubject.FORM,
    id_of=lambda row: str(row.kind),
    name_of=lambda row: str(row.kind),
    ignored={"kind", "version", "changed_by", "changed_at"},
    former=_former,
)


def _field(name: str, kind: FieldKind, zh: str, en: str, *, required: bool = False) -> FormField:
    return FormField(name=name, kind=kind, zh=zh, en=en, required=required)


SHIPPED: dict[TicketKind, list[FormField]] = {
    TicketKind.CONSULTATION: [],
    TicketKind.COMPLAINT: [_field("expectation", FieldKind.LINES, "客户期望", "What the customer expects")],
    TicketKind.SUGGESTION: [],
    TicketKind.FAULT: [],
    TicketKind.AFTER_SALES: [
        _field("product", FieldKind.TEXT, "产品名称", "Product", required=True),
        _field("model", FieldKind.TEXT, "型号", "Model"),
        _field("purchase_date", FieldKind.PAST_DATE, "购买日期", "Date of purchase"),
        FormField(
            name="purchase_channel",
            kind=FieldKind.CHOICE,
            zh="购买渠道",
            en="Channel of purchase",
            choices=[
                Choice(value="shop", zh="门店", en="shop"),
                Choice(value="online", zh="网上", en="online"),
                Choice(value="service_hall", zh="营业厅", en="service hall"),
                Choice(value="other", zh="其他", en="other"),
            ],
        ),
        _field("purchase_place", FieldKind.TEXT, "购买地点", "Place of purchase"),
    ],
}
"""Forms as shipped, version 0: in force for a kind until another is entered.

The problem itself is the ticket's subject and description; no form asks for it again.
"""
