"""Inputs of tickets: reporters, new tickets and additions."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, JsonValue, PrivateAttr, ValidationInfo, model_validator
from pydantic import Field as InputField

from crm.customers.model import NO_NUMBER, Address, CallerNumberWithExtension
from crm.customers.phone import is_mistyped_mobile, split_extension
from crm.kinds import TicketKind
from crm.moments import Moment
from crm.personal_data.fields import WHOLE_NAME
from crm.text import Id, Lines, OneLine
from crm.tickets.model import VISIT_AHEAD_DAYS, VISITED, Channel, Urgency
from foundation.clock import utc_now


class Reporter(BaseModel, extra="forbid"):
    """Reporter as entered: a customer, a number, or both."""

    customer_id: Id | None = None
    number: CallerNumberWithExtension | None = None
    extension: str = InputField(default="", pattern="^[0-9]{0,6}$")
    """Digits behind the number; also read from a number such as 0451-88888888转802."""
    name: Annotated[OneLine, WHOLE_NAME] = InputField(default="", max_length=100)

    @model_validator(mode="after")
    def _split(self) -> "Reporter":
        if self.number is not None:
            number, extension = split_extension(self.number)
            if extension:
                self.number, self.extension = number, extension
        elif self.extension:
            raise ValueError("extension: must not be given without a number")
        return self


def _refuse_mistyped(reporter: Reporter, *, from_call: bool) -> None:
    """Refuse a mobile number of wrong length, unless a call brought it."""
    if not from_call and reporter.number is not None and is_mistyped_mobile(reporter.number):
        raise ValueError(f"reporter.number: {NO_NUMBER}")


class FileTicket(BaseModel, extra="forbid"):
    """New ticket as entered."""

    kind: TicketKind
    channel: Channel = Channel.PHONE
    subject: OneLine = InputField(min_length=1, max_length=200)
    description: Lines = InputField(default="", max_length=4000)
    category_id: Id | None = None
    address: Address = ""
    area: OneLine = InputField(default="", max_length=60)
    urgency: Urgency = Urgency.NORMAL
    form: dict[str, JsonValue] = InputField(default={}, max_length=40)
    """Answers to the kind's form by field name."""
    visit_from: Moment | None = None
    visit_until: Moment | None = None
    reporter: Reporter = Reporter()
    call_id: Id | None = None
    number_typed: bool = False
    """The agent typed the reporter's number: it is not as the call brought it."""
    _asked_at: datetime | None = PrivateAttr(default=None)

    @property
    def asked_at(self) -> datetime | None:
        """Return when a report that waited for the database was made."""
        return self._asked_at

    @model_validator(mode="after")
    def _number(self) -> "FileTicket":
        _refuse_mistyped(self.reporter, from_call=self.call_id is not None and not self.number_typed)
        return self

    @model_validator(mode="after")
    def _window(self, info: ValidationInfo) -> "FileTicket":
        if (self.visit_from is None) != (self.visit_until is None):
            missing, given = ("visit_from", "visit_until") if self.visit_from is None else ("visit_until", "visit_from")
            raise ValueError(f"{missing} must be given with {given}")
        if self.visit_from is not None and self.visit_until is not None:
            if self.kind not in VISITED:
                raise ValueError("visit_from: only a fault report or an after-sales application has a visit window")
            if self.visit_until <= self.visit_from:
                raise ValueError("visit_until must be after visit_from")
            self._asked_at = (info.context or {}).get("asked_at")
            now = self._asked_at or utc_now()
            if self.visit_from <= now:
                raise ValueError("visit_from must be ahead")
            if self.visit_until > now + timedelta(days=VISIT_AHEAD_DAYS):
                raise ValueError(f"visit_until must be {VISIT_AHEAD_DAYS} days ahead at most")
        return self


class AppendToTicket(BaseModel, extra="forbid"):
    """Addition to an open ticket, which also counts as an urge (H4)."""

    text: Lines = InputField(min_length=1, max_length=4000)
    reporter: Reporter = Reporter()
    call_id: Id | None = None

    @model_validator(mode="after")
    def _number(self) -> "AppendToTicket":
        _refuse_mistyped(self.reporter, from_call=self.call_id is not None)
        return self
