"""Tables of recipients, duty rotas and deliveries."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from crm.audit.following import follow
from crm.audit.model import EntrySubject
from foundation.database import UtcDateTime, text_enum

WebhookData = dict[str, str | int | None]
"""Codes and facts of an event, by name, as a webhook receives them."""

_PENDING = text("next_at IS NOT NULL")


class NoticeChannel(StrEnum):
    """Channel of notices."""

    SMS = "sms"
    EMAIL = "email"
    WECOM = "wecom"
    """企业微信群机器人."""
    DINGTALK = "dingtalk"
    """钉钉群机器人."""
    WEBHOOK = "webhook"


class DeliveryState(StrEnum):
    """State of a delivery."""

    QUEUED = "queued"
    """Not tried yet, or tried again on request."""
    FAILED = "failed"
    """Tried; the next attempt is at `next_at`."""
    SENT = "sent"
    DEAD = "dead"
    """Given up: people must act on it."""
    NOT_SENT = "not_sent"
    """Never tried, for the reason in `error`; no action is needed."""
    DROPPED = "dropped"
    """Given up, then dropped by an employee."""


class NoticeRecipient(SQLModel, table=True):
    """Recipient of notices about a department's tickets, or about all tickets."""

    __tablename__ = "notice_recipient"

    id: str = Field(primary_key=True)
    department_id: str | None = Field(default=None, foreign_key="department.id", index=True)
    staff_id: str | None = Field(default=None, foreign_key="staff.id", index=True)
    """The employee it belongs to, who receives notices about tickets dispatched to the employee or escalated to the
    employee's role, on duty or not."""
    name: str
    channel: NoticeChannel = Field(sa_type=text_enum(NoticeChannel))
    address: str
    """A number, a mailbox, a robot's key or a URL, by channel."""
    secret: str | None = None
    """The signing key of a webhook or a DingTalk robot. In one response at most, never in a log."""
    language: str = "zh"
    standing: bool = True
    """Receives notices while no recipient of the department is on duty."""
    switches: dict[str, bool] = Field(default={}, sa_column=Column(JSON, nullable=False))
    """Events switched on or off; for the others the catalogue decides."""
    in_house: bool = False
    """The channel stays inside the organisation: personal data is not masked (S29)."""
    active: bool = True
    created_at: datetime = Field(sa_type=UtcDateTime)


follow(NoticeRecipient, EntrySubject.RECIPIENT, secret={"address", "secret"}, ignored={"id", "created_at"})


class DutyRota(SQLModel, table=True):
    """Duty rota of a department for an ordinary week."""

    __tablename__ = "duty_rota"

    department_id: str = Field(primary_key=True, foreign_key="department.id")
    time_zone: str
    shifts: list[dict[str, Any]] = Field(default=[], sa_column=Column(JSON, nullable=False))
    """Each as `rota.Shift` dumps it."""
    version: int = 1


class DutyOverride(SQLModel, table=True):
    """Exception to a rota; without recipients, none is on duty."""

    __tablename__ = "duty_override"
    __table_args__ = (Index("ix_duty_override_department_id_until", "department_id", "until_at"),)

    id: str = Field(primary_key=True)
    department_id: str = Field(foreign_key="department.id")
    from_at: datetime = Field(sa_type=UtcDateTime)
    until_at: datetime = Field(sa_type=UtcDateTime)
    recipient_ids: list[str] = Field(default=[], sa_column=Column(JSON, nullable=False))
    note: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)


class NoticeDelivery(SQLModel, table=True):
    """Notice of one event to one recipient or reporter."""

    __tablename__ = "notice_delivery"
    __table_args__ = (
        UniqueConstraint("event_id", "addressee"),
        # Few notices are pending, however many were sent.
        Index("ix_notice_delivery_pending", "channel", "next_at", postgresql_where=_PENDING, sqlite_where=_PENDING),
        Index(
            "ix_notice_delivery_pending_of_key",
            "addressee",
            "key",
            "sequence",
            postgresql_where=_PENDING,
            sqlite_where=_PENDING,
        ),
        # The log, newest first, by its filters.
        Index("ix_notice_delivery_state", "state", "sequence"),
        Index("ix_notice_delivery_department_id", "department_id", "sequence"),
        Index("ix_notice_delivery_key", "key", "sequence"),
        Index("ix_notice_delivery_recipient_id", "recipient_id", "sequence"),
        Index("ix_notice_delivery_created_at", "created_at"),
    )

    sequence: int | None = Field(
        default=None, sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    )
    id: str = Field(unique=True)
    event_id: str
    """The same at every attempt: a receiver recognises a repeated notice by it (F26)."""
    kind: str
    key: str
    """The id that the event is about, such as a ticket's: notices about it reach a recipient in order."""
    addressee: str
    """A recipient's id, the ticket's id with the place of the reporter, or the mailbox of a report."""
    recipient_id: str | None = Field(default=None, foreign_key="notice_recipient.id")
    number: str | None = None
    """The reporter's number in E.164; responses have it masked."""
    department_id: str | None = None
    """The recipient's department, which may see the notice."""
    channel: NoticeChannel = Field(sa_type=text_enum(NoticeChannel))
    subject: str
    text: str
    """Shown in the log: personal data is masked."""
    whole: dict[str, str] | None = Field(default=None, sa_column=Column(JSON))
    """Unmasked subject and text for an in-house recipient; for sending only, never in a response (S29)."""
    data: WebhookData = Field(default={}, sa_column=Column(JSON, nullable=False))
    """Codes and facts that a webhook receives beside the text."""
    happened_at: datetime = Field(sa_type=UtcDateTime)
    state: DeliveryState = Field(default=DeliveryState.QUEUED, sa_type=text_enum(DeliveryState))
    attempts: int = 0
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """The next attempt; during one, the end of its lease. None when sent or given up."""
    error: str | None = None
    """The error of the last failed attempt."""
    dropped_by: str | None = None
    drop_reason: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class NoticeFile(SQLModel, table=True):
    """File of mails, such as a report.

    It holds nothing about a caller.
    """

    __tablename__ = "notice_file"

    key: str = Field(primary_key=True)
    """As the key of the notices that it goes with."""
    name: str = Field(primary_key=True)
    media_type: str
    content: bytes = Field(sa_type=LargeBinary)
