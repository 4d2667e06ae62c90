"""Table of call records, and views of a customer's history."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel
from pydantic import Field as Rule
from sqlalchemy import JSON, BigInteger, Column, Index, Integer
from sqlmodel import Field, SQLModel

from crm.customers.model import CallerNumber
from crm.kinds import TicketKind
from crm.moments import Moment
from crm.personal_data.fields import Personal, PersonalText
from crm.personal_data.holdings import personal
from crm.text import Id
from crm.tickets.model import TicketStatus
from foundation.database import UtcDateTime

DAYS = 30
"""Days of a customer's history in the screen pop (H4)."""
SHORT_WAIT_MS = 5000
"""An abandoned call with a shorter wait is a short call."""


class StoryStep(StrEnum):
    """Kind of an entry in a call's story."""

    HELD = "held"
    RESUMED = "resumed"
    HELD_BY_PHONE = "held_by_phone"
    RESUMED_BY_PHONE = "resumed_by_phone"
    LOST = "lost"
    RETURNED = "returned"
    CONSULTED = "consulted"
    ANSWERED = "answered"
    NOT_ANSWERED = "not_answered"
    TRANSFERRED = "transferred"
    SWAPPED = "swapped"
    JOINED = "joined"
    LEFT = "left"
    PARKED = "parked"
    PICKED_UP = "picked_up"
    QUEUED = "queued"
    LISTENED = "listened"
    WHISPERED = "whispered"
    BARGED = "barged"
    TOOK_OVER = "took_over"
    SUPERVISION_ENDED = "supervision_ended"
    PULLED = "pulled"
    MOVED = "moved"
    OVERFLOWED = "overflowed"


class CallOutcome(StrEnum):
    """Outcome of a call, for its record."""

    ANSWERED = "answered"
    """Caller and agent were bridged, however shortly; or an outbound call was answered."""
    SELF_SERVED = "self_served"
    """The flow did what the caller wanted."""
    MESSAGE_LEFT = "message_left"
    """The caller left a message, which became a ticket."""
    CALL_BACK = "call_back"
    """The caller left the queue by key and asked for a call back."""
    ABANDONED = "abandoned"
    """The caller joined a queue and hung up before being bridged with an agent, also in the moment of the answer."""
    TIMED_OUT = "timed_out"
    """A limit of the queue, or silence, ended the call; nothing else served the caller."""
    AFTER_HOURS = "after_hours"
    """The queue that the caller asked for was closed, and nothing else served the caller."""
    LEFT_FLOW = "left_flow"
    """The caller hung up in the menu, without having joined a queue."""
    UNREACHED = "unreached"
    """An outbound call without an answer."""
    FAILED = "failed"
    """We could not serve it."""
    FALLBACK = "fallback"
    """The service was away for so long that the dialplan took the call over."""
    LOST = "lost"
    """Asterisk died during the call: the other party is to be called back."""


class CallRecord(SQLModel, table=True):
    """Record of a call, stored at its end; durations in milliseconds."""

    __tablename__ = "call_record"
    __table_args__ = (
        # The screen pop's last 30 days: newest first, by reading the index backwards (H4).
        Index("ix_call_record_customer_id_started_at", "customer_id", "started_at"),
        Index("ix_call_record_number_started_at", "number", "started_at"),
        Index("ix_call_record_agent_id_started_at", "agent_id", "started_at"),
        Index("ix_call_record_outcome_started_at", "outcome", "started_at"),
        Index("ix_call_record_started_at", "started_at"),
    )

    id: str = Field(primary_key=True)
    direction: str
    number: str | None = None
    access_number: str = ""
    customer_id: str | None = None
    agent_id: str | None = None
    queue: str | None = None
    ticket_id: str | None = Field(default=None, index=True)
    started_at: datetime = Field(sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    queued_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    connected_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str
    abandon_position: int | None = None
    wait_ms: int | None = None
    talk_ms: int | None = None
    hangup_by: str = ""
    keys: list[str] = Field(default=[], sa_column=Column(JSON, nullable=False))
    held_ms: int | None = None
    story: list[dict[str, Any]] = Field(default=[], sa_column=Column(JSON, nullable=False, server_default="[]"))
    flow: str | None = None
    """The last flow of a caller."""
    flow_step: str | None = None
    """Its last step."""
    flow_done: bool | None = None
    """The flow came to its own end."""
    expected_wait_ms: int | None = None
    """Wait in all that was expected when it was first known."""


personal(CallRecord, "number", keys=[], story=[])


class CallChange(SQLModel, table=True):
    """Mark that calls of a time are to be counted again.

    It is stored in the transaction of the record, so that no figure misses a late one.
    """

    __tablename__ = "call_change"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger().with_variant(Integer, "sqlite"))
    at: datetime = Field(sa_type=UtcDateTime)
    """When the call began."""


class CallStep(BaseModel):
    """Step of a call's story."""

    at: datetime
    step: StoryStep
    agent_id: str | None = None
    """The agent who acted, or who had the leg."""
    target: str | None = None
    """The other agent's id, or the queue."""
    number: Annotated[str | None, Personal.NUMBER] = None
    """The outside number."""
    note: Annotated[str | None, Personal.TEXT] = None
    """Words of the sender for the receiver."""


Part = Annotated[str | None, Rule(max_length=64, pattern=r"^[A-Za-z0-9_+*#.-]*$")]
"""Queue, access number or agent; empty text: calls without one."""


class FindCalls(BaseModel, extra="forbid"):
    """Filters of calls; `outcome=lost` finds those to be called back."""

    outcome: CallOutcome | None = None
    direction: Literal["inbound", "outbound"] | None = None
    queued: bool | None = None
    """Only calls that joined a queue, or only the others."""
    queue: Part = None
    """The last queue of the call."""
    access_number: Part = None
    agent_id: Part = None
    """The last agent of the call."""
    result: Part = None
    """Code of the result that the agent chose; empty text: calls without one."""
    number: CallerNumber | None = None
    """The other party, as a call brought it or as people write it."""
    wait_at_most_ms: int | None = Rule(default=None, ge=0, le=86_400_000)
    wait_below_ms: int | None = Rule(default=None, ge=0, le=86_400_000)
    since: Moment | None = None
    """Begun from then on."""
    until: Moment | None = None
    """Begun before then."""
    after: Id | None = None
    """Id of the last call of the page before."""
    limit: int = Rule(default=100, ge=1, le=500)


class HistoryCall(BaseModel, from_attributes=True):
    """Call in a history."""

    id: str
    direction: str
    number: Annotated[str | None, Personal.NUMBER]
    queue: str | None
    agent_id: str | None
    ticket_id: str | None
    started_at: datetime
    outcome: str
    wait_ms: int | None
    talk_ms: int | None

    @property
    def short(self) -> bool:
        """Return whether the caller left too soon for service levels."""
        return self.outcome == "abandoned" and (self.wait_ms or 0) < SHORT_WAIT_MS


class ResultAnswer(BaseModel):
    """Fact that a result asked for."""

    name: str
    zh: str
    en: str
    """The field in both languages."""
    value: Annotated[str, Personal.TEXT]
    value_zh: Annotated[str, Personal.TEXT]
    """The same; of a choice, its words."""
    value_en: Annotated[str, Personal.TEXT]


class CallResult(BaseModel, from_attributes=True):
    """Stored result of a call."""

    call_id: str
    code: str
    zh: str
    en: str
    answers: list[ResultAnswer]
    staff_id: str
    at: datetime


class ListedCall(HistoryCall):
    """Call in a list, with every agent and the result."""

    agent_ids: list[str] = []
    """All who talked, in order."""
    result: CallResult | None = None


class CallRecordView(HistoryCall):
    """Whole record of a call."""

    access_number: str
    customer_id: str | None
    answered_at: datetime | None
    queued_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    abandon_position: int | None
    hangup_by: str
    keys: Annotated[list[str], Personal.TEXT]
    held_ms: int | None = None
    """How long the other party heard music in its conversations."""
    story: list[CallStep] = []
    """Holds, transfers and losses, in order."""
    flow: str | None = None
    """The last flow of a caller."""
    flow_step: str | None = None
    """Its last step."""
    flow_done: bool | None = None
    """The flow came to its own end."""
    expected_wait_ms: int | None = None
    """Wait in all that was expected when it was first known."""


class HistoryTicket(BaseModel, from_attributes=True):
    """Ticket in a history."""

    id: str
    number: str
    kind: TicketKind
    status: TicketStatus
    subject: PersonalText
    department_id: str | None
    registered_at: datetime
    urge_count: int
    joined_at: datetime | None = None
    """When the customer joined it as a further reporter; None for the customer's own ticket."""


class HistoryQuery(BaseModel, extra="forbid"):
    """Query of a customer's history."""

    days: int = Rule(default=DAYS, ge=1, le=36_500)


class History(BaseModel):
    """Tickets and calls of a customer, newest first."""

    tickets: list[HistoryTicket]
    calls: list[HistoryCall]
