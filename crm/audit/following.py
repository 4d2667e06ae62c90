"""Entries of the audit log, written with each change."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import event, inspect
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from crm.audit.model import HIDDEN, AuditEntry, EntryAction, EntrySubject
from foundation.acting import ACTOR
from foundation.clock import utc_now
from foundation.ids import new_id
from foundation.routes import Principal

Row = Any
"""Row of a followed table."""


@dataclass(frozen=True)
class _Followed:
    subject: EntrySubject
    id_of: Callable[[Row], str]
    name_of: Callable[[Row], str]
    secret: frozenset[str]
    ignored: frozenset[str]
    former: Callable[[Session, Row], Row | None]


_FOLLOWED: dict[type[SQLModel], _Followed] = {}


def follow(
    table: type[SQLModel],
    subject: EntrySubject,
    *,
    id_of: Callable[[Row], str] = lambda row: str(row.id),
    name_of: Callable[[Row], str] = lambda row: str(row.name),
    secret: Iterable[str] = (),
    ignored: Iterable[str] = (),
    former: Callable[[Session, Row], Row | None] = lambda _session, _row: None,
) -> None:
    """Write an entry with each change of a table, in its transaction.

    Args:
        secret: fields with values that are not kept.
        ignored: fields that say nothing, such as ids.
        former: returns the row that a new one takes the place of, where a change is a new row.
    """
    _FOLLOWED[table] = _Followed(subject, id_of, name_of, frozenset(secret), frozenset(ignored), former)


def followed_fields() -> set[str]:
    """Return the names of the fields that entries may hold."""
    columns = SQLModel.metadata.tables
    return {
        name
        for table, followed in _FOLLOWED.items()
        for name in set(columns[str(table.__tablename__)].columns.keys()) - followed.ignored
    }


def entry(
    by: Principal | None,
    subject: EntrySubject,
    subject_id: str,
    name: str,
    action: EntryAction,
    changes: Mapping[str, Any],
) -> AuditEntry:
    """Return an entry of the present moment."""
    return AuditEntry(
        id=new_id("audit"),
        at=utc_now(),
        subject=subject,
        subject_id=subject_id,
        subject_name=name,
        action=action,
        staff_id=by.staff_id if by is not None else None,
        staff_name=f"{by.name} ({by.staff_number})" if by is not None else "",
        changes=dict(changes),
    )


def _write(session: Session, _context: object, _instances: object) -> None:
    entries, by = [], session.info.get(ACTOR)
    for row in session.new:
        followed = _FOLLOWED.get(type(row))
        if followed is not None:
            entries.append(_of_new(session, row, followed, by))
    for row in session.dirty:
        followed = _FOLLOWED.get(type(row))
        changes = _changed(row, followed) if followed is not None else {}
        if followed is not None and changes:
            entries.append(
                entry(by, followed.subject, followed.id_of(row), followed.name_of(row), EntryAction.CHANGE, changes)
            )
    for row in session.deleted:
        followed = _FOLLOWED.get(type(row))
        if followed is not None:
            entries.append(_of_removed(row, followed, by))
    session.add_all(entries)


event.listen(Session, "before_flush", _write)


def _of_new(session: Session, row: Row, followed: _Followed, by: Principal | None) -> AuditEntry:
    with session.no_autoflush:
        former = followed.former(session, row)
    changes = {}
    for name in _fields(row, followed):
        before = getattr(former, name) if former is not None else None
        after = getattr(row, name)
        if before != after and not (_is_empty(before) and _is_empty(after)):
            changes[name] = _both(before, after, secret=name in followed.secret)
    action = EntryAction.CREATE if former is None else EntryAction.CHANGE
    return entry(by, followed.subject, followed.id_of(row), followed.name_of(row), action, changes)


def _of_removed(row: Row, followed: _Followed, by: Principal | None) -> AuditEntry:
    gone = {name: _both(getattr(row, name), None, secret=name in followed.secret) for name in _fields(row, followed)}
    return entry(by, followed.subject, followed.id_of(row), followed.name_of(row), EntryAction.REMOVE, gone)


def _changed(row: Row, followed: _Followed) -> dict[str, Any]:
    changes = {}
    for name in _fields(row, followed):
        history = inspect(row).attrs[name].history
        before = history.deleted[0] if history.deleted else None
        after = getattr(row, name)
        if history.has_changes() and before != after:
            changes[name] = _both(before, after, secret=name in followed.secret)
    return changes


def _fields(row: Row, followed: _Followed) -> list[str]:
    names = [column.key for column in inspect(type(row)).column_attrs]
    return [name for name in names if name not in followed.ignored]


def _is_empty(value: object) -> bool:
    return value is None or value in ("", [], {})


def _both(before: Any, after: Any, *, secret: bool) -> dict[str, Any]:
    shown = [HIDDEN if secret and value is not None else to_jsonable_python(value) for value in (before, after)]
    return dict(zip(("before", "after"), shown, strict=True))
