"""Effect of a policy on open tickets before it is saved (H18)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy
from sqlalchemy import tuple_
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers.model import Customer, Grade
from crm.sla import clock_moves, store
from crm.sla.clock_moves import Terms
from crm.sla.model import TicketClock
from crm.sla.policy import Policy, TicketFacts, choose
from crm.sla.timing import after, plan
from crm.sla.versions import Levels, Situation
from crm.sla.views import Moved, WhatIfView
from crm.tickets.model import Ticket

AT_ONCE = 500
EXAMPLES = 20
_CUSTOMER = SQLModel.metadata.tables[Customer.__tablename__].c


@dataclass
class _Tally:
    """Counts of a what-if."""

    view: WhatIfView = field(default_factory=WhatIfView)
    moved: list[tuple[bool, float, Moved]] = field(default_factory=list)

    def add(self, example: Moved, *, is_breach: bool) -> None:
        """Add a clock if it is among those that move most."""
        by_s = abs((example.to_due_at - example.from_due_at).total_seconds())
        self.moved.append((is_breach, by_s, example))
        if len(self.moved) > 10 * EXAMPLES:
            self.moved = self._most()

    def result(self) -> WhatIfView:
        """Return the view of all counts."""
        return self.view.model_copy(update={"examples": [example for _, _, example in self._most()]})

    def _most(self) -> list[tuple[bool, float, Moved]]:
        return sorted(self.moved, key=lambda found: found[:2], reverse=True)[:EXAMPLES]


async def what_if(session: AsyncSession, levels: Levels, policy: Policy, now: datetime) -> WhatIfView:
    """Compute the effect of a policy on every running clock."""
    calendars = await levels.calendars(session, await store.last_hours_version(session))
    above = await store.category_lines(session) if policy.names_categories else {}
    tally = _Tally()
    async for clock, ticket, grade in _running(session):
        categories = above.get(ticket.category_id or "", [])
        rule = choose(policy, TicketFacts(ticket.kind, ticket.urgency, grade, categories, ticket.department_id))
        calendar = calendars.of(ticket.department_id, round_the_clock=rule.round_the_clock)
        found = Situation(ticket, {clock.clock: clock}, 0, calendars, grade, now)
        _count(tally, found, clock, Terms(0, policy, rule, calendar, ticket.department_id))
    return tally.result()


def _count(tally: _Tally, found: Situation, clock: TicketClock, terms: Terms) -> None:
    view, now = tally.view, found.moment
    view.clocks += 1
    if clock.paused_at is not None:
        view.paused += 1
        return
    if clock.due_at <= now:
        view.late_now += 1
        return
    old = found.calendar(clock)
    left_s = clock_moves.left_under(clock, terms, old, now)
    allowed_s = clock.allowed_s if clock.round > 1 else terms.rule.seconds(clock.clock)
    if allowed_s == clock.allowed_s and terms.calendar is old:
        view.unchanged += 1
        return
    due_at = after(terms.calendar, now, max(0, left_s))
    view.newly_breached += due_at <= now
    view.earlier += due_at < clock.due_at
    view.later += due_at > clock.due_at
    view.unchanged += due_at == clock.due_at
    warning = plan(terms.policy, clock.clock, allowed_s)[0]
    view.newly_warned += due_at > now and clock.next_step == 0 and left_s + warning.offset_s <= 0
    if due_at != clock.due_at:
        tally.add(_moved(found.ticket, clock, due_at), is_breach=due_at <= now)


def _moved(ticket: Ticket, clock: TicketClock, due_at: datetime) -> Moved:
    return Moved(
        ticket_id=ticket.id,
        number=ticket.number,
        subject=ticket.subject,
        department_id=ticket.department_id,
        clock=clock.clock,
        from_due_at=clock.due_at,
        to_due_at=due_at,
    )


async def _running(session: AsyncSession) -> AsyncIterator[tuple[TicketClock, Ticket, Grade | None]]:
    """Yield running clocks with ticket and customer's grade, in pages."""
    page = (
        select(TicketClock, Ticket, sqlalchemy.type_coerce(_CUSTOMER.grade, _CUSTOMER.grade.type))
        .join(Ticket, col(Ticket.id) == TicketClock.ticket_id)
        .outerjoin(Customer, col(Customer.id) == Ticket.customer_id)
        .where(col(TicketClock.stopped_at).is_(None))
        .order_by(col(TicketClock.ticket_id), col(TicketClock.clock))
        .limit(AT_ONCE)
    )
    last: tuple[str, str] | None = None
    while True:
        place = tuple_(col(TicketClock.ticket_id), col(TicketClock.clock))
        rows = (await session.exec(page if last is None else page.where(place > last))).all()
        for clock, ticket, grade in rows:
            yield clock, ticket, grade
        session.expunge_all()
        if len(rows) < AT_ONCE:
            return
        last = (rows[-1][0].ticket_id, rows[-1][0].clock)
