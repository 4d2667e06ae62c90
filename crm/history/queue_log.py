"""Queue events as a file in the format of Asterisk's `queue_log`.

A line is `epoch|call|queue|agent|EVENT|data…`, as https://docs.asterisk.org/Configuration/Applications/Queue/ has it.
Numbers of callers are not in it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, select
from sqlmodel import SQLModel

from crm.history.facts import QueueEvent, QueueEventKind

NOTHING = "NONE"
"""Asterisk's word for a call, queue or agent that an event does not have."""
MEMBERS = "APP"
"""How an attended transfer was made: by the service, not by a bridge of Asterisk."""
_EVENT = SQLModel.metadata.tables[QueueEvent.__tablename__].c
Event = Mapping[str, Any]
log = structlog.get_logger()


class QueueLog:
    """File of queue events; off without a path.

    A line is written once its event is stored, by the process that stored it. A death between the two leaves the line
    out; the database has the event. The file is opened for every write: one that was moved or emptied is begun again.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def lines(self, connection: Connection, events: Sequence[Event]) -> list[str]:
        """Return the lines of events that are not stored yet."""
        if self._path is None or not events:
            return []
        ids = [one["id"] for one in events]
        known = set(connection.execute(select(_EVENT.id).where(_EVENT.id.in_(ids))).scalars())
        fresh = {one["id"]: one for one in events if one["id"] not in known}
        places = _first_places(connection, list(fresh.values()))
        return [line_of(one, places.get((one.get("call_id"), one.get("queue")))) for one in fresh.values()]

    async def write(self, lines: Sequence[str]) -> None:
        """Add lines to the file; calls go on where that fails."""
        if self._path is None or not lines:
            return
        try:
            await asyncio.to_thread(self._write, self._path, "".join(f"{line}\n" for line in lines))
        except OSError as error:
            log.exception("queue_log_not_written", path=str(self._path), lines=len(lines), error=str(error))

    @staticmethod
    def _write(path: Path, text: str) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)


def line_of(event: Event, first_place: int | None) -> str:
    """Return an event as Asterisk writes it.

    `first_place` is that of the entry.
    """
    kind = QueueEventKind(event["event"])
    data = _DATA.get(kind, _no_data)(event, first_place)
    parts = (event.get("call_id"), event.get("queue"), event.get("agent_id"))
    return "|".join([str(int(event["at"].timestamp())), *(_word(part) or NOTHING for part in parts), kind.value, *data])


def _first_places(connection: Connection, events: Sequence[Event]) -> dict[tuple[str | None, str | None], int | None]:
    calls = {one["call_id"] for one in events if one.get("call_id")}
    columns = (_EVENT.call_id, _EVENT.queue, _EVENT.position, _EVENT.at)
    entered = select(*columns).where(_EVENT.call_id.in_(calls), _EVENT.event == QueueEventKind.ENTERQUEUE)
    stored = [tuple(row) for row in connection.execute(entered)] if calls else []
    fresh = [
        (one.get("call_id"), one.get("queue"), one.get("position"), one["at"])
        for one in events
        if one["event"] == QueueEventKind.ENTERQUEUE
    ]
    return {(call, queue): place for call, queue, place, _ in sorted((*stored, *fresh), key=lambda one: one[3])}


def _word(value: object) -> str:
    """Return a part without what ends parts and lines."""
    return "" if value is None else " ".join(str(value).replace("|", " ").split())


def _number(value: int | None) -> str:
    return str(value or 0)


def _seconds(ms: int | None) -> str:
    return str((ms or 0) // 1000)


def _no_data(_event: Event, _first: int | None) -> list[str]:
    return []


def _left(event: Event, first: int | None) -> list[str]:
    """Return last place, first place and wait."""
    return [_number(event.get("position")), _number(first), _seconds(event.get("wait_ms"))]


def _talked(event: Event, first: int | None) -> list[str]:
    return [_seconds(event.get("wait_ms")), _seconds(event.get("talk_ms")), _number(first)]


def _reason(event: Event, _first: int | None) -> list[str]:
    return [_word(event.get("reason"))]


def _connected(event: Event, _first: int | None) -> list[str]:
    return [_seconds(event.get("wait_ms")), _word(event.get("call_id")), _seconds(event.get("ring_ms"))]


_DATA: dict[QueueEventKind, Callable[[Event, int | None], list[str]]] = {
    # A URL and the caller's number, which are left out, and the place.
    QueueEventKind.ENTERQUEUE: lambda event, _: ["", "", _number(event.get("position"))],
    QueueEventKind.CONNECT: _connected,
    QueueEventKind.ABANDON: _left,
    QueueEventKind.EXITWITHTIMEOUT: _left,
    QueueEventKind.EXITWITHKEY: lambda event, first: [_word(event.get("reason")), *_left(event, first)],
    QueueEventKind.RINGNOANSWER: lambda event, _: [_number(event.get("ring_ms"))],
    QueueEventKind.COMPLETEAGENT: _talked,
    QueueEventKind.COMPLETECALLER: _talked,
    # An extension and its context.
    QueueEventKind.BLINDTRANSFER: lambda event, first: [_word(event.get("reason")), "", *_talked(event, first)],
    QueueEventKind.ATTENDEDTRANSFER: lambda event, first: [MEMBERS, _word(event.get("reason")), *_talked(event, first)],
    QueueEventKind.ADDMEMBER: _reason,
    QueueEventKind.PAUSE: _reason,
    QueueEventKind.UNPAUSE: _reason,
}
