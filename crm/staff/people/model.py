"""Colleagues as everyone may see them."""

from pydantic import BaseModel

from crm.staff.model import Language
from crm.text import Id
from foundation.routes import Role


class FindPeople(BaseModel, extra="forbid"):
    """Filters of colleagues."""

    department_id: Id | None = None
    role: Role | None = None


class PersonView(BaseModel):
    """Colleague with an account in use."""

    id: str
    staff_number: str
    name: str
    initials: str
    """First letters of the name's pinyin, for searching: `zxm` for 张小明."""
    role: Role
    department_id: str | None
    department_name: str | None
    queues: list[str]
    """Queues that an agent serves."""


class ProfileView(BaseModel):
    """Own account beside the session."""

    language: Language
    """Language of the person's pages and notices."""
    queues: list[str]
    skills: dict[str, int] = {}
    """Level of each skill by which queues route callers."""
    department_name: str | None
