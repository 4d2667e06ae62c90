"""Use cases of planned shifts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from crm.audit.following import entry
from crm.audit.model import AuditEntry, EntryAction, EntrySubject
from crm.history.changes import during, marks
from crm.shifts import store
from crm.shifts.errors import ShiftsInvalid
from crm.shifts.model import PlannedShift, ShiftCopy, ShiftInput, ShiftQuery, ShiftsOfDay, ShiftView
from crm.staff.model import Staff
from foundation.acting import actor
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem

DAY = timedelta(days=1)


class ShiftService:
    """Shifts of agents, planned day by day (H32).

    Adherence compares them with the times in which agents were signed in: a change has these days counted again.
    """

    def __init__(self, database: Database, time_zone: str) -> None:
        self._database = database
        self._zone = ZoneInfo(time_zone)

    async def listed(self, query: ShiftQuery) -> list[ShiftView]:
        """Return the shifts that begin on some days."""
        async with self._database.read() as session:
            return await self._views(session, query.since, query.until)

    async def replace(self, day: date, given: ShiftsOfDay) -> list[ShiftView]:
        """Replace all shifts that begin on a day.

        Raises:
            ShiftsInvalid: a shift names no agent, or overlaps another one.
        """
        shifts = [self._shift(day, one) for one in given.shifts]
        async with self._database.write() as session:
            await self._put(session, day, day + DAY, shifts)
        return await self.listed(ShiftQuery(since=day, until=day + DAY))

    async def copy(self, given: ShiftCopy) -> list[ShiftView]:
        """Replace the shifts of some days by those of others.

        Shifts of agents with a closed account are left out.

        Raises:
            ShiftsInvalid: a shift would overlap another one.
        """
        distance = given.target - given.source
        async with self._database.write() as session:
            agents = await store.agents(session)
            found = await store.beginning(session, *self._bounds(given.source, given.source + given.days * DAY))
            shifts = [
                PlannedShift(
                    id=new_id("shift"),
                    staff_id=one.staff_id,
                    since=self._moved(one.since, distance),
                    until=self._moved(one.until, distance),
                )
                for one in found
                if one.staff_id in agents and agents[one.staff_id].active
            ]
            await self._put(session, given.target, given.target + given.days * DAY, shifts)
        return await self.listed(ShiftQuery(since=given.target, until=given.target + given.days * DAY))

    async def _put(self, session: AsyncSession, since: date, until: date, shifts: Sequence[PlannedShift]) -> None:
        begin, end = self._bounds(since, until)
        former = await store.beginning(session, begin, end)
        changed = [at for one in (*former, *shifts) for at in during(one.since, one.until)]
        await store.remove(session, begin, end)
        await _check(session, shifts)
        session.add_all([*shifts, *marks(changed), *await self._noted(session, since, until, former, shifts)])

    async def _noted(
        self,
        session: AsyncSession,
        since: date,
        until: date,
        former: Sequence[PlannedShift],
        shifts: Sequence[PlannedShift],
    ) -> list[AuditEntry]:
        """Return the entry of the audit log; none where nothing changed."""
        agents = await store.agents(session)
        before, after = ([self._said(one, agents) for one in of] for of in (former, shifts))
        if sorted(before) == sorted(after):
            return []
        days = str(since) if until == since + DAY else f"{since} – {until - DAY}"
        changes = {"shifts": {"before": before, "after": sorted(after)}}
        return [entry(actor(), EntrySubject.SHIFTS, str(since), days, EntryAction.CHANGE, changes)]

    def _said(self, shift: PlannedShift, agents: Mapping[str, Staff]) -> str:
        """Return a shift as people read it: `2026-12-01 08:00–16:00 刘芳 (1001)`."""
        since, until = shift.since.astimezone(self._zone), shift.until.astimezone(self._zone)
        agent = agents.get(shift.staff_id)
        name = f"{agent.name} ({agent.staff_number})" if agent is not None else shift.staff_id
        return f"{since:%Y-%m-%d %H:%M}–{until:%H:%M} {name}"

    async def _views(self, session: AsyncSession, since: date, until: date) -> list[ShiftView]:
        agents = await store.agents(session)
        found = await store.beginning(session, *self._bounds(since, until))
        return [
            ShiftView(
                staff_id=one.staff_id,
                name=agents[one.staff_id].name if one.staff_id in agents else one.staff_id,
                team=agents[one.staff_id].team if one.staff_id in agents else "",
                since=one.since,
                until=one.until,
            )
            for one in found
        ]

    def _shift(self, day: date, given: ShiftInput) -> PlannedShift:
        last = day if given.until_time > given.from_time else day + DAY
        since, until = self._at(day, given.from_time), self._at(last, given.until_time)
        return PlannedShift(id=new_id("shift"), staff_id=given.staff_id, since=since, until=until)

    def _bounds(self, since: date, until: date) -> tuple[datetime, datetime]:
        return self._at(since, time()), self._at(until, time())

    def _at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self._zone).astimezone(UTC)

    def _moved(self, at: datetime, distance: timedelta) -> datetime:
        """Return the same hour of the clock, some days later."""
        wall = at.astimezone(self._zone)
        return self._at(wall.date() + distance, wall.time())


async def _check(session: AsyncSession, shifts: Sequence[PlannedShift]) -> None:
    agents = await store.agents(session)
    for place, one in enumerate(shifts):
        if one.staff_id not in agents:
            raise _invalid(place, "staff_id", "must be an agent or a supervisor")
    if not shifts:
        return
    begin, end = min(one.since for one in shifts), max(one.until for one in shifts)
    others = await store.overlapping(session, {one.staff_id for one in shifts}, begin, end)
    for place, one in enumerate(shifts):
        for other in (*others, *shifts[:place]):
            if other.staff_id == one.staff_id and other.since < one.until and one.since < other.until:
                raise _invalid(place, "from_time", "must not overlap another shift of the same agent")


def _invalid(place: int, field: str, rule: str) -> ShiftsInvalid:
    return ShiftsInvalid("the shifts were not changed", [FieldProblem(field=f"shifts.{place}.{field}", rule=rule)])
