"""Input of corrections."""

from typing import Annotated

from pydantic import BaseModel, JsonValue, model_validator
from pydantic import Field as InputField

from crm.customers.model import Address
from crm.personal_data.fields import WHOLE_TEXT
from crm.text import Id, Lines, OneLine
from crm.tickets.model import Urgency

ABOUT_IT = frozenset({"reason", "version"})
"""Fields about the correction itself."""


class CorrectTicket(BaseModel, extra="forbid"):
    """Corrected fields of a ticket; those left out stay.

    The kind cannot be corrected: another kind is another matter.
    """

    subject: Annotated[OneLine, WHOLE_TEXT] = InputField(default="", min_length=1, max_length=200)
    description: Annotated[Lines, WHOLE_TEXT] = InputField(default="", max_length=4000)
    category_id: Id | None = None
    urgency: Urgency = Urgency.NORMAL
    address: Address = ""
    area: OneLine = InputField(default="", max_length=60)
    form: Annotated[dict[str, JsonValue], WHOLE_TEXT] = InputField(default={}, max_length=40)
    """All answers to the form as it was when the ticket was filed."""
    customer_id: Id | None = None
    """Customer of the matter; null for an unknown one."""
    reason: Lines = InputField(default="", max_length=2000)
    """Reason of the correction, where it is not obvious."""

    @model_validator(mode="after")
    def _something(self) -> "CorrectTicket":
        if not self.model_fields_set - ABOUT_IT:
            names = sorted(CorrectTicket.model_fields.keys() - ABOUT_IT)
            raise ValueError(f"must name the fields to correct: one or more of {', '.join(names)}")
        return self
