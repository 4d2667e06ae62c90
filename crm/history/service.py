"""Use cases of history, by customer and by number."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, or_, update
from sqlmodel import col

from crm.customers.reminders import store as reminders_store
from crm.customers.store import head_of
from crm.history import store, timeline_store
from crm.history.errors import CallNotFound
from crm.history.facts import end_of_call
from crm.history.model import (
    DAYS,
    CallRecord,
    CallRecordView,
    CallResult,
    FindCalls,
    History,
    HistoryCall,
    HistoryTicket,
    ListedCall,
)
from crm.history.queue_log import QueueLog
from crm.history.timeline import CallTimeline, timeline_of
from foundation.clock import utc_now
from foundation.database import Database

MOST = 50
OUTBOUND = "outbound"
"""Direction of calls that are about a ticket from their first moment."""
TicketOfCall = Callable[[Connection, str], str | None]
"""Returns the ticket of the last recording of a call, by the call's id."""


class HistoryService:
    """History of customers (H4), and records of calls."""

    def __init__(
        self, database: Database, queue_log: QueueLog | None = None, *, ticket_of_call: TicketOfCall | None = None
    ) -> None:
        self._database = database
        self._queue_log = queue_log or QueueLog(None)
        self._ticket_of_call = ticket_of_call

    async def of_customer(self, customer_id: str, days: int = DAYS, limit: int = MOST) -> History:
        """Return a customer's tickets and calls, newest first.

        At most `limit` of each. Tickets that the customer joined as a further reporter are included, with `joined_at`.
        A merged customer has the history of the one that stands for both.
        """
        return await self._database.look_up(
            lambda connection: self.past_of_customer(head_of(connection, customer_id), days, limit)(connection)
        )

    def past_of_customer(
        self, customer_id: str, days: int = DAYS, limit: int = MOST
    ) -> Callable[[Connection], History]:
        """Return the look-up of a customer's history, to be combined with others."""
        since = utc_now() - timedelta(days=days)

        def look(connection: Connection) -> History:
            tickets, calls = store.of_customer(connection, customer_id, since, limit)
            lines = [HistoryTicket.model_construct(**row._mapping) for row in tickets]  # noqa: SLF001 - a Row's public name
            return History(tickets=_newest_first(lines)[:limit], calls=_lines(calls))

        return look

    def past_of_number(self, number: str) -> Callable[[Connection], History]:
        """Return the look-up of the calls of a number without one customer."""
        since = utc_now() - timedelta(days=DAYS)
        return lambda connection: History(
            tickets=[], calls=_lines(store.calls_of_number(connection, number, since, MOST))
        )

    async def last_agent(self, number: str, since: datetime) -> str | None:
        """Return the agent who last talked with a number, since a time."""
        return await self._database.look_up(lambda connection: store.last_agent(connection, number, since))

    async def find(self, wanted: FindCalls) -> list[ListedCall]:
        """Return calls, newest first."""

        def look(connection: Connection) -> list[ListedCall]:
            found = _lines(store.calls(connection, wanted))
            agents = timeline_store.agents(connection, [call.id for call in found])
            chosen = timeline_store.results(connection, [call.id for call in found])
            return [_listed(call, agents.get(call.id, []), chosen.get(call.id)) for call in found]

        return await self._database.look_up(look)

    async def record_call(self, record: CallRecordView) -> CallRecordView:
        """Store a call's record, or replace an older one; return it.

        A link to a ticket outlives a later record without one.
        """

        def store_call(connection: Connection) -> tuple[CallRecordView, list[str]]:
            linked = self._linked(connection, record)
            lines = self._queue_log.lines(connection, end_of_call(linked))
            store.store_call(connection, linked)
            return linked, lines

        linked, lines = await self._database.change(store_call)
        await self._queue_log.write(lines)
        return linked

    def _linked(self, connection: Connection, record: CallRecordView) -> CallRecordView:
        """Return the record with the ticket filed in the conversation.

        The ticket was filed while no record was there to be linked. An outbound call is about the ticket that it was
        made for, if any.
        """
        if self._ticket_of_call is None or (record.direction == OUTBOUND and record.ticket_id is not None):
            return record
        ticket_id = self._ticket_of_call(connection, record.id)
        return record if ticket_id is None else record.model_copy(update={"ticket_id": ticket_id})

    async def get(self, call_id: str) -> CallRecordView:
        """Return the record of a call.

        Raises:
            CallNotFound: there is no such record.
        """
        async with self._database.read() as session:
            found = await session.get(CallRecord, call_id)
        if found is None:
            raise CallNotFound(f"there is no record of call {call_id}")
        return CallRecordView.model_validate(found)

    async def timeline(self, call_id: str) -> CallTimeline:
        """Return a call's story, from first ring to archive of its ticket.

        Raises:
            CallNotFound: there is no such record.
        """
        record = await self.get(call_id)

        def look(connection: Connection) -> CallTimeline:
            events = timeline_store.events(connection, call_id)
            result = timeline_store.results(connection, [call_id]).get(call_id)
            ticket_log = timeline_store.ticket_log(connection, record.ticket_id)
            return timeline_of(record, events, ticket_log, result, reminders_store.of_call(connection, call_id))

        return await self._database.look_up(look)

    async def link_ticket(self, call_id: str, ticket_id: str) -> None:
        """Store the ticket that a call led to.

        An outbound call stays linked with the ticket that it was made about.
        """
        is_free = or_(col(CallRecord.ticket_id).is_(None), col(CallRecord.direction) != OUTBOUND)
        linking = update(CallRecord).where(col(CallRecord.id) == call_id, is_free).values(ticket_id=ticket_id)
        async with self._database.write() as session:
            await session.exec(linking)


def _newest_first(tickets: list[HistoryTicket]) -> list[HistoryTicket]:
    """Sort tickets by when the customer reported them; drop duplicates."""
    if not any(ticket.joined_at for ticket in tickets):
        return tickets
    ordered = sorted(tickets, key=lambda ticket: ticket.joined_at or ticket.registered_at, reverse=True)
    return list({ticket.id: ticket for ticket in reversed(ordered)}.values())[::-1]


def _listed(call: HistoryCall, agents: Sequence[str], result: CallResult | None) -> ListedCall:
    last = [call.agent_id] if call.agent_id is not None else []
    return ListedCall.model_construct(**vars(call), agent_ids=list(dict.fromkeys([*agents, *last])), result=result)


def _lines(calls: Sequence[Row[*tuple[Any, ...]]]) -> list[HistoryCall]:
    return [HistoryCall.model_construct(**row._mapping) for row in calls]  # noqa: SLF001 - a Row's public name
