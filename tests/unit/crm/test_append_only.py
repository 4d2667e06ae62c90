"""H6: the log of tickets is append-only in the database itself."""

import asyncio
import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ari_app.runtime.schema import upgrade
from crm.tickets.model import ERASED
from crm.tickets.service import TicketService
from foundation.database import Database
from tests.unit.crm.conftest import AGENT, Place, furnish


async def execute(database: Database, statement: str, **values: str) -> None:
    async with database.write() as session:
        await session.exec(text(statement), params=values)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ticket_log",
        "UPDATE ticket_log SET action = 'archive'",
        "UPDATE ticket_log SET actor_id = NULL",
        "UPDATE ticket_log SET actor_name = 'somebody else'",
        "UPDATE ticket_log SET detail = '{}'",
        "UPDATE ticket_log SET at = '2020-01-01 00:00:00+00'",
    ],
)
async def test_h6_the_log_is_only_ever_added_to(
    database: Database, tickets: TicketService, place: Place, statement: str
) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    before = (await tickets.get(filed.id)).log

    with pytest.raises(DBAPIError, match="ticket_log is append-only"):
        await execute(database, statement)

    assert (await tickets.get(filed.id)).log == before


async def test_h6_so_it_is_after_a_migration(database_url: str) -> None:
    await asyncio.to_thread(upgrade, database_url)
    await asyncio.to_thread(upgrade, database_url)
    database = Database(database_url)
    try:
        tickets = TicketService(database)
        filed = await tickets.file((await furnish(database)).fault(), AGENT)
        with pytest.raises(DBAPIError, match="append-only"):
            await execute(database, "DELETE FROM ticket_log")
        assert len((await tickets.get(filed.id)).log) == 1
    finally:
        await database.aclose()


async def test_log_detail_can_be_erased_but_not_the_entry(
    database: Database, tickets: TicketService, place: Place
) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    await execute(database, "UPDATE ticket_log SET detail = :erased, actor_name = ''", erased=json.dumps(ERASED))

    (entry,) = (await tickets.get(filed.id)).log
    assert (entry.action, entry.detail, entry.actor_name) == ("file", ERASED, "")
