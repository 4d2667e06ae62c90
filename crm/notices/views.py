"""Input and views of recipients, rotas and deliveries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, model_validator
from pydantic import Field as InputField

from crm.moments import Moment
from crm.notices import address
from crm.notices.model import DeliveryState, NoticeChannel, NoticeDelivery, NoticeRecipient
from crm.notices.rota import Recipients, Shift, TimeZone
from crm.outbox.model import Kind
from crm.personal_data.fields import Personal, PersonalText
from crm.text import FormerVersion, Id, OneLine
from foundation.edits import Edit
from foundation.problems import Reason

Name = Annotated[OneLine, InputField(min_length=1, max_length=100)]
Address = Annotated[OneLine, InputField(min_length=3, max_length=2000)]
Secret = Annotated[str, InputField(min_length=16, max_length=200)]
Language = Annotated[str, InputField(pattern="^(zh|en)$")]
Switches = Annotated[dict[Kind, bool], InputField(max_length=100)]


class RecipientInput(BaseModel, extra="forbid"):
    """Recipient to create; without a department, for all tickets."""

    department_id: Id | None = None
    staff_id: Id | None = None
    name: Name
    channel: NoticeChannel
    address: Address
    secret: Secret | None = None
    """A DingTalk robot's signing key. A webhook's is created by the service and in one response only."""
    language: Language = "zh"
    standing: bool = True
    switches: Switches = {}
    in_house: bool = False


class RecipientChange(Edit, BaseModel, extra="forbid"):
    """Changed fields of a recipient; its channel cannot change."""

    name: Name = ""
    staff_id: Id | None = None
    address: Address = ""
    secret: Secret | None = None
    language: Language = "zh"
    standing: bool = True
    switches: Switches = {}
    in_house: bool = False
    active: bool = True


class RecipientView(BaseModel, from_attributes=True):
    """Recipient with a shortened address and without its secret."""

    id: str
    department_id: str | None
    staff_id: str | None
    name: str
    channel: NoticeChannel
    address: str
    language: str
    standing: bool
    switches: dict[str, bool]
    in_house: bool
    active: bool

    @classmethod
    def of(cls, recipient: NoticeRecipient) -> "RecipientView":
        """Return the view of a recipient."""
        shown = address.shown(recipient.channel, recipient.address)
        return cls.model_validate({**recipient.model_dump(), "address": shown})


class RecipientCreated(RecipientView):
    """Recipient with a new secret."""

    signing_secret: str | None = None
    """The key with which a webhook verifies signatures; shown this once."""


class RotaInput(BaseModel, extra="forbid"):
    """Whole ordinary week."""

    time_zone: TimeZone = "Asia/Shanghai"
    shifts: Annotated[list[Shift], InputField(max_length=200)]
    version: FormerVersion | None = None
    """Version of the rota that was edited; refused where it is not the present one."""


class OverrideInput(BaseModel, extra="forbid"):
    """Exception to enter."""

    from_at: Moment
    until_at: Moment
    recipient_ids: Recipients = []
    """Empty: none is on duty, and the standing recipients receive the notices."""
    note: OneLine = InputField(default="", max_length=200)

    @model_validator(mode="after")
    def _lasts(self) -> "OverrideInput":
        if self.until_at <= self.from_at:
            raise ValueError("until_at must be after from_at")
        return self


class OverrideView(BaseModel, from_attributes=True):
    """Exception to a rota."""

    id: str
    from_at: datetime
    until_at: datetime
    recipient_ids: list[str]
    note: str


class RotaView(BaseModel):
    """Rota of a department with the exceptions that are not over."""

    department_id: str
    time_zone: str
    shifts: list[Shift]
    overrides: list[OverrideView]
    version: int


@dataclass(frozen=True)
class DutyNumber:
    """Telephone number of a person on duty, whole."""

    name: str
    number: str


class OnDuty(BaseModel):
    """Recipients at a moment."""

    at: datetime
    by_rota: bool
    """The recipients are on duty; otherwise they are the standing ones."""
    recipients: list[RecipientView]


class DeliveryView(BaseModel, from_attributes=True):
    """A message and how far it got."""

    sequence: int
    id: str
    event_id: str
    kind: str
    key: str
    recipient_id: str | None
    """None: it is for a reporter of the ticket, or for the mailbox of a report."""
    recipient_name: str
    department_id: str | None
    channel: NoticeChannel
    address: str
    subject: PersonalText
    text: PersonalText
    state: DeliveryState
    attempts: int
    next_at: datetime | None
    error: Reason
    dropped_by: str | None
    drop_reason: Annotated[str | None, Personal.TEXT]
    created_at: datetime
    sent_at: datetime | None

    @classmethod
    def of(cls, delivery: NoticeDelivery, recipient: NoticeRecipient | None) -> "DeliveryView":
        """A delivery's."""
        where = recipient.address if recipient is not None else delivery.number or ""
        if recipient is None and delivery.channel is NoticeChannel.EMAIL:
            where = delivery.addressee
        shown = address.shown(delivery.channel, where)
        name = recipient.name if recipient is not None else ""
        return cls.model_validate({**delivery.model_dump(), "recipient_name": name, "address": shown})


class EventView(BaseModel):
    """Kind of event with its wording and default recipients."""

    kind: str
    name_zh: str
    name_en: str
    department_hears: bool
    house_hears: bool
    role_hears: bool
    """People of the role that the event names, instead of the others."""
    subject_zh: str
    text_zh: str
    subject_en: str
    text_en: str
    reporter_zh: str | None
    """SMS to the reporters of the ticket; None: nothing is sent."""
    reporter_en: str | None
