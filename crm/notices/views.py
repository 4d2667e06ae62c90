"""Recipients, rotas and deliveries as people enter and see them."""

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

Name = Annotated[OneLine, InputField(min_length=1, max_length=100)]
Address = Annotated[OneLine, InputField(min_length=3, max_length=2000)]
Secret = Annotated[str, InputField(min_length=16, max_length=200)]
Language = Annotated[str, InputField(pattern="^(zh|en)$")]
Switches = Annotated[dict[Kind, bool], InputField(max_length=100)]


class RecipientInput(BaseModel, extra="forbid"):
    """Somebody to be told; of no department: of all tickets."""

    department_id: Id | None = None
    staff_id: Id | None = None
    name: Name
    channel: NoticeChannel
    address: Address
    secret: Secret | None = None
    """A DingTalk robot's signing key. A webhook's is made here, and answered once."""
    language: Language = "zh"
    standing: bool = True
    switches: Switches = {}
    in_house: bool = False


class RecipientChange(BaseModel, extra="forbid"):
    """What is to be different; what is left out stays. A channel stays: another one is another recipient."""

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
    """A recipient as shown: an address only so far that one who knows it recognises it, a secret never."""

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
        """A recipient's."""
        shown = address.shown(recipient.channel, recipient.address)
        return cls.model_validate({**recipient.model_dump(), "address": shown})


class RecipientCreated(RecipientView):
    """A new recipient, or one with a new secret."""

    signing_secret: str | None = None
    """What a webhook verifies signatures with: shown this once."""


class RotaInput(BaseModel, extra="forbid"):
    """An ordinary week, whole."""

    time_zone: TimeZone = "Asia/Shanghai"
    shifts: Annotated[list[Shift], InputField(max_length=200)]
    version: FormerVersion | None = None
    """Of the rota that this one was made from: refused where that is no longer the present one."""


class OverrideInput(BaseModel, extra="forbid"):
    """Who is on duty for once."""

    from_at: Moment
    until_at: Moment
    recipient_ids: Recipients = []
    """Nobody where it is empty: the standing recipients are told then."""
    note: OneLine = InputField(default="", max_length=200)

    @model_validator(mode="after")
    def _lasts(self) -> "OverrideInput":
        if self.until_at <= self.from_at:
            raise ValueError("until_at must be after from_at")
        return self


class OverrideView(BaseModel, from_attributes=True):
    """An exception as shown."""

    id: str
    from_at: datetime
    until_at: datetime
    recipient_ids: list[str]
    note: str


class RotaView(BaseModel):
    """A department's rota and the exceptions to it that are not over."""

    department_id: str
    time_zone: str
    shifts: list[Shift]
    overrides: list[OverrideView]
    version: int


class OnDuty(BaseModel):
    """Who would be told at a moment."""

    at: datetime
    by_rota: bool
    """Somebody is on duty who can be told; otherwise these are the standing recipients."""
    recipients: list[RecipientView]


class DeliveryView(BaseModel, from_attributes=True):
    """A message and how far it got."""

    sequence: int
    id: str
    event_id: str
    kind: str
    key: str
    recipient_id: str | None
    """None: it is for somebody who reported the ticket."""
    recipient_name: str
    department_id: str | None
    channel: NoticeChannel
    address: str
    subject: PersonalText
    text: PersonalText
    state: DeliveryState
    attempts: int
    next_at: datetime | None
    error: str | None
    dropped_by: str | None
    drop_reason: Annotated[str | None, Personal.TEXT]
    created_at: datetime
    sent_at: datetime | None

    @classmethod
    def of(cls, delivery: NoticeDelivery, recipient: NoticeRecipient | None) -> "DeliveryView":
        """A delivery's."""
        where = recipient.address if recipient is not None else delivery.number or ""
        shown = address.shown(delivery.channel, where)
        name = recipient.name if recipient is not None else ""
        return cls.model_validate({**delivery.model_dump(), "recipient_name": name, "address": shown})


class EventView(BaseModel):
    """A kind of event that recipients may hear of, and what they are told."""

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
    """What whoever reported the ticket is told by SMS; None: nothing."""
    reporter_en: str | None
