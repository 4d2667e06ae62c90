"""Unit of work: every change reaches its listeners, or is refused."""

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.outbox.model import OutboxEntry
from crm.tickets.model import Ticket, TicketStatus
from crm.tickets.service import TicketService
from crm.tickets.state_change import ChangeEffects, StateChange
from crm.tickets.transitions import TicketAction
from crm.tickets.unit_of_work import OutsideUnitOfWork
from foundation.clock import utc_now
from foundation.database import Database
from tests.unit.crm.conftest import AGENT, Place


class Remembering:
    """Listener that remembers every change; its effects are those given."""

    def __init__(self, effects: ChangeEffects) -> None:
        self.changes: list[StateChange] = []
        self._effects = effects

    async def changed(self, session: AsyncSession, change: StateChange) -> ChangeEffects:
        self.changes.append(change)
        return self._effects


async def test_listeners_of_the_constructor_see_every_change(database: Database, place: Place) -> None:
    now = utc_now()
    first, second = Remembering(ChangeEffects(due_at=now)), Remembering(ChangeEffects(visit_from=now))
    tickets = TicketService(database, listeners=[first, second])
    ticket = await tickets.file(place.fault(), AGENT)
    await tickets.dispatch(ticket.id, place.east, AGENT)

    for listener in (first, second):
        assert [(change.action, change.before) for change in listener.changes] == [
            (TicketAction.FILE, None),
            (TicketAction.DISPATCH, TicketStatus.REGISTERED),
        ]
        assert listener.changes[1].facts.to_department == place.east
    async with database.read() as session:
        stored = (await session.exec(select(OutboxEntry.payload).where(OutboxEntry.kind == "ticket.dispatch"))).one()
    assert stored["due_at"] == stored["visit_from"]
    # Deadlines have a table of their own; visits are part of the log.
    logged = (await tickets.get(ticket.id)).log[-1].detail
    assert ("due_at" in logged, logged["visit_from"]) == (False, now.isoformat())


@pytest.mark.parametrize("attribute", ["status", "version"])
async def test_change_outside_a_unit_of_work_is_refused(
    database: Database, tickets: TicketService, place: Place, attribute: str
) -> None:
    ticket = await tickets.file(place.fault(), AGENT)
    wanted = {"status": TicketStatus.SIGNED, "version": 2}[attribute]

    async def change_outside() -> None:
        async with database.write() as session:
            setattr(await session.get_one(Ticket, ticket.id), attribute, wanted)

    with pytest.raises(OutsideUnitOfWork, match=ticket.number):
        await change_outside()
    found = await tickets.get(ticket.id)
    assert (found.status, found.version) == (TicketStatus.REGISTERED, 1)


async def test_change_after_the_end_of_its_unit_of_work_is_refused(tickets: TicketService, place: Place) -> None:
    ticket = await tickets.file(place.fault(), AGENT)
    async with tickets.held(ticket.id) as (transaction, held):
        pass
    transaction.session.add(held)
    with pytest.raises(OutsideUnitOfWork):
        held.status = TicketStatus.SIGNED
