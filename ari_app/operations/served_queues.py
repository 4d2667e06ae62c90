"""Queues that agents serve, though the queues' file no longer has them."""

import asyncio
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from ari_app.operations.locations import Locations
from ari_app.queues.documents.skills import without_agents
from crm.staff.service import StaffService
from foundation.database import Database
from foundation.findings import Finding, Severity

FILE = "queues.yaml"


def served_but_removed(of: Locations, queues: Collection[str], text: str) -> tuple[list[Finding], str | None]:
    """Return the findings of a service's accounts, or why there are none."""
    file = make_url(of.database_url).database if of.database_url.startswith("sqlite") else None
    if file is not None and not Path(file).exists():
        return [], None

    async def asked() -> list[Finding]:
        database = Database(of.database_url)
        try:
            accounts = await StaffService(database, {}).all()
            return [*await removed_queues(database, queues), *without_agents(Path(FILE), text, accounts)]
        finally:
            await database.aclose()

    try:
        return asyncio.run(asked()), None
    except (SQLAlchemyError, OSError) as error:
        return [], f"the agents' queues are not checked: {of.database_name} cannot be used ({type(error).__name__})"


async def removed_queues(database: Database, queues: Collection[str]) -> list[Finding]:
    """Find the queues that active accounts name and that are not there."""
    missing: dict[str, list[str]] = defaultdict(list)
    for account in await StaffService(database, {}).all():
        for queue in account.queues if account.active else ():
            if queue not in queues:
                missing[queue].append(account.staff_number)
    # Not an error: these agents serve their other queues.
    return [
        Finding(
            FILE,
            1,
            "removed-queue",
            f"there is no queue {queue}, which these agents serve: {', '.join(sorted(numbers))}",
            Severity.WARNING,
        )
        for queue, numbers in sorted(missing.items())
    ]
