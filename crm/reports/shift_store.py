"""Queries of planned shifts and of their kept time."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, and_, or_, select
from sqlmodel import SQLModel

from crm.history.facts import AgentTime
from crm.reports.agent_store import CutTime, of_agent
from crm.reports.model import Bucket
from crm.shifts.model import PlannedShift

PAUSED = "not_ready"
_SHIFT = SQLModel.metadata.tables[PlannedShift.__tablename__].c
_TIME = SQLModel.metadata.tables[AgentTime.__tablename__].c


def shifts(connection: Connection, times: Sequence[Bucket], agent_id: str | None) -> Iterator[CutTime]:
    """Return the planned shifts that touch a time."""
    statement = (
        select(_SHIFT.staff_id, _SHIFT.since, _SHIFT.until)
        .where(_SHIFT.until > times[0].since, _SHIFT.since < times[-1].until)
        .where(of_agent(_SHIFT.staff_id, agent_id))
    )
    return (CutTime(row[0], "", None, None, row[1], row[2]) for row in connection.execute(statement))


def kept(connection: Connection, times: Sequence[Bucket], agent_id: str | None) -> Iterator[CutTime]:
    """Return the parts of shifts in which agents were there.

    An agent is there while signed in, without pauses that are not planned.
    """
    overlaps = and_(_TIME.agent_id == _SHIFT.staff_id, _TIME.until > _SHIFT.since, _TIME.since < _SHIFT.until)
    statement = (
        select(_SHIFT.staff_id, _SHIFT.since, _SHIFT.until, _TIME.since, _TIME.until)
        .join_from(_SHIFT.id.table, _TIME.id.table, overlaps)
        .where(_SHIFT.until > times[0].since, _SHIFT.since < times[-1].until)
        .where(or_(_TIME.state != PAUSED, _TIME.planned.is_(True)))
        .where(of_agent(_SHIFT.staff_id, agent_id))
    )
    for staff_id, since, until, began, ended in connection.execute(statement):
        yield CutTime(staff_id, "", None, None, max(since, began), min(until, ended))
