"""Views of a call for the department that is called about it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from crm.kinds import TicketKind
from crm.personal_data.fields import PersonalAddress, PersonalName, PersonalNumber, PersonalText
from crm.tickets.model import TicketStatus, Urgency

LONGEST = 4000
"""Characters of one text of a draft."""


class SharedMatter(BaseModel):
    """Matter of a call: a draft or a ticket."""

    number: str | None = None
    """The ticket's number; None for a draft."""
    status: TicketStatus | None = None
    kind: TicketKind | None = None
    urgency: Urgency | None = None
    subject: PersonalText = ""
    description: PersonalText = ""
    address: PersonalAddress = ""
    area: str = ""
    name: PersonalName = ""
    caller_number: PersonalNumber = ""


class SharedCall(BaseModel):
    """Call with a department as third party."""

    call_id: str
    agent_name: str
    staff_number: str
    since: datetime
    over: bool
    """The call has ended: the draft stays for a while."""
    draft: SharedMatter | None
    draft_at: datetime | None
    ticket: SharedMatter | None


def drafted(fields: Mapping[str, Any]) -> SharedMatter:
    """Return a draft's known fields; a page may have stored anything."""

    def text(name: str) -> str:
        value = fields.get(name)
        return value[:LONGEST] if isinstance(value, str) else ""

    return SharedMatter(
        kind=TicketKind(text("kind")) if text("kind") in set(TicketKind) else None,
        urgency=Urgency(text("urgency")) if text("urgency") in set(Urgency) else None,
        subject=text("subject"),
        description=text("description"),
        address=text("address"),
        area=text("area"),
        name=text("name"),
        caller_number=text("number"),
    )
