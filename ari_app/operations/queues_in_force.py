"""Queues in force: the console's newest version, or else the file."""

import asyncio
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from ari_app.operations.locations import Locations
from ari_app.queues.documents import store as documents
from ari_app.queues.documents.model import QueueDocument
from ari_app.queues.settings import QueueSettings, load_queues
from ari_app.queues.simulation.rules import rules_in
from foundation.database import Database

FILE = "queues.yaml"


async def queues_in_force(of: Locations, database: Database) -> tuple[dict[str, QueueSettings], str]:
    """Return a service's queues, and which text they are from."""
    stored = await _newest(database)
    if stored is not None:
        return rules_in(stored.text), named(stored)
    file = of.callflows / FILE
    return load_queues(file), str(file)


def stored_version(of: Locations) -> tuple[QueueDocument | None, str | None]:
    """Return the console's newest version, or why it is not known."""
    file = make_url(of.database_url).database if of.database_url.startswith("sqlite") else None
    if file is not None and not Path(file).exists():
        return None, None

    async def asked() -> QueueDocument | None:
        database = Database(of.database_url)
        try:
            return await _newest(database)
        finally:
            await database.aclose()

    try:
        return asyncio.run(asked()), None
    except (SQLAlchemyError, OSError) as error:
        why = f"{of.database_name} cannot be used ({type(error).__name__})"
        return None, f"versions of the queues from the console are not looked at: {why}"


def named(stored: QueueDocument) -> str:
    """Return a version as people call it."""
    return f"version {stored.version} of the console, by {stored.staff_name} on {stored.at:%Y-%m-%d}"


async def _newest(database: Database) -> QueueDocument | None:
    async with database.read() as session:
        return await documents.newest(session)
