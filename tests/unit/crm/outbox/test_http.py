"""Routes of dead letters: roles and validation."""

from typing import Any

import pytest
from pydantic import ValidationError

from crm.outbox.errors import NoDeadLetter
from crm.outbox.http import routes
from crm.outbox.service import OutboxService
from foundation.database import Database
from foundation.routes import Principal, Role, Route
from tests.unit.crm.outbox.test_outbox import entries, give_up
from tests.unit.crm.tickets.test_ticket_http import call

SUPERVISOR = Principal("staff-3", "3001", "Zhao", Role.SUPERVISOR)


@pytest.fixture
def table(database: Database) -> dict[str, Route]:
    found = routes(OutboxService(database)).table
    return {f"{route.method} {route.path.removeprefix('/api/v1/outbox')}": route for route in found}


def test_only_supervisors_and_administrators_act(table: dict[str, Route]) -> None:
    assert len(table) == 4
    assert {role for route in table.values() for role in route.roles} == {Role.SUPERVISOR, Role.ADMINISTRATOR}


async def test_dead_letters_are_listed_redelivered_and_dropped(database: Database, table: dict[str, Route]) -> None:
    given_up = await give_up(database, "sign", "park", "reply")
    listed = await call(table["GET /dead-letters"], SUPERVISOR, query={"limit": 2})
    assert [found.kind for found in listed] == ["ticket.reply", "ticket.park"]
    more = await call(table["GET /dead-letters"], SUPERVISOR, query={"after": listed[-1].sequence})
    assert [found.sequence for found in more] == [given_up[0].sequence]

    path = {"sequence": str(given_up[0].sequence)}
    await call(table["POST /dead-letters/{sequence}/redeliver"], SUPERVISOR, path)
    path = {"sequence": str(given_up[1].sequence)}
    await call(
        table["POST /dead-letters/{sequence}/drop"], SUPERVISOR, path, body={"reason": "the department was closed"}
    )
    revived = await call(table["POST /dead-letters/redeliver"], SUPERVISOR, body={})
    assert revived.count == 1
    waiting, dropped, revived = await entries(database)
    assert (waiting.attempts, revived.attempts) == (0, 0)
    assert None not in {waiting.next_at, revived.next_at, dropped.done_at}
    assert dropped.drop_reason == "the department was closed"


@pytest.mark.parametrize("sequence", ["0", "-1", "one", "9" * 30, "１", "1.5", ""])
async def test_unknown_entry_is_not_found(table: dict[str, Route], sequence: str) -> None:
    for action, body in (("redeliver", None), ("drop", {"reason": "because"})):
        route = table[f"POST /dead-letters/{{sequence}}/{action}"]
        with pytest.raises(NoDeadLetter):
            await call(route, SUPERVISOR, {"sequence": sequence}, body=body)


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("POST /dead-letters/{sequence}/drop", {}),
        ("POST /dead-letters/{sequence}/drop", {"reason": "  "}),
        ("POST /dead-letters/{sequence}/drop", {"reason": "a\x00b c"}),
        ("POST /dead-letters/redeliver", {"kind": "'; DROP TABLE outbox"}),
        ("POST /dead-letters/redeliver", {"all": True}),
    ],
)
async def test_invalid_request_changes_nothing(table: dict[str, Route], route: str, body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        await call(table[route], SUPERVISOR, {"sequence": "1"}, body=body)


@pytest.mark.parametrize("query", [{"after": 2**70}, {"limit": 0}, {"limit": 10_000}, {"after": 0}])
async def test_page_has_bounds(table: dict[str, Route], query: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        await call(table["GET /dead-letters"], SUPERVISOR, query=query)
