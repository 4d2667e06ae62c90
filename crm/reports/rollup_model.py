"""Tables of counted calls: sums per half hour and per day."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel

from foundation.database import UtcDateTime, text_enum


class Span(StrEnum):
    """Length of the time that a row sums up."""

    CELL = "cell"
    """Half an hour, or a quarter in zones with such an offset."""
    DAY = "day"


class Dimension(StrEnum):
    """Parts of a call that rows of one time differ in."""

    NONE = "none"
    QUEUE = "queue"
    ACCESS_NUMBER = "access_number"
    AGENT = "agent"
    ALL = "all"
    """Queue, access number and agent together."""


class CallSum(SQLModel, table=True):
    """Counted calls of one time, and one queue, access number or agent.

    Nothing here is about a caller. It is counted from call records and can be counted again at any time.
    """

    __tablename__ = "call_sum"

    span: Span = Field(primary_key=True, sa_type=text_enum(Span))
    dimension: Dimension = Field(primary_key=True, sa_type=text_enum(Dimension))
    at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    """Begin of the time in which the calls began."""
    queue: str = Field(default="", primary_key=True)
    access_number: str = Field(default="", primary_key=True)
    agent_id: str = Field(default="", primary_key=True)
    incoming: int = 0
    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    talks: int = 0
    dialled: int = 0
    transferred: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    talk_ms: int = Field(default=0, sa_type=BigInteger)
    held_ms: int = Field(default=0, sa_type=BigInteger)
    longest_wait_ms: int = 0
    waits: bytes = Field(default=b"", sa_type=LargeBinary)
    """Waits of offered calls, as `crm.reports.waits` counts them."""


class CallSumState(SQLModel, table=True):
    """State of the counting: its one owner, and how it counts."""

    __tablename__ = "call_sum_state"

    id: int = Field(default=1, primary_key=True)
    owner: str = ""
    owned_until: datetime = Field(sa_type=UtcDateTime)
    time_zone: str
    """Zone of the counted days."""
    version: int
    """Version of the counting: another one counts everything again."""
