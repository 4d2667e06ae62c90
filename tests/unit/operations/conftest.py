"""Databases with the rows of a service."""

import asyncio

import pytest

from ari_app.operations.database_copy import TableSum, begin_snapshot, database_engine, table_sums
from ari_app.runtime.schema import upgrade
from crm import sample_data
from crm.departments.model import DepartmentInput
from crm.departments.service import DepartmentService
from crm.outbox.model import OutboxEntry
from foundation.clock import utc_now
from foundation.database import Database


def message() -> OutboxEntry:
    now = utc_now()
    return OutboxEntry(kind="test.copied", key="copied", payload={"text": "暖气不热"}, created_at=now, next_at=now)


async def fill(url: str) -> None:
    """Load the sample service, a sub-department and an unsent message."""
    database = Database(url)
    try:
        await sample_data.load(database, "hotline-sample", ("consult", "complaint", "repair"))
        departments = DepartmentService(database)
        above = await departments.create(DepartmentInput(name="城南分公司"))
        await departments.create(DepartmentInput(name="城南一区", parent_id=above.id))
        async with database.write() as session:
            session.add(message())
    finally:
        await database.aclose()


def make_filled(url: str) -> None:
    """Bring an empty database to the newest schema and fill it."""
    upgrade(url)
    asyncio.run(fill(url))


@pytest.fixture
def filled_url(database_url: str) -> str:
    """A database of either kind with the rows of a service."""
    make_filled(database_url)
    return database_url


def sums_of(url: str) -> list[TableSum]:
    engine = database_engine(url)
    try:
        with engine.connect() as connection:
            begin_snapshot(connection)
            return table_sums(connection)
    finally:
        engine.dispose()
