"""What of a ticket may be put right."""

from pydantic import BaseModel, JsonValue, model_validator
from pydantic import Field as InputField

from crm.text import Id, Lines, OneLine
from crm.tickets.model import Urgency

ABOUT_IT = frozenset({"reason", "version"})
"""What says something of the correction itself."""


class CorrectTicket(BaseModel, extra="forbid"):
    """What is to be different; what is left out stays. The kind stays: another kind is another matter."""

    subject: OneLine = InputField(default="", min_length=1, max_length=200)
    description: Lines = InputField(default="", max_length=4000)
    category_id: Id | None = None
    urgency: Urgency = Urgency.NORMAL
    address: OneLine = InputField(default="", max_length=200)
    area: OneLine = InputField(default="", max_length=60)
    form: dict[str, JsonValue] = InputField(default={}, max_length=40)
    """All answers, to the form as it was when the ticket was filed."""
    customer_id: Id | None = None
    """Whose matter it is; null: nobody that we know."""
    reason: Lines = InputField(default="", max_length=2000)
    """Why, where that is not plain."""

    @model_validator(mode="after")
    def _something(self) -> "CorrectTicket":
        if not self.model_fields_set - ABOUT_IT:
            names = sorted(CorrectTicket.model_fields.keys() - ABOUT_IT)
            raise ValueError(f"must name what is to be different: one or more of {', '.join(names)}")
        return self
