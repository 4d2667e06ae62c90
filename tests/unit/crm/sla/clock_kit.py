"""Shared parts of clock tests: a service with clocks on virtual time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from crm.outbox.model import OutboxEntry
from crm.sla.model import TicketClock
from crm.sla.policy import ClockKind, Policy
from crm.sla.service import SlaService
from crm.sla.views import PolicyInput
from crm.tickets.model import Actor, ActorKind
from crm.tickets.service import TicketService
from foundation.database import Database
from foundation.routes import Role

SHANGHAI = ZoneInfo("Asia/Shanghai")
ADMINISTRATOR = Actor(kind=ActorKind.STAFF, id="staff-9001", name="Administrator (9001)", role=Role.ADMINISTRATOR)
POLICY: dict[str, Any] = {
    "rules": [
        {"respond_minutes": 60, "resolve_minutes": 600},
        {"urgency": "urgent", "respond_minutes": 30, "resolve_minutes": 120, "round_the_clock": True},
        {"urgency": "critical", "respond_minutes": 10, "resolve_minutes": 60, "round_the_clock": True},
    ],
    "warning_percent": 80,
    "again_percent": 50,
    "ladder": [
        {"clock": "resolve", "after_minutes": 60, "role": "supervisor"},
        {"clock": "resolve", "after_minutes": 120, "role": "administrator"},
    ],
}
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)
"""An ordinary Monday at nine; office hours are 8:30 to 12:00 and 13:30 to 18:00."""


def local(text: str) -> datetime:
    """A time where the service is."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@dataclass
class Clocks:
    """A node: tickets and their clocks."""

    database: Database
    tickets: TicketService
    service: SlaService

    async def of(self, ticket_id: str) -> dict[ClockKind, TicketClock]:
        """The clocks of a ticket's last round."""
        async with self.database.read() as session:
            statement = select(TicketClock).where(TicketClock.ticket_id == ticket_id)
            found = (await session.exec(statement.order_by(col(TicketClock.round)))).all()
        return {clock.clock: clock for clock in found}

    async def due(self, ticket_id: str) -> datetime:
        """Return a ticket's resolve deadline."""
        return (await self.of(ticket_id))[ClockKind.RESOLVE].due_at

    async def told(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the clock events of the outbox, in order."""
        async with self.database.read() as session:
            statement = select(OutboxEntry).where(col(OutboxEntry.kind).startswith("clock."))
            found = (await session.exec(statement.order_by(col(OutboxEntry.sequence)))).all()
        return [(entry.kind, entry.payload) for entry in found]

    async def enter(self, policy: dict[str, Any] = POLICY, **more: Any) -> None:
        """Put a policy in force."""
        version = (await self.service.policies())[0].version
        given = PolicyInput(policy=Policy.model_validate(policy), version=version, **more)
        await self.service.enter_policy(given, ADMINISTRATOR)


def node(database: Database) -> Clocks:
    """A node on a database."""
    service = SlaService(database)
    tickets = TicketService(database, listeners=[service.deadlines], deadlines=service.deadlines)
    return Clocks(database, tickets, service)


def minutes(count: float) -> timedelta:
    """A duration."""
    return timedelta(minutes=count)
