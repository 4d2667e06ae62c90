"""Commands that look at a recorded day: `call show` and `queues simulate`."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ari_app.cli import app
from ari_app.runtime import schema
from crm.history.facts import AgentTime
from crm.history.model import CallRecord
from foundation.database import Database
from tests.unit.queues.conftest import QUEUES_FILE

AT = datetime(2026, 11, 27, 2, tzinfo=UTC)


@pytest.fixture
def service(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the environment of a service with one call and one agent."""
    database_url = f"sqlite:///{tmp_path / 'hotline.db'}"
    schema.upgrade(database_url)
    for name, value in {"ARI_PASSWORD": "x", "DATABASE_URL": database_url, "REDIS_URL": redis_url}.items():
        monkeypatch.setenv(f"HOTLINE_{name}", value)

    async def furnish() -> None:
        database = Database(database_url)
        async with database.write() as session:
            session.add(
                CallRecord(
                    id="call-1", direction="inbound", outcome="answered", access_number="96001", queue="repair",
                    agent_id="anna", started_at=AT, queued_at=AT, wait_ms=9000, talk_ms=60_000,
                    ended_at=AT + timedelta(minutes=2), hangup_by="agent",
                )
            )  # fmt: skip
            session.add(AgentTime(id="1", agent_id="anna", state="ready", since=AT, until=AT + timedelta(hours=1)))
        await database.aclose()

    asyncio.run(furnish())


def test_a_calls_story_is_printed(service: None) -> None:
    shown = CliRunner().invoke(app, ["call", "show", "call-1"])

    assert shown.exit_code == 0, shown.output
    assert "call-1: inbound, answered" in shown.output
    assert "2026-11-27 10:02:00  ended  by agent" in shown.output


def test_a_day_is_simulated_side_by_side(service: None, tmp_path: Path) -> None:
    rules = tmp_path / "new.yaml"
    rules.write_text(QUEUES_FILE.read_text(encoding="utf-8"), encoding="utf-8")

    shown = CliRunner().invoke(app, ["queues", "simulate", "--day", "2026-11-27", "--rules", str(rules)])

    assert shown.exit_code == 0, shown.output
    assert "2026-11-27: 1 calls, 1 agents" in shown.output
    assert all(side in shown.output for side in ("recorded", "present", "changed"))
