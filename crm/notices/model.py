"""Who is told of what, when they are on duty, and what was sent to them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from foundation.database import UtcDateTime, text_enum

WebhookData = dict[str, str | int | None]
"""Codes and facts of an event, by name, as a webhook receives them."""

_PENDING = text("next_at IS NOT NULL")


class NoticeChannel(StrEnum):
    """How somebody is reached."""

    SMS = "sms"
    EMAIL = "email"
    WECOM = "wecom"
    """企业微信群机器人."""
    DINGTALK = "dingtalk"
    """钉钉群机器人."""
    WEBHOOK = "webhook"


class DeliveryState(StrEnum):
    """How far a message got."""

    QUEUED = "queued"
    """Not tried yet, or tried again because somebody said so."""
    FAILED = "failed"
    """Tried, and tried again at `next_at`."""
    SENT = "sent"
    DEAD = "dead"
    """Given up: for somebody to act on."""
    NOT_SENT = "not_sent"
    """Never tried, for a reason that nobody has to act on; `error` says which."""
    DROPPED = "dropped"
    """Given up, and somebody decided that nobody has to hear of it any more."""


class NoticeRecipient(SQLModel, table=True):
    """Somebody, or some system, that is told what happens to a department's tickets; without one: to all tickets."""

    __tablename__ = "notice_recipient"

    id: str = Field(primary_key=True)
    department_id: str | None = Field(default=None, foreign_key="department.id", index=True)
    staff_id: str | None = Field(default=None, foreign_key="staff.id", index=True)
    """Whose it is, where it is somebody's: told of what is dispatched to this person, or escalated to the person's
    role, on duty or not."""
    name: str
    channel: NoticeChannel = Field(sa_type=text_enum(NoticeChannel))
    address: str
    """A number, a mailbox, a robot's key, a URL: what it must be depends on the channel."""
    secret: str | None = None
    """What a webhook is signed with, or a DingTalk robot's signing key. Never in an answer but once, never in a log."""
    language: str = "zh"
    standing: bool = True
    """Told whenever nobody is on duty."""
    switches: dict[str, bool] = Field(default={}, sa_column=Column(JSON, nullable=False))
    """Which events it hears of; what is not named here is as the catalogue of notices says."""
    in_house: bool = False
    """The channel does not leave the house: personal data is not masked (S29)."""
    active: bool = True
    created_at: datetime = Field(sa_type=UtcDateTime)


class DutyRota(SQLModel, table=True):
    """Who of a department's recipients is on duty in an ordinary week."""

    __tablename__ = "duty_rota"

    department_id: str = Field(primary_key=True, foreign_key="department.id")
    time_zone: str
    shifts: list[dict[str, Any]] = Field(default=[], sa_column=Column(JSON, nullable=False))
    """As `rota.Shift` writes them."""
    version: int = 1


class DutyOverride(SQLModel, table=True):
    """Who is on duty for once, whatever the week says; nobody where it names nobody."""

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
    """One message of one event to one recipient, or to one of the ticket's reporters, however often it is tried."""

    __tablename__ = "notice_delivery"
    __table_args__ = (
        UniqueConstraint("event_id", "addressee"),
        # What is pending stays few however much was ever sent.
        Index("ix_notice_delivery_pending", "channel", "next_at", postgresql_where=_PENDING, sqlite_where=_PENDING),
        Index(
            "ix_notice_delivery_pending_of_key",
            "addressee",
            "key",
            "sequence",
            postgresql_where=_PENDING,
            sqlite_where=_PENDING,
        ),
        # The log, newest first, by what people look for.
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
    """The same however often it is sent: by this a receiver knows what it had already (F26)."""
    kind: str
    key: str
    """What the event is about, such as a ticket's id: messages about it reach a recipient in their order."""
    addressee: str
    """Who it goes to: a recipient's id, or which of a ticket's reporters."""
    recipient_id: str | None = Field(default=None, foreign_key="notice_recipient.id")
    number: str | None = None
    """Where a reporter is reached, in E.164; never in an answer but masked."""
    department_id: str | None = None
    """Whose recipient it is, and who may see it."""
    channel: NoticeChannel = Field(sa_type=text_enum(NoticeChannel))
    subject: str
    text: str
    """What the log shows: with personal data masked, whoever it went to."""
    whole: dict[str, str] | None = Field(default=None, sa_column=Column(JSON))
    """Subject and text as an in-house recipient is told them; for sending only, never in an answer (S29)."""
    data: WebhookData = Field(default={}, sa_column=Column(JSON, nullable=False))
    """Codes and facts that a webhook receives beside the text."""
    happened_at: datetime = Field(sa_type=UtcDateTime)
    state: DeliveryState = Field(default=DeliveryState.QUEUED, sa_type=text_enum(DeliveryState))
    attempts: int = 0
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it is tried next; while it is being tried: when that counts as failed; None when sent or given up."""
    error: str | None = None
    """Of the last attempt that failed."""
    dropped_by: str | None = None
    drop_reason: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
