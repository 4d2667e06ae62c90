"""Rows about a person, by customer or by an unshared telephone.

Each condition stands for itself, not joined to the next by OR, so that each has its own index.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers.model import Customer, CustomerPhone
from crm.customers.phone import spellings
from crm.personal_data.holdings import holding
from crm.tickets.model import Ticket, TicketLog, TicketReporter
from crm.tickets.transitions import TicketAction
from foundation.database import execute

SHORTEST = 2
"""Characters of a name that is looked for in texts: a surname alone stands in half of them."""
SHORTEST_NUMBER = 7
"""Digits of a telephone that is looked for in texts: an extension stands in many numbers."""
GONE = "***"
"""Replaces the person in a text about another person."""

_TABLES = SQLModel.metadata.tables
_CUSTOMER = _TABLES[Customer.__tablename__]
_PHONE = _TABLES[CustomerPhone.__tablename__]
_TICKET = _TABLES[Ticket.__tablename__]
_LOG = _TABLES[TicketLog.__tablename__]
_REPORTER = _TABLES[TicketReporter.__tablename__]


@dataclass(frozen=True)
class Traces:
    """By what a person is found."""

    customer_id: str
    account_number: str
    address: str
    numbers: tuple[str, ...]
    """Current telephones of no other customer."""
    nameless: tuple[str, ...]
    """Tickets of no customer that were reported from these alone."""
    names: frozenset[str]
    """Names of the person in reports."""
    call_ids: frozenset[str]
    """The calls of these reports."""
    others: tuple[str, ...]
    """Other people's tickets that the person reported as well."""

    def tickets(self) -> sql.Select[Any]:
        """The ids of the person's own tickets."""
        both = sql.union(
            sql.select(_TICKET.c.id).where(_TICKET.c.customer_id == self.customer_id),
            sql.select(_TICKET.c.id).where(_TICKET.c.id.in_(self.nameless)),
        ).subquery()
        return sql.select(both.c.id)

    def rows(self, table: sql.Table) -> list[sql.ColumnElement[bool]]:
        """Return conditions for a table's rows about the person.

        Each finds a part of them, and none finds another person's.
        """
        held = holding(table)
        if held is not None and held.through is not None:
            named = held.parent
            if named is None:
                (key,) = table.c[held.through].foreign_keys
                named = key.column
            return [
                table.c[held.through].in_(sql.select(named).where(condition)) for condition in self.rows(named.table)
            ]
        if table is _CUSTOMER:
            return [table.c.id == self.customer_id]
        if table is _TICKET:
            return [table.c.customer_id == self.customer_id, table.c.id.in_(self.nameless)]
        if "customer_id" in table.c:
            by_number = [table.c.customer_id.is_(None) & table.c.number.in_(self.numbers)] if _has_number(table) else []
            return [table.c.customer_id == self.customer_id, *by_number]
        return [table.c.ticket_id.in_(self.tickets())] if "ticket_id" in table.c else []

    @property
    def secrets(self) -> list[str]:
        """Return texts that identify the person, the longest first.

        A telephone stands as people write it, too.
        """
        numbers = {one for number in self.numbers for one in spellings(number) if len(one) >= SHORTEST_NUMBER}
        names = {name for name in self.names if len(name) >= SHORTEST}
        return sorted({*numbers, *names, self.account_number}, key=len, reverse=True)

    def without(self, value: Any, *more: str) -> Any:
        """Return a text without what identifies the person.

        Of a list or a mapping every text is cleaned. `more` are further texts to take out.
        """
        if isinstance(value, str):
            for secret in filter(None, (*self.secrets, *more)):
                value = value.replace(secret, GONE)
            return value
        if isinstance(value, list):
            return [self.without(one, *more) for one in value]
        if isinstance(value, dict):
            return {name: self.without(one, *more) for name, one in value.items()}
        return value

    async def said_elsewhere(self, session: AsyncSession) -> list[str]:
        """Return log entries of other people's tickets about the person."""
        wanted = sql.select(*_LOG.c["id", "action", "actor_id", "detail"])
        rows = await execute(session, wanted.where(_LOG.c.ticket_id.in_(self.others)))
        return [row.id for row in rows if self._is_said_by(row) or self.without(row.detail) != row.detail]

    def _is_said_by(self, row: sql.Row[*tuple[Any, ...]]) -> bool:
        if row.actor_id == self.customer_id:
            return True
        if row.action != TicketAction.APPEND:
            return False
        if "customer_id" in row.detail:
            return bool(row.detail["customer_id"] == self.customer_id)
        # Older entries, and those of unknown callers.
        return row.detail.get("call_id") in self.call_ids or row.detail.get("reporter") in self.names


async def traces(session: AsyncSession, customer: Customer) -> Traces:
    """Return what identifies a customer now, before the erasure."""
    numbers = await _own_numbers(session, customer.id)
    reported_by = [_REPORTER.c.customer_id == customer.id]
    if numbers:
        reported_by.append(_REPORTER.c.customer_id.is_(None) & _REPORTER.c.number.in_(numbers))
    reports = [
        row
        for condition in reported_by
        for row in await execute(
            session,
            sql.select(_REPORTER.c.ticket_id, _REPORTER.c.name, _REPORTER.c.call_id, _TICKET.c.customer_id)
            .join_from(_REPORTER, _TICKET, _TICKET.c.id == _REPORTER.c.ticket_id)
            .where(condition),
        )
    ]
    foreign = {row.ticket_id for row in reports if row.customer_id != customer.id}
    nameless = await _reported_alone(
        session, [row.ticket_id for row in reports if row.customer_id is None], reported_by
    )
    return Traces(
        customer_id=customer.id,
        account_number=customer.account_number,
        address=customer.address,
        numbers=numbers,
        nameless=tuple(sorted(nameless)),
        names=frozenset({customer.name, *(row.name for row in reports)} - {""}),
        call_ids=frozenset({row.call_id for row in reports} - {None}),
        others=tuple(sorted(foreign - nameless)),
    )


async def _own_numbers(session: AsyncSession, customer_id: str) -> tuple[str, ...]:
    another = _PHONE.alias("another")
    shared = sql.exists().where(another.c.number == _PHONE.c.number, another.c.customer_id != customer_id)
    wanted = sql.select(_PHONE.c.number).where(_PHONE.c.customer_id == customer_id, _PHONE.c.current.is_(True), ~shared)
    return tuple((await execute(session, wanted)).scalars())


async def _reported_alone(
    session: AsyncSession, ticket_ids: Sequence[str], reported_by: Sequence[sql.ColumnElement[bool]]
) -> set[str]:
    """Return the tickets that no other person reported."""
    others = sql.select(_REPORTER.c.ticket_id).where(
        _REPORTER.c.ticket_id.in_(ticket_ids),
        # A reporter without either cannot be identified.
        sql.or_(_REPORTER.c.customer_id.is_not(None), _REPORTER.c.number.is_not(None)),
        *(sql.func.coalesce(~condition, sql.true()) for condition in reported_by),
    )
    return set(ticket_ids) - set((await execute(session, others)).scalars())


def _has_number(table: sql.Table) -> bool:
    return "number" in table.c
