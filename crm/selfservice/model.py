"""Input and views of self-service."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field, JsonValue, StringConstraints

from crm.customers.model import AccountNumber, Address, PhoneNumber
from crm.kinds import TicketKind
from crm.moments import Moment
from crm.personal_data.fields import WHOLE_NAME
from crm.text import Id, Lines, OneLine
from crm.tickets.forms.model import FormField
from crm.tickets.model import TicketStatus

TicketNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{6,20}$")]
Check = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]
"""The last four digits of the account, or of the telephone that was given with the report."""


MOST_PHOTOS = 3


class WebReport(BaseModel, extra="forbid"):
    """A report as a customer enters it in a web form."""

    kind: TicketKind
    subject: OneLine = Field(min_length=2, max_length=100)
    description: Lines = Field(default="", max_length=2000)
    name: Annotated[OneLine, WHOLE_NAME] = Field(min_length=1, max_length=60)
    number: PhoneNumber = Field(max_length=30, description="where the customer is reached")
    account_number: AccountNumber | None = Field(default=None, description="linked where the number is the account's")
    address: Address = ""
    area: OneLine = Field(default="", max_length=60)
    category_id: Id | None = Field(default=None, description="one of the causes that are offered")
    form: dict[str, JsonValue] = Field(default={}, max_length=40, description="the answers to the kind's form")
    file_ids: list[Id] = Field(default=[], max_length=MOST_PHOTOS, description="files uploaded under this report's key")
    website: str = Field(default="", max_length=200, description="not shown to people, and empty")
    seconds: int | None = Field(
        default=None, ge=0, le=10_000_000, description="time from the opening of the form to its sending"
    )


class FileQuery(BaseModel, extra="forbid"):
    """Report that a file is for, and the file's name."""

    report: str = Field(pattern=r"^[A-Za-z0-9-]{16,64}$", description="the Idempotency-Key that the report will have")
    name: OneLine = Field(default="", max_length=200)


class FileReceipt(BaseModel):
    """Uploaded file; the report names its id."""

    id: str


class OfferedForm(BaseModel, from_attributes=True):
    """Form of a kind of report, with its fields in order."""

    kind: TicketKind
    fields: list[FormField]


class PublicHotline(BaseModel):
    """Hotline, as the public pages name it."""

    hotline: str
    """The number to dial."""
    time_zone: str = "Asia/Shanghai"
    """Zone in which times are shown, wherever the browser stands."""


class OfferedCategory(BaseModel, from_attributes=True):
    """A cause that a report may name."""

    id: str
    name: str
    name_en: str
    parent_id: str | None
    fits: list[TicketKind]
    """Kinds of reports that may name it."""


class MatterQuery(BaseModel, extra="forbid"):
    """Cause and place of a report that is being written."""

    category_id: Id
    address: Address = Field(min_length=2)


class KnownMatter(BaseModel):
    """Answer about a matter that reveals no single report."""

    many: bool
    """Whether many people of the place's area reported this cause lately."""


class Receipt(BaseModel):
    """All that the sender of a web form learns."""

    number: str
    added: bool = False
    """Whether the report was added to an earlier ticket of the same matter."""
    visit_code: str = ""
    """With it the sender changes a visit. Empty where the report was added to another ticket."""


class ProgressQuery(BaseModel, extra="forbid"):
    """Query of a ticket's progress, with a secret of its reporters."""

    number: TicketNumber
    check: Check


class VisitQuery(BaseModel, extra="forbid"):
    """Ticket with a visit to be changed, and the reporter's secret."""

    number: TicketNumber
    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{8}$")]


class VisitMove(VisitQuery):
    """Window to which the visit is moved, by its beginning."""

    visit_from: Moment


class VisitCancel(VisitQuery):
    """Visit to be cancelled."""

    reason: OneLine = Field(default="", max_length=200)


class OfferedWindow(BaseModel):
    """Window with a free place."""

    visit_from: datetime
    visit_until: datetime


class PublicVisit(BaseModel):
    """Visit of a ticket, and the windows that are free."""

    number: str
    visit_from: datetime | None
    visit_until: datetime | None
    windows: list[OfferedWindow]


class TelephoneQuery(BaseModel, extra="forbid"):
    """The last four digits of a telephone of the keyed account."""

    check: Check


class Stage(StrEnum):
    """Progress of a ticket, as far as customers see it."""

    REGISTERED = "registered"
    SENT = "sent"
    """To a department, which has not signed for it."""
    HANDLED = "handled"
    WAITING = "waiting"
    """For the customer."""
    REPLIED = "replied"
    CLOSED = "closed"


STAGES = {
    TicketStatus.REGISTERED: Stage.REGISTERED,
    # That a department declined it is a matter of ours.
    TicketStatus.REFUSED: Stage.REGISTERED,
    TicketStatus.DISPATCHED: Stage.SENT,
    TicketStatus.SIGNED: Stage.HANDLED,
    TicketStatus.PARKED: Stage.WAITING,
    TicketStatus.REPLIED: Stage.REPLIED,
    TicketStatus.SURVEY: Stage.REPLIED,
    TicketStatus.ARCHIVED: Stage.CLOSED,
    TicketStatus.CANCELLED: Stage.CLOSED,
}
WORDS: dict[Stage, dict[str, str]] = {
    Stage.REGISTERED: {"zh": "已登记，正在安排处理", "en": "registered; it is about to be passed on"},
    Stage.SENT: {"zh": "已转给负责的单位，等待签收", "en": "sent to the department; it has not signed for it yet"},
    Stage.HANDLED: {"zh": "正在处理", "en": "being handled"},
    Stage.WAITING: {"zh": "等待您提供信息", "en": "waiting for something from you"},
    Stage.REPLIED: {"zh": "已处理，等待回访确认", "en": "done; we will call to ask whether it is solved"},
    Stage.CLOSED: {"zh": "已办结", "en": "closed"},
}


class Progress(BaseModel):
    """Progress of a ticket, without names, numbers, addresses or texts."""

    number: str
    kind: TicketKind
    stage: Stage
    zh: str
    en: str
    department: str
    """The department that has it; empty: none yet."""
    registered_at: datetime
    visit_from: datetime | None
    visit_until: datetime | None
    """The visit; only where there is one reporter, who agreed to it."""
    visit_booked: bool
    """Agreed, not only wished for."""
    closed_at: datetime | None
