"""Tables of counted days: sums per agent and flow step."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from foundation.database import UtcDateTime


class CountedDay(SQLModel, table=True):
    """Day that was counted, also one without any fact."""

    __tablename__ = "counted_day"

    at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    """Its begin."""


class AgentDay(SQLModel, table=True):
    """Counted day of an agent; times in milliseconds.

    It is counted from the stored facts and can be counted again at any time.
    """

    __tablename__ = "agent_day"

    at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    agent_id: str = Field(primary_key=True)
    signed_in_ms: int = Field(default=0, sa_type=BigInteger)
    ready_ms: int = Field(default=0, sa_type=BigInteger)
    paused_ms: int = Field(default=0, sa_type=BigInteger)
    alerting_ms: int = Field(default=0, sa_type=BigInteger)
    in_call_ms: int = Field(default=0, sa_type=BigInteger)
    wrap_up_ms: int = Field(default=0, sa_type=BigInteger)
    planned_pause_ms: int = Field(default=0, sa_type=BigInteger)
    shift_ms: int = Field(default=0, sa_type=BigInteger)
    kept_ms: int = Field(default=0, sa_type=BigInteger)
    answered: int = 0
    dialled: int = 0
    talk_ms: int = Field(default=0, sa_type=BigInteger)
    held_ms: int = Field(default=0, sa_type=BigInteger)
    missed: int = 0
    transferred: int = 0


class PauseDay(SQLModel, table=True):
    """Part of an agent's paused time of a counted day."""

    __tablename__ = "pause_day"

    at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    agent_id: str = Field(primary_key=True)
    reason: str = Field(primary_key=True)
    ms: int = Field(default=0, sa_type=BigInteger)


class FlowDay(SQLModel, table=True):
    """Counted day of a flow's last step."""

    __tablename__ = "flow_day"

    at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    flow: str = Field(primary_key=True)
    step: str = Field(primary_key=True)
    followed: bool = Field(primary_key=True)
    """The flow came to its own end, or the caller talked with an agent."""
    calls: int = 0
