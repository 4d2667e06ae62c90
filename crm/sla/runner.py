"""Runner of deadline steps: each happens once, on several nodes too (H18)."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.events import DeadlineAlert
from crm.outbox.service import enqueue
from crm.sla import clock_moves, due_steps, visits
from crm.sla.calendar import BusinessCalendar
from crm.sla.model import ClockStep, TicketClock
from crm.sla.policy import ClockKind
from crm.sla.timing import ClockStepPlan, StepKind, plan, remaining
from crm.sla.versions import Levels
from crm.tickets.model import Ticket
from foundation.clock import utc_now
from foundation.crashpoint import crashpoint
from foundation.database import Database, out_of_reach
from foundation.signals import Signal

LONGEST_SLEEP_S = 60.0
"""How often to look for steps of a node that died."""
SHORTEST_SLEEP_S = 0.05
UNREACHABLE_S = 1.0
RETRY_AFTER = timedelta(minutes=5)
"""Pause before a clock is tried again that could not be handled."""
AT_ANY_TIME = datetime.max.replace(tzinfo=UTC)
AT_ONCE = 100
"""Tickets held in one transaction."""

log = structlog.get_logger()


class ClockRunner:
    """Takes due steps and sleeps until the next; several runners share them.

    A step's row, its event and the time of the next step are one transaction: a runner killed in the middle did
    nothing, and another takes the step. `outbox_written` follows every commit that wrote to the outbox.
    """

    def __init__(self, database: Database, levels: Levels) -> None:
        self._database = database
        self._levels = levels
        self._wake = asyncio.Event()
        self._until = AT_ANY_TIME
        self._changed_over: int | None = None
        """The policy that every open ticket has changed over to by now."""
        self._left_under_theirs: set[str] = set()
        """Tickets that could not change over."""
        self.outbox_written = Signal[[]]()

    def expect(self, moment: datetime) -> None:
        """Wake up if a step due at a moment was committed."""
        if moment < self._until:
            self._wake.set()

    async def run(self) -> None:
        """Take due steps until cancelled."""
        while True:
            self._wake.clear()
            # A step committed during the look is found by another look.
            self._until = AT_ANY_TIME
            try:
                pause_s = await self._take_all_due_steps()
            except Exception:
                log.exception("deadline_runner_failed")
                pause_s = UNREACHABLE_S
            self._until = utc_now() + timedelta(seconds=pause_s)
            await self._sleep(pause_s)

    async def fire(self, now: datetime) -> int:
        """Take the due steps of some clocks; return their number.

        A clock that cannot be handled is logged and tried again later: it stops no other.
        """
        async with self._database.write() as session:
            hours_version = await due_steps.hours_version(session)
            due = await due_steps.due(session, now, AT_ONCE)
            for clock, ticket in due:
                try:
                    with _restored_on_error([clock]):
                        await self._fire(session, clock, ticket, hours_version, now)
                except Exception as error:
                    _raise_if_of_database(error)
                    log.exception("deadline_step_failed", ticket_id=ticket.id, clock=clock.clock)
                    clock.next_at = now + RETRY_AFTER
        if due:
            self.outbox_written.announce()
        return len(due)

    async def change_over(self, now: datetime) -> int:
        """Put some open tickets under the new policy; return their number.

        A ticket that cannot change over is logged and left under its policy until the next start.
        """
        async with self._database.write() as session:
            version = await due_steps.policy_for_open_tickets(session, now)
            if version is None or version == self._changed_over:
                return 0
            found = await due_steps.under_another(session, version, AT_ONCE, self._left_under_theirs)
            if found is None:
                self._changed_over = version
                return 0
            for ticket, clocks in found:
                try:
                    with _restored_on_error(clocks):
                        situation = await self._levels.situation(session, ticket, now)
                        terms = await self._levels.terms(session, situation, version)
                        for clock in clocks:
                            calendar = situation.calendar(clock)
                            visits.change(clock, partial(clock_moves.change_over, terms=terms, old=calendar, now=now))
                            if clock.clock is ClockKind.RESOLVE and clock.paused_at is None:
                                _follow_visit(clock, ticket, terms, situation.calendar(clock), now)
                except Exception as error:
                    _raise_if_of_database(error)
                    log.exception("policy_change_over_failed", ticket_id=ticket.id, version=version)
                    self._left_under_theirs.add(ticket.id)
        return len(found)

    async def _take_all_due_steps(self) -> float:
        """Take all due steps; return the seconds until the next."""
        while await self.change_over(utc_now()):
            pass
        while await self.fire(utc_now()):
            pass
        async with self._database.read() as session:
            following = await due_steps.next_at(session, utc_now())
        if following is None:
            return LONGEST_SLEEP_S
        # A due step that is left is locked by another transaction.
        return min(LONGEST_SLEEP_S, max(SHORTEST_SLEEP_S, (following - utc_now()).total_seconds()))

    async def _fire(
        self, session: AsyncSession, clock: TicketClock, ticket: Ticket, hours_version: int, now: datetime
    ) -> None:
        policy = await self._levels.policy(session, clock.policy_version)
        calendars = await self._levels.calendars(session, hours_version)
        calendar = calendars.of(clock.department_id, round_the_clock=clock.round_the_clock)
        step = plan(policy, clock.clock, clock.allowed_s)[clock.next_step]
        row, alert = _row(clock, ticket, step, now), _alert(clock, ticket, step)
        clock.next_step += 1
        clock_moves.schedule(clock, policy, calendar, remaining(calendar, now, clock.due_at), now)
        if await due_steps.claim(session, row):
            crashpoint("clock_step_claimed")
            enqueue(session, alert)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return


@contextmanager
def _restored_on_error(clocks: Sequence[TicketClock]) -> Iterator[None]:
    """Restore clocks where the block fails: no half-done change is committed."""
    before = [clock.model_dump() for clock in clocks]
    try:
        yield
    except Exception:
        for clock, fields in zip(clocks, before, strict=True):
            clock.sqlmodel_update(fields)
        raise


def _follow_visit(
    clock: TicketClock, ticket: Ticket, terms: clock_moves.Terms, calendar: BusinessCalendar, now: datetime
) -> None:
    """Move the deadline behind a coming visit."""
    if ticket.visit_booked and ticket.visit_until is not None and ticket.visit_until > now:
        visits.agree(clock, ticket.visit_until, terms.policy, calendar, now)


def _raise_if_of_database(error: Exception) -> None:
    """Raise an error of the database: it ends the transaction of all."""
    if isinstance(error, DBAPIError) or out_of_reach(error):
        raise error


def _row(clock: TicketClock, ticket: Ticket, step: ClockStepPlan, now: datetime) -> ClockStep:
    return ClockStep(
        ticket_id=clock.ticket_id,
        clock=clock.clock,
        round=clock.round,
        edition=clock.edition,
        step=clock.next_step,
        kind=step.kind,
        department_id=ticket.department_id,
        due_at=clock.due_at,
        at=now,
    )


def _alert(clock: TicketClock, ticket: Ticket, step: ClockStepPlan) -> DeadlineAlert:
    """Return the event of a step, with the ladder's recipients."""
    ladder = step.ladder
    target = ladder.department_id if ladder is not None else None
    return DeadlineAlert(
        step_kind=step.kind,
        ticket_id=ticket.id,
        number=ticket.number,
        ticket_kind=ticket.kind,
        status=ticket.status,
        urgency=ticket.urgency,
        subject=ticket.subject,
        area=ticket.area,
        customer_id=ticket.customer_id,
        department_id=target or ticket.department_id,
        held_by=ticket.department_id,
        person_id=ticket.person_id if target is None else None,
        role=ladder.role if ladder is not None else None,
        role_department_id=target,
        clock=clock.clock,
        due_at=clock.due_at,
        step=clock.next_step - 1 if step.kind is StepKind.ESCALATION else None,
    )
