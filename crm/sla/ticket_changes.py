"""Listener that changes deadlines with their ticket (H18)."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

from sqlalchemy import ColumnElement, Connection, event
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.sla import clock_moves, merging, store, visits
from crm.sla.calendar import BusinessCalendar
from crm.sla.model import TicketClock
from crm.sla.policy import ClockKind
from crm.sla.timing import after, remaining
from crm.sla.versions import Levels, Situation
from crm.tickets.listing import NextDue
from crm.tickets.log_facts import LogFacts
from crm.tickets.merges import store as merges_store
from crm.tickets.model import CLOSED, UNDISPATCHED, Ticket, TicketStatus
from crm.tickets.state_change import ChangeEffects, StateChange
from crm.tickets.transitions import TicketAction
from foundation.clock import utc_now

STOPPED_BY = {TicketAction.SIGN: (ClockKind.RESPOND,), TicketAction.REPLY: tuple(ClockKind)}
"""Clocks that an action stops without closing the ticket."""
UNSIGNED = UNDISPATCHED | {TicketStatus.DISPATCHED}
ANSWERED = frozenset({TicketStatus.REPLIED, TicketStatus.SURVEY})
UNDER_WAY = frozenset({TicketStatus.SIGNED, TicketStatus.PARKED})
STOPPED = CLOSED | ANSWERED
"""States in which no clock of a ticket runs."""
DECIDES_TIME = frozenset({"urgency", "category_id", "customer_id"})
"""Fields of a ticket that decide its time and may be corrected."""


class NewTerms(Protocol):
    """Change of a clock to other terms."""

    def __call__(self, clock: TicketClock, terms: clock_moves.Terms, old: BusinessCalendar, now: datetime) -> None:
        """Change the clock; `old` is its calendar until now."""
        ...


class DeadlineUpdater:
    """Listener of tickets that updates their clocks; extensions ask it for deadlines.

    `on_due` gets the time of the next step after each commit, so that the runner can sleep until then.
    """

    def __init__(self, levels: Levels, on_due: Callable[[datetime], None]) -> None:
        self._levels = levels
        self._on_due = on_due

    async def changed(self, session: AsyncSession, change: StateChange) -> ChangeEffects:
        """Update the ticket's clocks; return new deadlines of a hand-over."""
        ticket, action, before = change.ticket, change.action, change.before
        if before is None:
            return await self._begin(session, ticket)
        dispatched = ticket.status is TicketStatus.DISPATCHED
        if before in ANSWERED and dispatched:
            # A redo, or an addition after the department's reply (H4).
            effects = await self._start_next_round(session, ticket)
            return effects | await self._follow_visit(session, change)
        if before in STOPPED and action is not TicketAction.UNMERGE:
            return ChangeEffects()
        if ticket.status in CLOSED or action in STOPPED_BY:
            clocks = STOPPED_BY.get(action, tuple(ClockKind))
            await store.stop(session, ticket.id, clocks, utc_now(), ticket.department_id)
            return ChangeEffects()
        if before is TicketStatus.PARKED and ticket.status is not before:
            await self._resume(session, ticket)
        effects = ChangeEffects()
        if change.facts.to_department is not None or (dispatched and before in UNDER_WAY):
            effects = await self._hand_over(session, ticket)
        await self._move(session, ticket, action, change.facts)
        return effects | await self._follow_visit(session, change)

    def next_due(self, connection: Connection, ticket_ids: Sequence[str]) -> Mapping[str, NextDue]:
        """Return the running deadline that comes next, of each ticket with one."""
        found = store.running(connection, ticket_ids)
        latest_first = sorted(found, key=lambda clock: clock.due_at, reverse=True)
        return {clock.ticket_id: NextDue(clock.clock, clock.due_at) for clock in latest_first}

    def due_before(self, moment: datetime, *, among_few: bool) -> ColumnElement[bool]:
        """Return the condition that a running deadline is before then."""
        if among_few:
            return store.is_due_before(moment)
        return col(Ticket.id).in_(store.running_due_before(moment))

    async def resolve_by(self, session: AsyncSession, ticket: Ticket) -> datetime | None:
        """Return the resolve deadline; of a paused ticket, as if resumed now."""
        found = await self._levels.situation(session, ticket, utc_now())
        clock = found.running.get(ClockKind.RESOLVE)
        if clock is None or clock.paused_at is None or clock.remaining_s <= 0:
            return clock.due_at if clock is not None else None
        return after(found.calendar(clock), found.moment, clock.remaining_s)

    async def extend(self, session: AsyncSession, ticket: Ticket, until: datetime) -> None:
        """Move the resolve deadline to a later moment."""
        found = await self._levels.situation(session, ticket, utc_now())
        clock = found.running.get(ClockKind.RESOLVE)
        if clock is None:
            return
        calendar = found.calendar(clock)
        if clock.paused_at is None:
            is_later = until > clock.due_at
        else:
            is_later = remaining(calendar, found.moment, until) > clock.remaining_s
        if is_later:
            policy = await self._levels.policy(session, clock.policy_version)
            clock_moves.move(clock, policy, calendar, until, found.moment)
            self._expect(session, [clock])

    async def _begin(self, session: AsyncSession, ticket: Ticket) -> ChangeEffects:
        found = await self._levels.situation_of_new(session, ticket, utc_now())
        terms = await self._levels.terms(session, found, found.policy_version)
        clocks = [
            clock_moves.start(ticket.id, kind, 1, terms, ticket.registered_at, found.moment, terms.rule.seconds(kind))
            for kind in ClockKind
        ]
        return self._add(session, clocks)

    async def _start_next_round(self, session: AsyncSession, ticket: Ticket) -> ChangeEffects:
        """Start clocks of the next round, with a minimum share."""
        found = await self._levels.situation(session, ticket, utc_now())
        if not found.clocks:
            return await self._begin(session, ticket)
        begun = []
        for kind, ended in found.clocks.items():
            if ended.stopped_at is None or (kind is ClockKind.RESPOND and ticket.status not in UNSIGNED):
                continue
            terms = await self._levels.terms(session, found, ended.policy_version)
            allowed_s = clock_moves.next_round_s(
                terms.policy, terms.rule.seconds(kind), _left_when_stopped(ended, found)
            )
            begun.append(
                clock_moves.start(ticket.id, kind, ended.round + 1, terms, found.moment, found.moment, allowed_s)
            )
        return self._add(session, begun)

    async def _hand_over(self, session: AsyncSession, ticket: Ticket) -> ChangeEffects:
        """Count the time that is left in the new department's hours."""
        found = await self._levels.situation(session, ticket, utc_now())
        for clock in found.running.values():
            terms = await self._levels.terms(session, found, clock.policy_version)
            calendar = found.calendar(clock)
            visits.change(clock, partial(clock_moves.hand_over, terms=terms, old=calendar, now=found.moment))
        effects = self._expect(session, found.running.values())
        signed = found.clocks.get(ClockKind.RESPOND)
        if signed is not None and signed.stopped_at is not None and ticket.status is TicketStatus.DISPATCHED:
            # It was signed before: the new department has to sign too, in a time of its own.
            terms = await self._levels.terms(session, found, signed.policy_version)
            allowed_s = terms.rule.seconds(ClockKind.RESPOND)
            clock = clock_moves.start(
                ticket.id, ClockKind.RESPOND, signed.round + 1, terms, found.moment, found.moment, allowed_s
            )
            effects |= self._add(session, [clock])
        return effects

    async def _move(self, session: AsyncSession, ticket: Ticket, action: TicketAction, facts: LogFacts) -> None:
        if action is TicketAction.PARK:
            await self._pause(session, ticket)
        elif action is TicketAction.UNMERGE:
            await self._reopen(session, ticket)
        elif action is TicketAction.CORRECT and not DECIDES_TIME.isdisjoint(facts.corrected):
            await self._shift(session, ticket, clock_moves.correct)
        elif action is TicketAction.ABSORB and facts.merged is not None:
            await self._absorb(session, ticket, facts.merged)
        elif action is TicketAction.RELEASE and facts.unmerged is not None:
            await self._release(session, ticket, facts.unmerged, same_urgency=facts.to_urgency is None)
        elif facts.to_urgency is not None:
            await self._shift(session, ticket, clock_moves.shorten)

    async def _follow_visit(self, session: AsyncSession, change: StateChange) -> ChangeEffects:
        """Move the resolve deadline behind an agreed visit, or back.

        Whatever moved the deadline, it is not before a coming visit; that of a paused ticket follows when it resumes.
        """
        ticket, changed = change.ticket, change.effects
        is_changed = changed.visit_until is not None or changed.freed_visit_from is not None
        # The visit of a merged ticket may have been cancelled on its head.
        is_changed = is_changed or change.action is TicketAction.UNMERGE
        if not is_changed and not ticket.visit_booked:
            return ChangeEffects()
        found = await self._levels.situation(session, ticket, utc_now())
        clock = found.running.get(ClockKind.RESOLVE)
        if clock is None:
            return ChangeEffects()
        policy, calendar = await self._levels.policy(session, clock.policy_version), found.calendar(clock)
        until = changed.visit_until or ticket.visit_until
        if ticket.visit_booked and until is not None:
            if not is_changed and (clock.paused_at is not None or until <= found.moment):
                return ChangeEffects()
            moved = visits.agree(clock, until, policy, calendar, found.moment)
        else:
            moved = visits.cancel(clock, policy, calendar, found.moment)
        return self._expect(session, [clock]) if moved else ChangeEffects()

    async def _pause(self, session: AsyncSession, ticket: Ticket) -> None:
        """Pause the resolve clock while the customer is awaited.

        The respond clock never pauses.
        """
        found = await self._levels.situation(session, ticket, utc_now())
        clock = found.running.get(ClockKind.RESOLVE)
        if clock is not None:
            calendar = found.calendar(clock)
            visits.change(clock, partial(clock_moves.pause, calendar=calendar, now=found.moment))

    async def _resume(self, session: AsyncSession, ticket: Ticket) -> None:
        found = await self._levels.situation(session, ticket, utc_now())
        clock = found.running.get(ClockKind.RESOLVE)
        if clock is not None and clock.paused_at is not None:
            policy, paused_at = await self._levels.policy(session, clock.policy_version), clock.paused_at
            calendar, without_merges = found.calendar(clock), found.calendar_without_merges(clock)

            def resumed(clock: TicketClock) -> None:
                clock_moves.resume(clock, policy, calendar, found.moment)
                merging.resume(clock, paused_at, without_merges, found.moment)

            visits.change(clock, resumed)
            self._expect(session, [clock])

    async def _reopen(self, session: AsyncSession, ticket: Ticket) -> None:
        """Restore the deadlines of an unmerged ticket, at least a share away."""
        found = await self._levels.situation(session, ticket, utc_now())
        for kind, clock in found.clocks.items():
            if ticket.status in ANSWERED or (kind is ClockKind.RESPOND and not _is_unsigned(ticket)):
                continue
            policy = await self._levels.policy(session, clock.policy_version)
            clock_moves.reopen(clock, policy, found.calendar(clock), found.moment)
        self._expect(session, found.running.values())

    async def _shift(
        self,
        session: AsyncSession,
        ticket: Ticket,
        shifted: NewTerms,
    ) -> None:
        """Apply other terms to the running clocks."""
        found = await self._levels.situation(session, ticket, utc_now())
        for clock in found.running.values():
            terms = await self._levels.terms(session, found, clock.policy_version)
            calendar = found.calendar(clock)
            visits.change(clock, partial(shifted, terms=terms, old=calendar, now=found.moment))
        self._expect(session, found.running.values())

    async def _absorb(self, session: AsyncSession, ticket: Ticket, merged_id: str) -> None:
        """Take over a merged ticket's deadlines where they are sooner."""
        found = await self._levels.situation(session, ticket, utc_now())
        promised = await self._ended_by_merge(session, merged_id, found)
        for kind, clock in found.running.items():
            terms = await self._levels.terms(session, found, clock.policy_version)
            absorbed = partial(
                merging.absorb,
                ticket_id=merged_id,
                due_at=promised.get(kind),
                terms=terms,
                old=found.calendar(clock),
                now=found.moment,
            )
            visits.change(clock, absorbed)
        self._expect(session, found.running.values())

    async def _release(self, session: AsyncSession, ticket: Ticket, released_id: str, *, same_urgency: bool) -> None:
        """Restore the head's own deadlines after a merge is undone."""
        found = await self._levels.situation(session, ticket, utc_now())
        for clock in found.running.values():
            terms = await self._levels.terms(session, found, clock.policy_version)
            calendar = found.calendar_without_merges(clock)
            released = partial(
                merging.release,
                ticket_id=released_id,
                terms=terms,
                calendar=calendar,
                now=found.moment,
                same_urgency=same_urgency,
            )
            own = visits.change(clock, released)
            if own is not None:
                clock.allowed_s, clock.round_the_clock = own.allowed_s, own.round_the_clock
        self._expect(session, found.running.values())

    async def _ended_by_merge(
        self, session: AsyncSession, merged_id: str, found: Situation
    ) -> dict[ClockKind, datetime]:
        """Return the deadlines that ran until a merge, by clock."""
        merge = await merges_store.active(session, merged_id)
        assert merge is not None, "it was just merged"
        return {
            clock.clock: merging.due_when_stopped(clock, found.calendar(clock))
            for clock in await store.of_ticket(session, merged_id)
            if clock.stopped_at is not None and clock.stopped_at >= merge.at
        }

    def _add(self, session: AsyncSession, clocks: list[TicketClock]) -> ChangeEffects:
        session.add_all(clocks)
        return self._expect(session, clocks)

    def _expect(self, session: AsyncSession, clocks: Collection[TicketClock]) -> ChangeEffects:
        """Report the next due moment after the commit; return the deadlines."""
        due = min((clock.next_at for clock in clocks if clock.next_at is not None), default=None)
        if due is not None:
            # A commit may happen in a thread.
            tell = partial(asyncio.get_running_loop().call_soon_threadsafe, self._on_due, due)
            event.listen(session.sync_session, "after_commit", lambda _: tell(), once=True)
        due_at = {clock.clock: clock.due_at for clock in clocks}
        return ChangeEffects(respond_by=due_at.get(ClockKind.RESPOND), due_at=due_at.get(ClockKind.RESOLVE))


def _is_unsigned(ticket: Ticket) -> bool:
    return (ticket.parked_from if ticket.status is TicketStatus.PARKED else ticket.status) in UNSIGNED


def _left_when_stopped(clock: TicketClock, found: Situation) -> int:
    """Return the business seconds left when a clock was stopped."""
    if clock.paused_at is not None:
        return clock.remaining_s
    assert clock.stopped_at is not None, "it runs"
    return remaining(found.calendar(clock), clock.stopped_at, clock.due_at)
