"""Table of the results of calls, as agents chose them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from crm.history.model import CallRecord
from crm.personal_data.holdings import personal
from foundation.database import UtcDateTime


class CallDisposition(SQLModel, table=True):
    """Result of a call, as the agent chose it.

    It keeps the words of that day: the queue's choices may change.
    """

    __tablename__ = "call_disposition"

    call_id: str = Field(primary_key=True)
    """Without a foreign key: the call's record may be stored later, from the spool."""
    code: str
    zh: str = ""
    """The result with the groups above it; empty: stored before words were kept."""
    en: str = ""
    answers: list[dict[str, Any]] = Field(default=[], sa_column=Column(JSON, nullable=False, server_default="[]"))
    """What the agent filled in, field by field."""
    staff_id: str
    at: datetime = Field(sa_type=UtcDateTime)


personal(CallDisposition, answers=[], through="call_id", parent=CallRecord)
