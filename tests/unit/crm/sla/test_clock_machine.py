"""Clocks in random lives of tickets: they match the state (H18)."""

from random import Random

import pytest
from hypothesis import HealthCheck, settings
from sqlmodel import select

from crm.sla.model import TicketClock
from crm.sla.policy import ClockKind
from crm.sla.service import SlaService
from crm.sla.ticket_changes import STOPPED, UNSIGNED
from crm.tickets.model import Ticket, TicketStatus
from crm.tickets.service import TicketService
from foundation.clock import utc_now
from tests.unit.crm.tickets import test_ticket_machine

pytestmark = pytest.mark.slow


class ClockedLives(test_ticket_machine.Lives):
    """Lives of tickets that have clocks."""

    def __init__(self) -> None:
        super().__init__()
        self.service = TicketService(self.database, listeners=[SlaService(self.database).deadlines])

    def _act(self, ticket: str, choice: Random) -> None:
        super()._act(ticket, choice)
        self.run(self._look(ticket))

    async def _look(self, ticket_id: str) -> None:
        async with self.database.read() as session:
            ticket = await session.get_one(Ticket, ticket_id)
            clocks = (await session.exec(select(TicketClock).where(TicketClock.ticket_id == ticket_id))).all()
        self._check(ticket, [clock for clock in clocks if clock.stopped_at is None])
        for clock in clocks:
            assert clock.started_at <= clock.due_at
            assert clock.stopped_at is None or clock.next_at is None

    def _check(self, ticket: Ticket, running: list[TicketClock]) -> None:
        """Return whether the running clocks match the ticket's state."""
        status = ticket.parked_from if ticket.status is TicketStatus.PARKED else ticket.status
        wanted = {ClockKind.RESPOND} if status in UNSIGNED else set()
        wanted |= set() if status in STOPPED else {ClockKind.RESOLVE}
        assert sorted(clock.clock for clock in running) == sorted(wanted)
        for clock in running:
            is_paused = clock.clock is ClockKind.RESOLVE and ticket.status is TicketStatus.PARKED
            assert (clock.paused_at is not None) is is_paused
            assert (clock.next_at is None) is is_paused
            assert clock.due_at > utc_now()
            # A refused ticket has no department, and its time goes on by the hours of the last one.
            assert ticket.department_id in {clock.department_id, None}


ClockedLives.TestCase.settings = settings(
    max_examples=10,
    stateful_step_count=6,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestClockedLives = ClockedLives.TestCase
