"""Staff accounts: one per person, with one role."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as InputField
from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from crm.audit.following import follow
from crm.audit.model import EntrySubject
from crm.staff.skills import Skills
from crm.text import OneLine
from foundation.database import UtcDateTime, text_enum
from foundation.edits import Edit
from foundation.routes import Principal, Role

STAFF_NUMBER = r"^[0-9]{3,8}$"
WITH_PHONE = frozenset({Role.AGENT, Role.SUPERVISOR})
"""Roles with a phone: agents take calls, supervisors listen to them."""


class PhoneKind(StrEnum):
    """Phone of an agent that is rung."""

    BROWSER = "browser"
    """In the page of the desk."""
    DESK = "desk"
    """On the table, with an account of its own."""


class Staff(SQLModel, table=True):
    """A staff account."""

    __tablename__ = "staff"

    id: str = Field(primary_key=True)
    staff_number: str = Field(unique=True)
    """工号, which customers hear."""
    name: str
    role: Role = Field(sa_type=text_enum(Role))
    password_hash: str
    """argon2id."""
    password_one_time: bool = False
    """Another person made the password: the account's owner must replace it at the first sign-in."""
    department_id: str | None = Field(default=None, foreign_key="department.id")
    endpoint: str | None = Field(default=None, unique=True)
    """The SIP user as which a phone registers."""
    sip_password: str | None = None
    phone: PhoneKind | None = Field(default=None, sa_type=text_enum(PhoneKind))
    """Phone that the agent chose; None: not yet, and the phone on the table is rung."""
    queues: list[str] = Field(default=[], sa_column=Column(JSON, nullable=False))
    skills: dict[str, int] = Field(default={}, sa_column=Column(JSON, nullable=False, server_default="{}"))
    """Level of each skill, by name."""
    team: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Its name, such as 甲班; empty: none. Reports add up its agents."""
    language: str = "zh"
    active: bool = True
    created_at: datetime = Field(sa_type=UtcDateTime)

    def principal(self) -> Principal:
        """Return the account as routes see it."""
        return Principal(self.id, self.staff_number, self.name, self.role, self.department_id, self.password_one_time)


follow(
    Staff,
    EntrySubject.STAFF,
    name_of=lambda row: f"{row.name} ({row.staff_number})",
    secret={"password_hash", "sip_password"},
    ignored={"id", "created_at"},
)

StaffNumber = Annotated[str, InputField(pattern=STAFF_NUMBER)]
Name = Annotated[OneLine, InputField(min_length=1, max_length=60)]
Password = Annotated[str, InputField(min_length=10, max_length=200)]
TeamName = Annotated[OneLine, InputField(max_length=60)]
Queues = Annotated[list[str], InputField(max_length=50)]
Language = Annotated[str, InputField(pattern="^(zh|en)$")]


class StaffInput(BaseModel, extra="forbid"):
    """A new account."""

    staff_number: StaffNumber
    name: Name
    role: Role
    password: Password
    password_one_time: bool = False
    """The password must be replaced at the first sign-in."""
    department_id: str | None = None
    queues: Queues = []
    skills: Skills = {}
    team: TeamName = ""
    language: Language = "zh"


class StaffChange(Edit, BaseModel, extra="forbid"):
    """Changes of an account; fields left out stay.

    A staff number is never changed or given to another person: logs and audits name it.
    """

    name: Name = ""
    role: Role = Role.AGENT
    password: Password = ""
    password_one_time: bool = False
    department_id: str | None = None
    queues: Queues = []
    skills: Skills = {}
    team: TeamName = ""
    language: Language = "zh"
    active: bool = True


class StaffView(BaseModel, from_attributes=True):
    """An account as shown: never a password or a hash."""

    id: str
    staff_number: str
    name: str
    role: Role
    password_one_time: bool
    department_id: str | None
    endpoint: str | None
    queues: list[str]
    skills: dict[str, int]
    team: str
    language: str
    active: bool


class StaffCreated(StaffView):
    """New account with the secret of an agent's phone, shown only here."""

    sip_password: str | None


class PhoneSecret(BaseModel, from_attributes=True):
    """SIP user and new secret of an agent's phone, shown only here."""

    endpoint: str
    sip_password: str
