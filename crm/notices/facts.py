"""What is known of an event, by the names that texts use; and what of it may leave the house (S29)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.departments.model import Department
from crm.notices.catalogue import Hears
from crm.outbox.service import OutboxEvent
from crm.personal_data.masking import mask_address, mask_name, mask_number, mask_numbers_in
from crm.tickets.model import Ticket, TicketLog

LONGEST = 300
"""Characters of one fact: a message is no place for a whole description."""
_WORDS = ("text", "instruction", "explanation", "grounds", "finding", "decision", "reason", "note", "words")
"""Where the log keeps what somebody said with an action, the most telling first."""
_WRITTEN = ("subject", "description", "words", "reason", "actor")
"""EventFacts that people wrote: anything may stand in them."""
_COPIED = ("number", "kind", "status", "urgency", "subject", "area", "redo_count", "clock", "step")
_OTHERS = ("into_number", "merged_number", "out_of_number", "unmerged_number")
"""The other ticket of a merge, by what was done to this one."""


@dataclass(frozen=True)
class EventFacts:
    """What is known of one event."""

    department_id: str | None
    """Which department holds the ticket."""
    person_id: str | None
    """Which person in it, where it was dispatched to one."""
    values: dict[str, str] = field(default_factory=dict)

    def masked(self) -> dict[str, str]:
        """As it may leave the house: names, numbers and addresses not whole, also where they stand in a text."""
        name, address = self.values.get("caller_name", ""), self.values.get("address", "")
        found = {key: _without(mask_numbers_in(self.values[key]), name, address) for key in self.values}
        found |= {key: value for key, value in self.values.items() if key not in _WRITTEN}
        return {
            **found,
            "caller_name": mask_name(name),
            "caller_number": mask_number(self.values.get("caller_number", "")),
            "address": mask_address(address),
        }


class FactFinder:
    """Looks up what texts may say of an event. `link` is the address of a ticket's page with `{number}` in it."""

    def __init__(self, time_zone: str, link: str) -> None:
        self._zone = ZoneInfo(time_zone)
        self._link = link

    async def of(self, session: AsyncSession, event: OutboxEvent) -> EventFacts:
        """What is known of an event; what cannot be found is left out, and never in the way."""
        payload = event.payload
        ticket = await _ticket(session, event)
        detail = await _detail(session, ticket, payload)
        holder = payload.get("department_id", ticket.department_id if ticket else None)
        department = await session.get(Department, payload.get("held_by") or holder or "")
        values = {
            "at": self._clock(event.at),
            "department": department.name if department else "",
            **(self._of_ticket(ticket) if ticket else {}),
            **{key: str(payload[key]) for key in _COPIED if payload.get(key) is not None},
            **_caller(payload),
            "reason": str(detail.get("reason") or payload.get("reason") or ""),
            "words": _words(detail) or _words(payload),
            "actor": str(detail.get("actor") or ""),
            "until": self._clock(detail.get("until") or payload.get("until")),
            "due": self._clock(payload.get("due_at")),
            "respond_by": self._clock(payload.get("respond_by")),
            "other": next((str(detail[key]) for key in _OTHERS if detail.get(key)), ""),
        }
        if values.get("number"):
            values["link"] = self._link.replace("{number}", values["number"])
        if values["reason"] == values["words"]:
            # Said once is enough.
            values["reason"] = ""
        short = {key: _short(value) for key, value in values.items()}
        return EventFacts(holder, payload.get("person_id", ticket.person_id if ticket else None), short)

    async def departments(self, session: AsyncSession, event: OutboxEvent) -> dict[str, Hears]:
        """Whose people an event may be of interest to, and what each is in it."""
        holder = event.payload.get("department_id")
        if "department_id" not in event.payload:
            ticket = await _ticket(session, event)
            holder = ticket.department_id if ticket is not None else None
        found: dict[str, Hears] = {holder: "department"} if holder else {}
        for department_id in event.payload.get("asked_departments") or ():
            found.setdefault(department_id, "asked")
        for department_id in event.payload.get("co_department_ids") or ():
            found.setdefault(department_id, "helpers")
        return found

    def _of_ticket(self, ticket: Ticket) -> dict[str, str]:
        window = [self._clock(ticket.visit_from), self._clock(ticket.visit_until)]
        return {
            "number": ticket.number,
            "kind": ticket.kind,
            "status": ticket.status,
            "urgency": ticket.urgency,
            "subject": ticket.subject,
            "description": ticket.description,
            "address": ticket.address,
            "area": ticket.area,
            "visit": " – ".join(filter(None, window)),
            "urge_count": str(ticket.urge_count),
            "redo_count": str(ticket.redo_count),
        }

    def _clock(self, moment: datetime | str | None) -> str:
        """A time by the clock of the place."""
        if isinstance(moment, str):
            try:
                moment = datetime.fromisoformat(moment)
            except ValueError:
                return ""
        if moment is None or moment.tzinfo is None:
            return ""
        return f"{moment.astimezone(self._zone):%Y-%m-%d %H:%M}"


async def _ticket(session: AsyncSession, event: OutboxEvent) -> Ticket | None:
    return await session.get(Ticket, str(event.payload.get("ticket_id", event.key)))


async def _detail(session: AsyncSession, ticket: Ticket | None, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What the log keeps of the very action that the event tells."""
    if ticket is None or not isinstance(payload.get("version"), int):
        return {}
    statement = select(TicketLog).where(TicketLog.ticket_id == ticket.id, TicketLog.version == payload["version"])
    entry = (await session.exec(statement)).first()
    return {**entry.detail, "actor": entry.actor_name} if entry is not None else {}


def _caller(payload: Mapping[str, Any]) -> dict[str, str]:
    reporters = payload.get("reporters") or [{}]
    first = reporters[0] if isinstance(reporters[0], dict) else {}
    return {"caller_name": str(first.get("name") or ""), "caller_number": str(first.get("number") or "")}


def _words(detail: Mapping[str, Any]) -> str:
    return next((str(detail[key]) for key in _WORDS if detail.get(key)), "")


def _short(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _without(text: str, name: str, address: str) -> str:
    """A text without the name and the address that stand beside it."""
    if len(name) > 1:
        text = text.replace(name, mask_name(name))
    return text.replace(address, mask_address(address)) if len(address) > 3 else text
