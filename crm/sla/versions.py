"""Policies and calendars by version, read once: versions never change."""

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
from crm.sla.merging import without_merges
from crm.sla.model import WHOLE_SERVICE, ServicePolicy, TicketClock
from crm.sla.policy import SHIPPED, ClockKind, Policy, TicketFacts, choose
from crm.tickets.model import Ticket
from foundation.workdays import Workdays


@dataclass(frozen=True)
class Calendars:
    """Calendars of all departments."""

    version: int
    always: BusinessCalendar
    whole_service: BusinessCalendar
    departments: Mapping[str, BusinessCalendar]

    def of(self, department_id: str | None, *, round_the_clock: bool) -> BusinessCalendar:
        """Return a department's calendar; without one, that of the service."""
        if round_the_clock:
            return self.always
        return self.departments.get(department_id or "", self.whole_service)


@dataclass(frozen=True)
class Situation:
    """Locked ticket with its last clocks and the versions in force."""

    ticket: Ticket
    clocks: Mapping[ClockKind, TicketClock]
    policy_version: int
    """The version in force for new tickets."""
    calendars: Calendars
    grade: Grade | None
    moment: datetime

    @property
    def running(self) -> dict[ClockKind, TicketClock]:
        """Return the clocks that are not stopped."""
        return {kind: clock for kind, clock in self.clocks.items() if clock.stopped_at is None}

    def calendar(self, clock: TicketClock) -> BusinessCalendar:
        """Return the calendar of a clock until now."""
        return self.calendars.of(clock.department_id, round_the_clock=clock.round_the_clock)

    def calendar_without_merges(self, clock: TicketClock) -> BusinessCalendar:
        """Return the calendar of a clock without merges."""
        own = without_merges(clock)
        return (
            self.calendar(clock)
            if own is None
            else self.calendars.of(clock.department_id, round_the_clock=own.round_the_clock)
        )


class Levels:
    """Cache of policies and calendars, which do not change."""

    def __init__(self, zone: ZoneInfo, workdays: Workdays) -> None:
        self._zone = zone
        self._workdays = workdays
        self._policies: dict[int, Policy] = {0: SHIPPED}
        self._calendars: Calendars | None = None

    async def policy(self, session: AsyncSession, version: int) -> Policy:
        """Return a version of the policy."""
        found = self._policies.get(version)
        if found is None:
            row = await session.get_one(ServicePolicy, version)
            found = self._policies[version] = Policy.model_validate(row.policy)
        return found

    async def calendars(self, session: AsyncSession, version: int) -> Calendars:
        """Return the calendars; `version` is that of the last changed hours."""
        if self._calendars is None or self._calendars.version != version:
            self._calendars = await self._read(session, version)
        return self._calendars

    async def situation(self, session: AsyncSession, ticket: Ticket, moment: datetime) -> Situation:
        """Return a ticket's situation, read in one statement."""
        clocks, standing = await store.clocks_now(session, ticket, moment)
        return await self._situation(session, ticket, clocks, standing, moment)

    async def situation_of_new(self, session: AsyncSession, ticket: Ticket, moment: datetime) -> Situation:
        """Return the situation of a ticket without clocks."""
        standing = await store.in_force(session, ticket.customer_id, moment)
        return await self._situation(session, ticket, {}, standing, moment)

    async def terms(self, session: AsyncSession, found: Situation, version: int) -> Terms:
        """Return the terms of a ticket under a version of the policy."""
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
            row.owner: calendar_of(WorkingHours.model_validate(row.hours), self._zone, self._workdays)
            for row in await store.hours(session)
            if row.hours is not None
        }
        whole_service = entered.pop(WHOLE_SERVICE, None) or calendar_of(OFFICE_HOURS, self._zone, self._workdays)
        return Calendars(version, calendar_of(ALWAYS, self._zone, self._workdays), whole_service, entered)
