"""Routes of service levels."""

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel, Field, model_validator

from crm.moments import Moment
from crm.sla.improvements import ImprovementService
from crm.sla.policy import ClockKind
from crm.sla.reporting import ReportPlace
from crm.sla.service import SlaService
from crm.sla.views import (
    ClockView,
    DayView,
    DeadlineReport,
    HoursInput,
    HoursView,
    ImprovementDone,
    ImprovementInput,
    ImprovementView,
    OverdueView,
    Period,
    PolicyInput,
    PolicyView,
    WhatIf,
    WhatIfView,
)
from crm.text import Id
from crm.tickets.errors import TicketNotFound
from crm.tickets.model import Actor
from crm.tickets.views import TicketView
from foundation.routes import ADMINISTRATORS, EVERYONE, LEADERS, NoQuery, Request, Role, Routes

READERS = LEADERS | {Role.QUALITY}
HOLDERS = READERS | {Role.AGENT, Role.DEPARTMENT}


class OverdueQuery(BaseModel, extra="forbid"):
    """Filters of overdue deadlines; a department sees its own."""

    department_id: Id | None = None
    clock: ClockKind | None = None
    after_due_at: Moment | None = None
    """With `after` and `after_clock`, the last entry of the page before."""
    after: Id | None = None
    after_clock: ClockKind | None = None
    limit: int = Field(default=50, ge=1, le=200)

    @model_validator(mode="after")
    def _together(self) -> "OverdueQuery":
        place = {"after_due_at": self.after_due_at, "after": self.after, "after_clock": self.after_clock}
        missing = [name for name, value in place.items() if value is None]
        if missing and len(missing) < len(place):
            given = " and ".join(name for name in place if name not in missing)
            raise ValueError(f"{missing[0]} must be given with {given}")
        return self

    def place(self) -> ReportPlace | None:
        """Return the end of the page before."""
        if self.after_due_at is None or self.after is None or self.after_clock is None:
            return None
        return ReportPlace(self.after_due_at, self.after, self.after_clock)


class DaysQuery(BaseModel, extra="forbid"):
    """Month to show."""

    year: int = Field(ge=2004, le=2100)
    month: int = Field(ge=1, le=12)


class ImprovementQuery(BaseModel, extra="forbid"):
    """Filters of improvement actions."""

    department_id: Id | None = None
    open: bool | None = None
    limit: int = Field(default=100, ge=1, le=500)


MaySee = Callable[[TicketView, Role, str | None], Awaitable[bool]]
"""Returns whether a role, in a department, may see a ticket."""


def routes(service: SlaService, may_see: MaySee) -> Routes:
    """Return the routes of service levels."""
    table = Routes("service-levels")
    _policies(table, service)
    _hours(table, service)
    _tickets(table, service, may_see)
    _improvements(table, service.improvements)
    return table


def _policies(table: Routes, service: SlaService) -> None:
    @table.add(
        "GET",
        "/service-levels/policies",
        roles=LEADERS,
        summary="List the versions of the policy, newest first, with the one in force",
        response=list[PolicyView],
    )
    async def every(_: Request[None, NoQuery]) -> list[PolicyView]:
        return await service.policies()

    @table.add(
        "GET",
        "/service-levels/policies/{version}",
        roles=LEADERS,
        summary="Return one version of the policy",
        response=PolicyView,
        problems=(404,),
    )
    async def one(request: Request[None, NoQuery]) -> PolicyView:
        return await service.policy(_version(request))

    @table.add(
        "POST",
        "/service-levels/policies",
        roles=ADMINISTRATORS,
        summary="Put a policy in force, now or later",
        body=PolicyInput,
        response=PolicyView,
        status=201,
        problems=(409, 422),
    )
    async def enter(request: Request[PolicyInput, NoQuery]) -> PolicyView:
        return await service.enter_policy(request.body, Actor.of(request.actor))

    @table.add(
        "DELETE",
        "/service-levels/policies/{version}",
        roles=ADMINISTRATORS,
        summary="Withdraw a policy that has not taken effect",
        response=None,
        status=204,
        problems=(404, 409),
    )
    async def withdraw(request: Request[None, NoQuery]) -> None:
        await service.withdraw_policy(_version(request))

    @table.add(
        "POST",
        "/service-levels/what-if",
        roles=LEADERS,
        summary="Compute the effect of a policy on open tickets; changes nothing",
        body=WhatIf,
        response=WhatIfView,
        problems=(422,),
    )
    async def think(request: Request[WhatIf, NoQuery]) -> WhatIfView:
        return await service.what_if(request.body.policy)


def _hours(table: Routes, service: SlaService) -> None:
    @table.add(
        "GET",
        "/service-levels/hours",
        roles=EVERYONE,
        summary="List the working hours of the service and of departments with their own",
        response=list[HoursView],
    )
    async def every(_: Request[None, NoQuery]) -> list[HoursView]:
        return await service.hours()

    @table.add(
        "PUT",
        "/service-levels/hours/{owner}",
        roles=ADMINISTRATORS,
        summary="Set the working hours of a department, or of the whole service (default)",
        body=HoursInput,
        response=list[HoursView],
        problems=(409, 422),
    )
    async def enter(request: Request[HoursInput, NoQuery]) -> list[HoursView]:
        return await service.enter_hours(request.path["owner"], request.body.hours, Actor.of(request.actor))

    @table.add(
        "GET",
        "/service-levels/days",
        roles=EVERYONE,
        summary="List the workdays of a month, and whether each is a guess",
        query=DaysQuery,
        response=list[DayView],
        problems=(422,),
    )
    async def days(request: Request[None, DaysQuery]) -> list[DayView]:
        day = dt.date(request.query.year, request.query.month, 1)
        found = []
        while day.month == request.query.month:
            workdays = service.workdays
            is_guess = workdays.is_guess(day.year)
            found.append(DayView(day=day.isoformat(), is_workday=workdays.is_workday(day), is_guess=is_guess))
            day += dt.timedelta(days=1)
        return found


def _tickets(table: Routes, service: SlaService, may_see: MaySee) -> None:
    @table.add(
        "GET",
        "/tickets/{ticket_id}/clocks",
        roles=EVERYONE,
        summary="Return a ticket's deadlines and their steps",
        response=list[ClockView],
        problems=(404,),
    )
    async def of_ticket(request: Request[None, NoQuery]) -> list[ClockView]:
        ticket, clocks = await service.of_ticket(request.path["ticket_id"])
        # For a department, tickets of others do not exist (S7).
        actor = request.actor
        if ticket is None or not await may_see(TicketView.model_validate(ticket), actor.role, actor.department_id):
            raise TicketNotFound(f"there is no ticket {request.path['ticket_id']}")
        return clocks

    @table.add(
        "GET",
        "/service-levels/overdue",
        roles=HOLDERS,
        summary="List overdue deadlines, the longest overdue first",
        query=OverdueQuery,
        response=list[OverdueView],
        problems=(422,),
    )
    async def overdue(request: Request[None, OverdueQuery]) -> list[OverdueView]:
        query, department_id = request.query, request.query.department_id
        if request.actor.role is Role.DEPARTMENT:
            department_id = request.actor.department_id
            if department_id is None:
                return []
        return await service.overdue(
            department_id=department_id, clock=query.clock, after=query.place(), limit=query.limit
        )

    @table.add(
        "GET",
        "/service-levels/report",
        roles=READERS,
        summary="Report how departments met the deadlines of a period",
        query=Period,
        response=list[DeadlineReport],
        problems=(422,),
    )
    async def report(request: Request[None, Period]) -> list[DeadlineReport]:
        return await service.report(request.query)


def _improvements(table: Routes, service: ImprovementService) -> None:
    @table.add(
        "GET",
        "/service-levels/improvements",
        roles=READERS,
        summary="List improvement actions, the most pressing first",
        query=ImprovementQuery,
        response=list[ImprovementView],
        problems=(422,),
    )
    async def every(request: Request[None, ImprovementQuery]) -> list[ImprovementView]:
        query = request.query
        return await service.all(department_id=query.department_id, is_open=query.open, limit=query.limit)

    @table.add(
        "POST",
        "/service-levels/improvements",
        roles=LEADERS,
        summary="Add an improvement action with its owner and due date",
        body=ImprovementInput,
        response=ImprovementView,
        status=201,
        problems=(422,),
    )
    async def add(request: Request[ImprovementInput, NoQuery]) -> ImprovementView:
        return await service.add(request.body, Actor.of(request.actor))

    @table.add(
        "POST",
        "/service-levels/improvements/{action_id}/done",
        roles=LEADERS,
        summary="Mark an improvement action as done, with its outcome",
        body=ImprovementDone,
        response=ImprovementView,
        problems=(404, 409, 422),
    )
    async def done(request: Request[ImprovementDone, NoQuery]) -> ImprovementView:
        return await service.done(request.path["action_id"], request.body.outcome, Actor.of(request.actor))


def _version(request: Request[Any, Any]) -> int:
    """Return the version in the path."""
    given = request.path["version"]
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1
