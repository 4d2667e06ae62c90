"""Agents in memory."""

from types import SimpleNamespace
from typing import Any

from ari_app.calls.agent_directory import Agents
from crm.staff.model import Staff
from foundation.clock import utc_now
from foundation.routes import Role


def agent(queues: list[str]) -> Staff:
    return Staff(
        id="staff-1",
        staff_number="1001",
        name="刘芳",
        role=Role.AGENT,
        password_hash="-",
        endpoint="agent1001",
        sip_password="secret",
        queues=queues,
        created_at=utc_now(),
    )


async def test_queue_that_was_taken_out_of_the_file_is_left_out() -> None:
    async def with_phones() -> list[Staff]:
        return [agent(["sales", "repair"])]

    staff: Any = SimpleNamespace(with_phones=with_phones)
    directory = Agents(staff, {"repair": None, "consult": None})
    await directory.load()

    assert directory.queues("staff-1") == ["repair"]
    assert directory.queues("staff-unknown") == []
