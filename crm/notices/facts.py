"""Facts of an event by name, whole and masked (S29)."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.departments.model import Department
from crm.events import DeadlineAlert, Event, EventReporter, QueueAlerted, TicketChanged, TicketEvent
from crm.notices.catalogue import Audience, VisitChange
from crm.outbox.subscriptions import EventEnvelope
from crm.personal_data.masking import mask_address, mask_name, mask_number, mask_numbers_in
from crm.tickets.log_facts import LogFacts, read_facts
from crm.tickets.model import Ticket, TicketLog
from crm.tickets.transitions import TicketAction

LONGEST = 300
"""Characters of one fact: a message is no place for a whole description."""
_WRITTEN = ("subject", "description", "words", "reason", "actor")
"""Facts that people wrote: they may contain personal data."""
_ALWAYS = ("caller_name", "caller_number", "reason", "words", "actor", "until", "due", "respond_by", "other")
"""Facts that a webhook always receives, empty where they are unknown."""


@dataclass(frozen=True)
class EventFacts:
    """Facts of one event."""

    department_id: str | None
    """The department that holds the ticket."""
    person_id: str | None
    """The employee it is dispatched to."""
    values: dict[str, str] = field(default_factory=dict)
    for_reporter: dict[str, str] = field(default_factory=dict)
    """What the ticket's only reporter alone may read."""

    def masked(self) -> dict[str, str]:
        """Return the facts with names, numbers and addresses masked, also within texts."""
        name, address = self.values.get("caller_name", ""), self.values.get("address", "")
        found = {key: _without(mask_numbers_in(self.values[key]), name, address) for key in self.values}
        found |= {key: value for key, value in self.values.items() if key not in _WRITTEN}
        return {
            **found,
            "caller_name": mask_name(name),
            "caller_number": mask_number(self.values.get("caller_number", "")),
            "address": mask_address(address),
        }


def visit_change(event: Event) -> VisitChange | None:
    """Return the change of a visit that reporters are informed of.

    A merge moves the visit to the other ticket; the event of that one informs all reporters.
    """
    if not isinstance(event, TicketChanged) or event.visit_from == event.freed_visit_from:
        return None
    if event.freed_visit_from is None:
        return None if event.action == TicketAction.MERGE else "agreed"
    return "cancelled" if event.visit_from is None else "moved"


class FactFinder:
    """Finds the facts of events.

    `link` is a ticket's page with `{number}`, `visit_page` the page on which a reporter changes the visit.
    """

    def __init__(self, time_zone: str, link: str, visit_page: str = "") -> None:
        self._visit_page = visit_page
        self._zone = ZoneInfo(time_zone)
        self._link = link

    async def of(self, session: AsyncSession, envelope: EventEnvelope) -> EventFacts:
        """Return what is known of an event; unknown facts are left out."""
        event = envelope.event
        ticket = await _ticket(session, event)
        holder, person_id = _holder(event, ticket)
        values = {
            **dict.fromkeys(_ALWAYS, ""),
            "at": self._clock(envelope.at),
            **(self._of_ticket(ticket) if ticket is not None else {}),
            **(_of_event(event) if isinstance(event, TicketEvent) else {}),
        }
        if isinstance(event, TicketChanged):
            values |= await self._of_change(session, event)
        elif isinstance(event, DeadlineAlert):
            step = str(event.step) if event.step is not None else ""
            values |= {"clock": event.clock, "step": step, "due": self._clock(event.due_at)}
        elif isinstance(event, QueueAlerted):
            values |= {"queue": event.queue, "figure": event.figure, "bound": event.bound, "value": event.value}
        held_by = event.held_by if isinstance(event, DeadlineAlert) else None
        values["department"] = await _department(session, held_by or holder)
        if values.get("number"):
            values["link"] = self._link.replace("{number}", values["number"])
        return EventFacts(
            holder, person_id, {key: _short(value) for key, value in values.items()}, self._secret(event, ticket)
        )

    def _secret(self, event: Event, ticket: Ticket | None) -> dict[str, str]:
        """Return page and code with which the only reporter changes a visit."""
        alone = isinstance(event, TicketChanged) and len(event.reporters) == 1 and event.visit_from is not None
        known = alone and ticket is not None and ticket.visit_code != "" and self._visit_page != ""
        page = self._visit_page.replace("{number}", ticket.number) if known and ticket is not None else ""
        return {"visit_code": ticket.visit_code if known and ticket is not None else "", "visit_page": page}

    async def departments(self, session: AsyncSession, event: Event) -> dict[str, Audience]:
        """Return the departments that an event concerns, each with its part."""
        ticket = await _ticket(session, event) if not isinstance(event, TicketEvent) else None
        holder, _ = _holder(event, ticket)
        found: dict[str, Audience] = {holder: "department"} if holder else {}
        if isinstance(event, TicketChanged):
            for department_id in event.asked_departments:
                found.setdefault(department_id, "asked")
            for department_id in event.co_department_ids:
                found.setdefault(department_id, "helpers")
        return found

    async def _of_change(self, session: AsyncSession, event: TicketChanged) -> dict[str, str]:
        """Return the facts of an action from its event and log entry."""
        entry = await _log_entry(session, event)
        logged = read_facts(entry.detail) if entry is not None else LogFacts()
        reason = logged.reason or event.reason or ""
        words = logged.words or event.instruction or event.grounds or event.reason or ""
        first = event.reporters[0] if event.reporters else EventReporter()
        return {
            "redo_count": str(event.redo_count),
            "caller_name": first.name,
            "caller_number": first.number or "",
            "reason": reason if reason != words else "",
            "words": words,
            "actor": entry.actor_name if entry is not None else "",
            "until": self._clock(logged.until or event.until),
            "due": self._clock(event.due_at),
            "respond_by": self._clock(event.respond_by),
            "other": logged.other_number,
            **({"visit": self._window(event.visit_from, event.visit_until)} if event.visit_from is not None else {}),
            "visit_before": self._clock(event.freed_visit_from),
        }

    def _of_ticket(self, ticket: Ticket) -> dict[str, str]:
        return {
            "number": ticket.number,
            "kind": ticket.kind,
            "status": ticket.status,
            "urgency": ticket.urgency,
            "subject": ticket.subject,
            "description": ticket.description,
            "address": ticket.address,
            "area": ticket.area,
            "visit": self._window(ticket.visit_from, ticket.visit_until),
            "urge_count": str(ticket.urge_count),
            "redo_count": str(ticket.redo_count),
        }

    def _window(self, begins: datetime | None, ends: datetime | None) -> str:
        return " – ".join(filter(None, (self._clock(begins), self._clock(ends))))

    def _clock(self, moment: datetime | None) -> str:
        """Return a local time as text; empty for none."""
        return f"{moment.astimezone(self._zone):%Y-%m-%d %H:%M}" if moment is not None else ""


async def _ticket(session: AsyncSession, event: Event) -> Ticket | None:
    return await session.get(Ticket, event.key)


def _holder(event: Event, ticket: Ticket | None) -> tuple[str | None, str | None]:
    """Return the department and the employee that an event concerns."""
    if isinstance(event, TicketEvent):
        return event.department_id, event.person_id
    return (ticket.department_id, ticket.person_id) if ticket is not None else (None, None)


async def _department(session: AsyncSession, department_id: str | None) -> str:
    found = await session.get(Department, department_id) if department_id is not None else None
    return found.name if found is not None else ""


async def _log_entry(session: AsyncSession, event: TicketChanged) -> TicketLog | None:
    """Return the log entry of the action that an event reports."""
    statement = select(TicketLog).where(TicketLog.ticket_id == event.ticket_id, TicketLog.version == event.version)
    return (await session.exec(statement)).first()


def _of_event(event: TicketEvent) -> dict[str, str]:
    facts = {
        "number": event.number,
        "kind": event.ticket_kind,
        "status": event.status,
        "urgency": event.urgency,
        "subject": event.subject,
        "area": event.area,
    }
    return {name: value for name, value in facts.items() if value}


def _short(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _without(text: str, name: str, address: str) -> str:
    """Mask a name and an address within a text."""
    if len(name) > 1:
        text = text.replace(name, mask_name(name))
    return text.replace(address, mask_address(address)) if len(address) > 3 else text
