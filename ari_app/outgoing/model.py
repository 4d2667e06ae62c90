"""Calls that agents make: what is asked for."""

from typing import Literal

from pydantic import BaseModel, Field, model_validator

ID = 64


class CalledInput(BaseModel, extra="forbid"):
    """Party to be called."""

    kind: Literal["agent", "department", "number"]
    id: str = Field(min_length=1, max_length=ID)
    """The agent's or department's id, or the number as people write it."""


class CallOut(BaseModel, extra="forbid"):
    """Call to be made: to whom, and about what."""

    target: CalledInput | None = None
    """Left out: the number of the missed call, the call, the ticket's reporter or the customer."""
    missed_call_id: str | None = Field(default=None, min_length=1, max_length=ID)
    """Entry of the list of missed callers: the agent takes it, and its result is the call's outcome."""
    call_id: str | None = Field(default=None, min_length=1, max_length=ID)
    """Earlier call."""
    ticket_id: str | None = Field(default=None, min_length=1, max_length=ID)
    customer_id: str | None = Field(default=None, min_length=1, max_length=ID)

    @model_validator(mode="after")
    def _names_a_number(self) -> "CallOut":
        if self.target is None and not any((self.missed_call_id, self.call_id, self.ticket_id, self.customer_id)):
            raise ValueError("must name a target, a missed call, a call, a ticket or a customer")
        return self
