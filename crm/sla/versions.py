"""Policies and calendars as they are in force, read once for each version: versions never change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers.model import Grade
from crm.sla import store
from crm.sla.calendar import BusinessCalendar
from crm.sla.clock_moves import Terms
from crm.sla.hours import ALWAYS, OFFICE_HOURS, WorkingHours, calendar_of
from crm.sla.merging import alone
from crm.sla.model import WHOLE_SERVICE, ServicePolicy, TicketClock
from crm.sla.policy import SHIPPED, ClockKind, Policy, TicketFacts, choose
from crm.tickets.model import Ticket


@dataclass(frozen=True)
class Calendars:
    """Everybody's calendar."""

    version: int
    always: BusinessCalendar
    whole_service: BusinessCalendar
    departments: Mapping[str, BusinessCalendar]

    def of(self, department_id: str | None, *, round_the_clock: bool) -> BusinessCalendar:
        """What counts for a department; for a ticket that lies with nobody, the service's own hours."""
        if round_the_clock:
            return self.always
        return self.departments.get(department_id or "", self.whole_service)


@dataclass(frozen=True)
class Situation:
    """A ticket that is held, its clocks in their last round, and what counts for it at a moment."""

    ticket: Ticket
    clocks: Mapping[ClockKind, TicketClock]
    policy_version: int
    """In force for what is new."""
    calendars: Calendars
    grade: Grade | None
    moment: datetime

    @property
    def running(self) -> dict[ClockKind, TicketClock]:
        """The clocks that were not stopped."""
        return {kind: clock for kind, clock in self.clocks.items() if clock.stopped_at is None}

    def calendar(self, clock: TicketClock) -> BusinessCalendar:
        """By which a clock has run until now."""
        return self.calendars.of(clock.department_id, round_the_clock=clock.round_the_clock)

    def calendar_alone(self, clock: TicketClock) -> BusinessCalendar:
        """By which a clock would run without what was merged into its ticket."""
        own = alone(clock)
        return (
            self.calendar(clock)
            if own is None
            else self.calendars.of(clock.department_id, round_the_clock=own.round_the_clock)
        )


class Levels:
    """Looks policies and calendars up, and keeps what cannot change any more."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._policies: dict[int, Policy] = {0: SHIPPED}
        self._calendars: Calendars | None = None

    async def policy(self, session: AsyncSession, version: int) -> Policy:
        """A version of the policy."""
        found = self._policies.get(version)
        if found is None:
            row = await session.get_one(ServicePolicy, version)
            found = self._policies[version] = Policy.model_validate(row.policy)
        return found

    async def calendars(self, session: AsyncSession, version: int) -> Calendars:
        """The calendars, where `version` is that of the hours that changed last."""
        if self._calendars is None or self._calendars.version != version:
            self._calendars = await self._read(session, version)
        return self._calendars

    async def situation(self, session: AsyncSession, ticket: Ticket, moment: datetime) -> Situation:
        """How things stand with a ticket; the clocks and what counts are read in one step."""
        clocks, standing = await store.clocks_now(session, ticket, moment)
        return await self._situation(session, ticket, clocks, standing, moment)

    async def situation_of_new(self, session: AsyncSession, ticket: Ticket, moment: datetime) -> Situation:
        """How things stand with a ticket that has no clocks yet."""
        standing = await store.standing(session, ticket.customer_id, moment)
        return await self._situation(session, ticket, {}, standing, moment)

    async def terms(self, session: AsyncSession, found: Situation, version: int) -> Terms:
        """What counts for a ticket as it is now, under a version of the policy."""
        policy, ticket = await self.policy(session, version), found.ticket
        categories: list[str] = []
        if policy.names_categories and ticket.category_id is not None:
            categories = await store.category_line(session, ticket.category_id)
        rule = choose(policy, TicketFacts(ticket.kind, ticket.urgency, found.grade, categories, ticket.department_id))
        calendar = found.calendars.of(ticket.department_id, round_the_clock=rule.round_the_clock)
        return Terms(version, policy, rule, calendar, ticket.department_id)

    async def _situation(
        self,
        session: AsyncSession,
        ticket: Ticket,
        clocks: Mapping[ClockKind, TicketClock],
        standing: store.VersionsInForce,
        moment: datetime,
    ) -> Situation:
        calendars = await self.calendars(session, standing.hours_version or 0)
        return Situation(ticket, clocks, standing.policy_version or 0, calendars, standing.grade, moment)

    async def _read(self, session: AsyncSession, version: int) -> Calendars:
        entered = {
            row.owner: calendar_of(WorkingHours.model_validate(row.hours), self._zone)
            for row in await store.hours(session)
            if row.hours is not None
        }
        whole_service = entered.pop(WHOLE_SERVICE, None) or calendar_of(OFFICE_HOURS, self._zone)
        return Calendars(version, calendar_of(ALWAYS, self._zone), whole_service, entered)
