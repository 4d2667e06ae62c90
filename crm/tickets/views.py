"""Views of tickets, their reporters, recordings and log."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, field_validator

from crm.kinds import TicketKind
from crm.personal_data.fields import (
    CallersName,
    Personal,
    PersonalAddress,
    PersonalName,
    PersonalNumber,
    PersonalText,
)
from crm.tickets.cohandling.model import CoHandlerView
from crm.tickets.extensions.model import ExtensionView
from crm.tickets.files.model import FileView
from crm.tickets.findings.model import FindingView, Validity
from crm.tickets.model import ActorKind, Assessment, Channel, TicketStatus, Urgency
from crm.tickets.refusals.model import EVIDENCE, EVIDENCE_EN, RefusalView
from crm.tickets.tiers.model import PassView
from crm.tickets.transitions import TicketAction
from foundation.reader import in_reader_language


class ReporterView(BaseModel, from_attributes=True):
    """Reporter of a ticket as shown."""

    customer_id: str | None
    number: Annotated[str | None, Personal.NUMBER]
    extension: PersonalNumber = ""
    name: PersonalName
    at: datetime


class AttachmentView(BaseModel, from_attributes=True):
    """Attached recording as shown."""

    recording_id: str
    note: PersonalText
    at: datetime

    @field_validator("note")
    @classmethod
    def _for_the_reader(cls, note: str) -> str:
        return in_reader_language(EVIDENCE, EVIDENCE_EN) if note == EVIDENCE else note


class LogView(BaseModel, from_attributes=True):
    """Log entry of a ticket as shown."""

    version: int
    at: datetime
    action: str
    from_status: str | None
    to_status: str
    actor_kind: ActorKind
    actor_name: CallersName
    detail: Annotated[dict[str, Any], Personal.TEXT]


class TicketView(BaseModel, from_attributes=True):
    """Ticket as shown."""

    id: str
    number: str
    kind: TicketKind
    channel: Channel
    status: TicketStatus
    customer_id: str | None
    category_id: str | None
    department_id: str | None
    person_id: str | None
    shared: bool
    subject: PersonalText
    description: PersonalText
    address: PersonalAddress
    area: str
    urgency: Urgency
    form: Annotated[dict[str, Any], Personal.TEXT]
    form_version: int
    visit_from: datetime | None
    visit_until: datetime | None
    visit_booked: bool
    """Whether the visit is booked; else the window is the customer's wish."""
    urge_count: int
    redo_count: int
    escalated: bool
    added_to: bool
    validity: Validity | None
    assessment: Assessment | None
    reply: PersonalText
    closing_reason: PersonalText
    registered_at: datetime
    dispatched_at: datetime | None
    closed_at: datetime | None
    version: int


class ActionField(BaseModel):
    """Field of an action's request; its type stands in the API's description."""

    name: str
    required: bool


class Offer(BaseModel):
    """Action that the person may do to the ticket now."""

    action: TicketAction
    method: str
    path: str
    fields: list[ActionField]


class TicketDetail(TicketView):
    """Ticket with its reporters, recordings, parts and log."""

    may: list[Offer] = []
    """Actions that the person may do now; the routes check it again."""

    reporters: list[ReporterView]
    attachments: list[AttachmentView]
    files: list[FileView]
    co_handlers: list[CoHandlerView]
    passes: list[PassView]
    refusals: list[RefusalView]
    extensions: list[ExtensionView]
    findings: list[FindingView]
    log: list[LogView]
