"""Service of policies, working hours and deadlines (H18)."""

from collections import defaultdict
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.categories.model import Category
from crm.departments.model import Department
from crm.sla import reporting, store
from crm.sla.errors import (
    HoursChangedMeanwhile,
    InThePast,
    NoSuchPolicy,
    PolicyChangedMeanwhile,
    PolicyInForce,
    UnknownSlaReference,
)
from crm.sla.hours import OFFICE_HOURS, WorkingHours
from crm.sla.improvements import ImprovementService
from crm.sla.model import WHOLE_SERVICE, DepartmentHours, ServicePolicy, TicketClock
from crm.sla.policy import SHIPPED, ClockKind, Policy
from crm.sla.runner import ClockRunner
from crm.sla.ticket_changes import DeadlineUpdater
from crm.sla.versions import Levels
from crm.sla.views import (
    ClockView,
    DeadlineReport,
    HoursView,
    OverdueView,
    Period,
    PolicyInput,
    PolicyView,
    StepView,
    WhatIfView,
    clock_view,
)
from crm.sla.what_if import what_if
from crm.tickets.model import Actor, Ticket
from foundation.clock import utc_now
from foundation.database import Database
from foundation.problems import FieldProblem
from foundation.workdays import Workdays


class SlaService:
    """Service levels of one process.

    Add `deadlines` to the tickets' listeners, and run `runner.run()`.

    `time_zone` is that of the working hours.
    """

    def __init__(self, database: Database, time_zone: str = "Asia/Shanghai", workdays: Workdays | None = None) -> None:
        self._database = database
        self.workdays = workdays or Workdays()
        self.levels = Levels(ZoneInfo(time_zone), self.workdays)
        self.runner = ClockRunner(database, self.levels)
        self.deadlines = DeadlineUpdater(self.levels, self.runner.expect)
        self.improvements = ImprovementService(database)

    async def policies(self) -> list[PolicyView]:
        """Return all versions, newest first, down to the shipped policy."""
        async with self._database.read() as session:
            current = (await store.in_force(session, None, utc_now())).policy_version or 0
            found = [_policy_view(row, current) for row in await store.policies(session)]
        return [*found, PolicyView(version=0, in_force=current == 0, policy=SHIPPED)]

    async def policy(self, version: int) -> PolicyView:
        """Return one version of the policy.

        Raises:
            NoSuchPolicy: there is none.
        """
        found = [view for view in await self.policies() if view.version == version]
        if not found:
            raise NoSuchPolicy(f"there is no version {version} of the policy")
        return found[0]

    async def enter_policy(self, given: PolicyInput, actor: Actor) -> PolicyView:
        """Put a policy in force, now or later.

        Older tickets stay under theirs, unless the policy reaches open tickets.

        Raises:
            PolicyChangedMeanwhile: it was not made from the newest version.
            UnknownSlaReference: a rule or step names a department or category that does not exist.
            InThePast: it would take effect before now.
        """
        now = utc_now()
        effective_from = given.effective_from or now
        if effective_from < now:
            problem = FieldProblem(field="effective_from", rule="must not be in the past; leave it out for now")
            raise InThePast("a policy counts from the moment it is entered, or from later", [problem])
        row = ServicePolicy(
            version=given.version + 1,
            policy=given.policy.model_dump(mode="json"),
            effective_from=effective_from,
            reaches_open=given.reaches_open,
            note=given.note,
            changed_by=actor.name,
            changed_at=now,
        )
        try:
            async with self._database.write() as session:
                await _must_exist(session, given.policy)
                newest = await store.last_version(session)
                if newest != given.version:
                    raise _conflict(newest)
                session.add(row)
        except IntegrityError as error:
            raise _conflict(given.version + 1) from error
        self.runner.expect(effective_from)
        return await self.policy(row.version)

    async def withdraw_policy(self, version: int) -> None:
        """Withdraw a policy that has not taken effect.

        Raises:
            NoSuchPolicy: there is none.
            PolicyInForce: it has taken effect.
        """
        async with self._database.write() as session:
            row = await session.get(ServicePolicy, version)
            if row is None:
                raise NoSuchPolicy(f"there is no version {version} of the policy to take back")
            if row.effective_from <= utc_now():
                raise PolicyInForce(f"version {version} took effect at {row.effective_from.isoformat()}")
            await session.delete(row)

    async def hours(self) -> list[HoursView]:
        """Return the working hours of the service and of departments."""
        async with self._database.read() as session:
            found = {row.owner: row for row in await store.hours(session) if row.hours is not None}
        whole = found.pop(WHOLE_SERVICE, None)
        first = _hours_view(whole) if whole is not None else HoursView(owner=WHOLE_SERVICE, hours=OFFICE_HOURS)
        return [first, *(_hours_view(row) for row in found.values())]

    async def enter_hours(self, owner: str, hours: WorkingHours | None, actor: Actor) -> list[HoursView]:
        """Set the working hours of a department or of the whole service.

        Deadlines that were set stay; new, resumed and handed-over ones use the new hours.

        Raises:
            UnknownSlaReference: there is no such department.
            HoursChangedMeanwhile: another request changed hours at this moment; try again.
        """
        try:
            async with self._database.write() as session:
                if owner != WHOLE_SERVICE and await session.get(Department, owner) is None:
                    raise _unknown("owner")
                session.add(
                    DepartmentHours(
                        version=await store.last_hours_version(session) + 1,
                        owner=owner,
                        hours=hours.model_dump(mode="json") if hours is not None else None,
                        changed_by=actor.name,
                        changed_at=utc_now(),
                    )
                )
        except IntegrityError as error:
            raise HoursChangedMeanwhile("another request is changing working hours; try again") from error
        return await self.hours()

    async def of_ticket(self, ticket_id: str) -> tuple[Ticket | None, list[ClockView]]:
        """Return a ticket with all its clocks and their steps."""
        now = utc_now()
        async with self._database.read() as session:
            ticket = await session.get(Ticket, ticket_id)
            clocks = await store.of_ticket(session, ticket_id)
            steps = await store.steps_of(session, ticket_id)
        happened: dict[tuple[ClockKind, int], list[StepView]] = defaultdict(list)
        for step in steps:
            happened[step.clock, step.round].append(StepView.model_validate(step))
        return ticket, [clock_view(clock, happened[clock.clock, clock.round], now) for clock in clocks]

    async def overdue(
        self, *, department_id: str | None, clock: ClockKind | None, after: reporting.ReportPlace | None, limit: int
    ) -> list[OverdueView]:
        """Return overdue deadlines after a place, the longest overdue first."""
        now = utc_now()
        async with self._database.read() as session:
            found = await reporting.overdue(
                session, now, department_id=department_id, clock=clock, after=after, limit=limit
            )
        return [_overdue_view(clock, ticket, now) for clock, ticket in found]

    async def report(self, period: Period) -> list[DeadlineReport]:
        """Report how departments met the deadlines of a period (H18)."""
        async with self._database.read() as session:
            return await reporting.met(session, period, utc_now())

    async def what_if(self, policy: Policy) -> WhatIfView:
        """Return what a policy would change in open tickets. Changes nothing.

        Raises:
            UnknownSlaReference: it names a department or category that does not exist.
        """
        async with self._database.read() as session:
            await _must_exist(session, policy)
            return await what_if(session, self.levels, policy, utc_now())


def _policy_view(row: ServicePolicy, current: int) -> PolicyView:
    return PolicyView(in_force=row.version == current, **row.model_dump())


def _hours_view(row: DepartmentHours) -> HoursView:
    return HoursView(
        owner=row.owner,
        hours=WorkingHours.model_validate(row.hours),
        changed_by=row.changed_by,
        changed_at=row.changed_at,
    )


def _overdue_view(clock: TicketClock, ticket: Ticket, now: datetime) -> OverdueView:
    return OverdueView(
        ticket_id=ticket.id,
        number=ticket.number,
        kind=ticket.kind,
        status=ticket.status,
        urgency=ticket.urgency,
        subject=ticket.subject,
        department_id=ticket.department_id,
        person_id=ticket.person_id,
        clock=clock.clock,
        due_at=clock.due_at,
        late_s=int((now - clock.due_at).total_seconds()),
    )


async def _must_exist(session: AsyncSession, policy: Policy) -> None:
    for number, rule in enumerate(policy.rules):
        if rule.category_id is not None and await session.get(Category, rule.category_id) is None:
            raise _unknown(f"policy.rules.{number}.category_id")
        if rule.department_id is not None and await session.get(Department, rule.department_id) is None:
            raise _unknown(f"policy.rules.{number}.department_id")
    for number, step in enumerate(policy.ladder):
        if step.department_id is not None and await session.get(Department, step.department_id) is None:
            raise _unknown(f"policy.ladder.{number}.department_id")


def _unknown(field: str) -> UnknownSlaReference:
    return UnknownSlaReference(f"{field} names nothing", [FieldProblem(field=field, rule="must exist")])


def _conflict(newest: int) -> PolicyChangedMeanwhile:
    problem = FieldProblem(field="version", rule=f"must be {newest}; read the policies again")
    return PolicyChangedMeanwhile(f"the newest policy is version {newest}", [problem])
