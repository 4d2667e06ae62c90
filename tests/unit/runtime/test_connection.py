"""Phones of changed accounts are pushed only when they differ."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from ari_app.calls.agent_directory import Agents
from ari_app.calls.provisioning import PhoneAccount
from ari_app.runtime import connection
from ari_app.runtime.connection import ConnectionSetup
from crm.staff.model import Staff
from foundation.clock import utc_now
from foundation.routes import Role

PATIENCE_S = 5.0


def agent(**changes: Any) -> Staff:
    fields: dict[str, Any] = {
        "id": "staff-1",
        "staff_number": "1001",
        "name": "刘芳",
        "role": Role.AGENT,
        "password_hash": "-",
        "endpoint": "agent1001",
        "sip_password": "first",
        "created_at": utc_now(),
    }
    return Staff(**fields | changes)


async def test_phone_is_pushed_only_when_it_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    async def push(_ari: object, accounts: list[PhoneAccount]) -> int:
        for account in accounts:
            steps.put_nowait(("push", account.password))
        return len(accounts)

    async def remove(_ari: object, users: list[str]) -> int:
        for user in users:
            steps.put_nowait(("remove", user))
        return len(users)

    async def nothing(_user: str) -> None:
        return None

    async def agents() -> list[Staff]:
        return [agent()]

    monkeypatch.setattr(connection, "push", push)
    monkeypatch.setattr(connection, "remove", remove)
    staff: Any = SimpleNamespace(with_phones=agents)
    other: Any = SimpleNamespace(include=nothing, exclude=nothing)
    directory = Agents(staff, {})
    await directory.load()
    setup = ConnectionSetup(other, other, directory, staff, other, other, other)

    async with asyncio.timeout(PATIENCE_S):
        setup.staff_changed(agent(name="李静"))
        setup.staff_changed(agent(id="staff-2", endpoint="agent1002", sip_password="other"))
        assert await steps.get() == ("push", "other")
        setup.staff_changed(agent(sip_password="second"))
        assert await steps.get() == ("push", "second")
        setup.staff_changed(agent(active=False))
        assert await steps.get() == ("remove", "agent1001")
        assert await steps.get() == ("remove", "agent1001-browser")
        setup.staff_changed(agent(active=False))
        setup.staff_changed(agent(sip_password="third"))
        assert await steps.get() == ("push", "third")
    assert directory.phone("staff-1") is not None
    await setup.aclose()
