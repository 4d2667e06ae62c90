"""Numbers of tickets under the filters of a list, by state."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sql
from sqlalchemy import ColumnElement, Connection
from sqlmodel import SQLModel, col

from crm.tickets import store
from crm.tickets.listing import Filters, TicketCounts
from crm.tickets.model import CLOSED, TICKET_TEXTS, Ticket, TicketStatus
from crm.tickets.searching import Searched
from crm.tickets.visibility import shared_with

MOST_COUNTED = 1000
"""Most tickets of a state that are counted: beyond it, the number says no more to a reader and costs a long read."""
_TICKET = SQLModel.metadata.tables[Ticket.__tablename__].c
_ESCALATED = "escalated"


def counted(
    connection: Connection,
    filters: Filters,
    department_id: str | None,
    due: Sequence[ColumnElement[bool]] = (),
    *,
    people: bool = True,
) -> TicketCounts:
    """Count tickets under filters, of a department where one is given.

    Each state by an index, up to MOST_COUNTED.

    Args:
        due: the conditions on deadlines.
    """
    conditions = [*filters.conditions(), *due]
    parts = _parts(department_id, only_led=filters.leads)
    wanted = filters.statuses()
    if filters.text is not None:
        of_states = store.in_states(wanted) if wanted else []
        return _found(connection, Searched(filters.text, people), [*conditions, *of_states], parts)
    never = CLOSED if filters.needs_running() else frozenset()
    states = [state for state in TicketStatus if (not wanted or state in wanted) and state not in never]
    kinds: list[tuple[str, list[ColumnElement[bool]]]] = [(state, store.in_states([state])) for state in states]
    escalated = [col(Ticket.escalated) == sql.true(), *(store.in_states(wanted) if wanted else [])]
    statements = [_number(kind, [*conditions, *of_kind], parts) for kind, of_kind in (*kinds, (_ESCALATED, escalated))]
    found = connection.execute(sql.union_all(*statements))
    return _counts({row.kind: row.number for row in found})


def _found(
    connection: Connection,
    searched: Searched,
    conditions: Sequence[ColumnElement[bool]],
    parts: Sequence[Sequence[ColumnElement[bool]]],
) -> TicketCounts:
    """Count the tickets in which a text stands, up to MOST_COUNTED together.

    Each state for itself would read what has the text once more.
    """
    dialect = connection.dialect.name
    numbers: Counter[str] = Counter()
    for part in parts:
        statement = sql.select(_TICKET.status, _TICKET.escalated).where(*conditions, *part)
        statement = TICKET_TEXTS.joined(statement, _TICKET.id, dialect)
        matching = statement.where(*TICKET_TEXTS.matches(dialect, searched.text, people=searched.people))
        few = matching.limit(MOST_COUNTED + 1).subquery()
        each = sql.select(few.c.status, few.c.escalated, sql.func.count().label("number"))
        for row in connection.execute(each.group_by(few.c.status, few.c.escalated)):
            numbers[str(row.status)] += row.number
            numbers[_ESCALATED] += row.number if row.escalated else 0
    more = numbers.total() - numbers[_ESCALATED] > MOST_COUNTED
    found = _counts(numbers)
    return found.model_copy(update={"more": list(found.by_status)}) if more else found


def _counts(numbers: Mapping[str, int]) -> TicketCounts:
    """Return numbers by state, and of the escalated, each up to MOST_COUNTED."""
    of_states = {TicketStatus(state): number for state, number in numbers.items() if state != _ESCALATED and number}
    by_status = {state: min(number, MOST_COUNTED) for state, number in of_states.items()}
    return TicketCounts(
        total=sum(by_status.values()),
        by_status=by_status,
        escalated=min(numbers.get(_ESCALATED, 0), MOST_COUNTED),
        more=[state for state, number in of_states.items() if number > MOST_COUNTED],
        more_escalated=numbers.get(_ESCALATED, 0) > MOST_COUNTED,
    )


def _parts(department_id: str | None, *, only_led: bool) -> list[list[ColumnElement[bool]]]:
    """Return conditions that together select a department's tickets, each once.

    One condition with OR would use no index.
    """
    if department_id is None:
        return [[]]
    led = col(Ticket.department_id) == department_id
    others = sql.or_(_TICKET.department_id.is_(None), _TICKET.department_id != department_id)
    return [[led]] if only_led else [[led], [col(Ticket.id).in_(shared_with(department_id)), others]]


def _number(
    kind: str, conditions: Sequence[ColumnElement[bool]], parts: Sequence[Sequence[ColumnElement[bool]]]
) -> sql.Select[Any]:
    """Return the query for a kind and its number."""
    selected = [sql.select(_TICKET.id).where(*conditions, *part).limit(MOST_COUNTED + 1).subquery() for part in parts]
    numbers = [sql.select(sql.func.count()).select_from(one).scalar_subquery() for one in selected]
    number: Any = numbers[0] if len(numbers) == 1 else numbers[0] + numbers[1]
    return sql.select(sql.literal(str(kind), sql.String()).label("kind"), number.label("number"))
