"""Stored facts of queues and agents, under Asterisk's names."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Connection, Index, Insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, SQLModel

from crm.history.changes import during, mark
from crm.history.model import CallRecordView, StoryStep
from foundation.database import UtcDateTime, text_enum


class QueueEventKind(StrEnum):
    """Event of a queue, as Asterisk's `queue_log` calls it."""

    ENTERQUEUE = "ENTERQUEUE"
    CONNECT = "CONNECT"
    ABANDON = "ABANDON"
    EXITWITHTIMEOUT = "EXITWITHTIMEOUT"
    EXITWITHKEY = "EXITWITHKEY"
    RINGNOANSWER = "RINGNOANSWER"
    COMPLETEAGENT = "COMPLETEAGENT"
    COMPLETECALLER = "COMPLETECALLER"
    BLINDTRANSFER = "BLINDTRANSFER"
    ATTENDEDTRANSFER = "ATTENDEDTRANSFER"
    ADDMEMBER = "ADDMEMBER"
    """An agent signed in."""
    REMOVEMEMBER = "REMOVEMEMBER"
    PAUSE = "PAUSE"
    UNPAUSE = "UNPAUSE"


TRANSFERS = frozenset({QueueEventKind.BLINDTRANSFER, QueueEventKind.ATTENDEDTRANSFER})
COUNTED = frozenset({QueueEventKind.RINGNOANSWER}) | TRANSFERS
"""Events that are figures of an agent."""


class QueueEvent(SQLModel, table=True):
    """Event of a queue or an agent; its id never changes."""

    __tablename__ = "queue_event"
    __table_args__ = (
        Index("ix_queue_event_at", "at"),
        Index("ix_queue_event_agent_id_event_at", "agent_id", "event", "at"),
    )

    id: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    event: QueueEventKind = Field(sa_type=text_enum(QueueEventKind))
    call_id: str | None = Field(default=None, index=True)
    queue: str | None = None
    agent_id: str | None = None
    position: int | None = None
    wait_ms: int | None = None
    ring_ms: int | None = None
    talk_ms: int | None = None
    reason: str | None = None
    """Of a pause, or of an offer that was not taken; of a transfer, its target; of an exit by key, the key."""
    priority: int | None = None
    """Of a caller who joins."""
    asks: str | None = None
    """Words by which the queue's rules tell the skills that a caller needs, joined by commas."""


class AgentTime(SQLModel, table=True):
    """Time that an agent spent in one state."""

    __tablename__ = "agent_time"
    __table_args__ = (Index("ix_agent_time_agent_id_until", "agent_id", "until"), Index("ix_agent_time_until", "until"))

    id: str = Field(primary_key=True)
    agent_id: str
    state: str
    """State of the queues: ready, not_ready, reserved, ringing, talking or wrap_up."""
    reason: str | None = None
    """Of a pause."""
    planned: bool | None = None
    """Of a pause: its reason was a planned one when the pause ended. None: no pause, or stored before this was kept."""
    queue: str | None = None
    call_id: str | None = None
    since: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)


_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def store_events(connection: Connection, events: Sequence[dict[str, Any]]) -> None:
    """Store events; those that are there already stay as they are."""
    _store(connection, QueueEvent, events)
    mark(connection, (one["at"] for one in events if one["event"] in COUNTED and one.get("agent_id") is not None))


def store_times(connection: Connection, times: Sequence[dict[str, Any]]) -> None:
    """Store agents' times; those that are there already stay as they are."""
    _store(connection, AgentTime, times)
    mark(connection, (at for one in times for at in during(one["since"], one["until"])))


def _store(connection: Connection, kind: type[SQLModel], given: Sequence[dict[str, Any]]) -> None:
    if not given:
        return
    statement, empty = _storing(kind, connection.dialect.name)
    connection.execute(statement, [empty | one for one in given])


@cache
def _storing(kind: type[SQLModel], dialect: str) -> tuple[Insert, dict[str, None]]:
    """Return the statement that stores rows, and an empty row."""
    table = SQLModel.metadata.tables[str(kind.__tablename__)]
    statement: Insert = _INSERT[dialect](table).on_conflict_do_nothing(index_elements=[table.c.id])
    return statement, dict.fromkeys(column.name for column in table.c)


def end_of_call(record: CallRecordView) -> list[dict[str, Any]]:
    """Return how a conversation with an agent ended, from its record.

    A conversation that was transferred ends with the transfer, as in Asterisk.
    """
    if record.queued_at is None or record.connected_at is None or record.ended_at is None:
        return []
    common = {"call_id": record.id, "queue": record.queue, "wait_ms": record.wait_ms, "talk_ms": record.talk_ms}
    found: list[dict[str, Any]] = []
    consulted = False
    for place, step in enumerate(record.story):
        if step.step is StoryStep.TRANSFERRED:
            event = QueueEventKind.ATTENDEDTRANSFER if consulted else QueueEventKind.BLINDTRANSFER
            found.append(
                {
                    **common,
                    "id": f"{record.id}~transfer{place}",
                    "at": step.at,
                    "event": event,
                    "agent_id": step.agent_id,
                    "reason": step.target,
                }
            )
        consulted = step.step is StoryStep.CONSULTED or (consulted and step.step is not StoryStep.TRANSFERRED)
    if not found:
        by_agent = record.hangup_by == "agent"
        event = QueueEventKind.COMPLETEAGENT if by_agent else QueueEventKind.COMPLETECALLER
        end = {"id": f"{record.id}~complete", "at": record.ended_at, "event": event, "agent_id": record.agent_id}
        found.append({**common, **end})
    return found
