"""Tables, types and views of files of tickets, and of their use."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as InputField
from sqlmodel import Field, SQLModel

from crm.personal_data.fields import PersonalText
from crm.personal_data.holdings import personal
from crm.text import Id
from foundation.append_only import append_only
from foundation.database import UtcDateTime, text_enum

MOST_BYTES = 20 * 1024 * 1024
"""Largest file that is taken: photos of telephones have 3 to 12 MB."""
MOST_OF_ACTION = 10
MOST_OF_TICKET = 100
FileIds = Annotated[list[Id], InputField(max_length=MOST_OF_ACTION)]
"""Files that come with an action: uploaded before, each by the person who acts."""


class TicketFile(SQLModel, table=True):
    """File of a ticket; only its owner sees an unnamed one."""

    __tablename__ = "ticket_file"

    id: str = Field(primary_key=True)
    ticket_id: str | None = Field(default=None, foreign_key="ticket.id", index=True)
    """None for the file of a report that is not filed yet."""
    version: int | None = None
    """Version of the ticket after the action that names it; None: no action has."""
    name: str = ""
    """Name that the file had on the device of its owner."""
    media_type: str
    bytes: int
    sha256: str
    width: int | None = None
    height: int | None = None
    """Size of a photo in pixels; a document has none, and no thumbnail."""
    file: str
    """Path in the folder of files."""
    owner: str
    """Member of staff who uploaded it, or the key of a public report."""
    owner_name: str = ""
    request_key: str | None = Field(default=None, unique=True)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    erased: bool = False
    """Whether its person was erased: the content is removed from the disk next."""


personal(TicketFile, "name", erased=True)


class FileUse(StrEnum):
    """Use of a file."""

    UPLOAD = "upload"
    VIEW = "view"


class TicketFileUse(SQLModel, table=True):
    """Append-only audit entry: an account and its use of a file."""

    __tablename__ = "ticket_file_use"

    id: str = Field(primary_key=True)
    file_id: str = Field(index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    action: FileUse = Field(sa_type=text_enum(FileUse))
    staff_id: str | None = None
    staff_name: str = ""


append_only(SQLModel.metadata.tables[TicketFileUse.__tablename__], {})


class FileView(BaseModel, from_attributes=True):
    """File as shown; its content is at `/tickets/{ticket_id}/files/{id}`."""

    id: str
    version: int | None
    """The log entry of the action that it came with; None until an action names it."""
    name: PersonalText
    media_type: str
    bytes: int
    width: int | None
    height: int | None
    """Pixels of a photo, which has a thumbnail; None for a document."""
    owner_name: str
    at: datetime
