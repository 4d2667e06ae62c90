"""Tickets in which a text stands, in the order of a list."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sql
from sqlalchemy import Connection
from sqlmodel import col

from crm.tickets.model import TICKET_TEXTS, Ticket
from foundation.text_index import NEWEST


class Searched(NamedTuple):
    """Text that stands in a ticket."""

    text: str
    people: bool
    """Whether it may stand in the reporters' names and numbers."""


def found(
    connection: Connection, statement: sql.Select[Any], wanted: Searched, limit: int, *, oldest_first: bool
) -> Sequence[sql.Row[*tuple[Any, ...]]]:
    """Return the tickets in which a text stands, by registration.

    SQLite's index gives them in that order. PostgreSQL's does not: a common text is found among the newest tickets, and
    of a rare one few are sorted.
    """
    dialect, (text, people) = connection.dialect.name, wanted
    entries = TICKET_TEXTS.entries.c
    matching = TICKET_TEXTS.joined(statement, col(Ticket.id), dialect).where(
        *TICKET_TEXTS.matches(dialect, text, people=people)
    )
    if dialect == "sqlite":
        order = TICKET_TEXTS.grams.c.rowid
        ordered = matching.order_by(order if oldest_first else order.desc())
        return connection.execute(ordered.limit(limit)).all()
    place = (entries.moment, entries.id) if oldest_first else (entries.moment.desc(), entries.id.desc())
    few = sql.select(entries.id, entries.words, entries.people).order_by(*place).limit(NEWEST).subquery()
    at, key = col(Ticket.registered_at), col(Ticket.id)
    order_of_list = (at, key) if oldest_first else (at.desc(), key.desc())
    of_few = sql.select(few.c.id).where(TICKET_TEXTS.contains(dialect, text, people=people, among=few))
    # As an array, so that no planner reads all tickets for a join with it.
    here = statement.where(key == sql.func.any(sql.func.array(of_few.scalar_subquery())))
    first = connection.execute(here.order_by(*order_of_list).limit(limit)).all()
    if len(first) == limit:
        return first
    # Through a function, so that no planner reads the tickets in their order instead of the index.
    sorted_at = sql.func.coalesce(entries.moment, entries.moment)
    by_index = (sorted_at, entries.id) if oldest_first else (sorted_at.desc(), entries.id.desc())
    return connection.execute(matching.order_by(*by_index).limit(limit)).all()
