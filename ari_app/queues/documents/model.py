"""Table and views of the queues' document."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as Rule
from sqlmodel import Field, SQLModel

from crm.text import Lines, OneLine
from foundation.append_only import append_only
from foundation.database import UtcDateTime
from foundation.findings import Finding, Severity
from foundation.problems import REASON

LONGEST_DOCUMENT = 100_000
_PLACE = re.compile(r"([a-z_]+(?:\.\w+)*): (.+)", re.DOTALL)
"""Path before a finding's sentence."""


class QueueDocument(SQLModel, table=True):
    """Version of the queues and their rules, as YAML.

    The newest is in force.
    """

    __tablename__ = "queue_document"

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    text: str
    note: str
    staff_id: str
    staff_name: str
    at: datetime = Field(sa_type=UtcDateTime)


append_only(SQLModel.metadata.tables[QueueDocument.__tablename__])

DocumentText = Annotated[Lines, Rule(min_length=1, max_length=LONGEST_DOCUMENT)]


class DocumentCheck(BaseModel, extra="forbid"):
    """Document to be checked, not stored."""

    text: DocumentText


class DocumentInput(BaseModel, extra="forbid"):
    """New version of the document."""

    text: DocumentText
    note: Annotated[OneLine, Rule(min_length=2, max_length=200)]
    """Reason of the change."""
    follows: Annotated[int, Rule(ge=0, le=1_000_000)]
    """Version that was edited; 0 is the file."""


class DocumentFinding(BaseModel, from_attributes=True):
    """Broken rule in one line."""

    line: int
    rule: str
    place: str = ""
    """Path of the field inside its queue, such as `overflow.0.to`."""
    message: Annotated[str, REASON]
    severity: Severity

    @classmethod
    def of(cls, finding: Finding) -> "DocumentFinding":
        """Return a finding with its place apart from its sentence."""
        found = _PLACE.fullmatch(finding.message)
        place, message = (found[1], found[2]) if found is not None else ("", finding.message)
        return cls(line=finding.line, rule=finding.rule, place=place, message=message, severity=finding.severity)


class VersionView(BaseModel, from_attributes=True):
    """Version of the document."""

    version: int
    """0: the file of the installation, in force until a version is stored."""
    at: datetime | None = None
    staff_name: str = ""
    note: str = ""


class VersionText(VersionView):
    """Version with its text."""

    text: str
    difference: str
    """Lines removed and added since the version before, as a unified diff."""


class KnownSkill(BaseModel):
    """Skill that agents may have."""

    code: str
    zh: str
    en: str


class KnownSkills(BaseModel):
    """Skills by the document, the rules and the accounts."""

    skills: list[KnownSkill]
    listed: bool
    """The document lists them: no others are meant. Else any name is one."""
