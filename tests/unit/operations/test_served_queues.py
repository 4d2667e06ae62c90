"""Agents of queues that were removed are found."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ari_app.cli import app
from ari_app.operations.served_queues import removed_queues
from ari_app.queues.documents.model import QueueDocument
from ari_app.runtime import schema
from crm.staff.model import StaffChange, StaffInput
from crm.staff.service import StaffService
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import Role
from tests.callflows import copied, edit, shipped

QUEUES = shipped().queues


async def employ(database: Database) -> None:
    """Add two agents of the queue `repair`, and one who has left."""
    staff = StaffService(database, QUEUES)
    for number, queues in (("1007", ["repair", "consult"]), ("1008", ["repair"]), ("1009", ["complaint"])):
        given = StaffInput(staff_number=number, name="x", role=Role.AGENT, password="a long password", queues=queues)
        added = await staff.create(given)
    await staff.update(added.id, StaffChange(active=False))


async def test_agents_of_a_removed_queue_are_named(database: Database) -> None:
    await employ(database)
    assert await removed_queues(database, QUEUES) == []
    found = [str(finding) for finding in await removed_queues(database, {"consult"})]
    assert found == [
        "queues.yaml:1: removed-queue: there is no queue repair, which these agents serve: 1007, 1008 (warning)"
    ]


def test_flows_check_asks_the_accounts_of_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, url = copied(tmp_path), f"sqlite:///{tmp_path / 'hotline.db'}"
    schema.upgrade(url)
    runner = CliRunner()
    environment = {"HOTLINE_ARI_PASSWORD": "x", "HOTLINE_CALLFLOWS": str(folder), "HOTLINE_DATABASE_URL": url}
    added = runner.invoke(app, ["staff", "add", "1007", "x", "--role", "agent", "--queue", "repair"], env=environment)
    assert added.exit_code == 0, added.output
    edit(folder / "queues.yaml", "- name: repair", "- name: repairs")
    result = runner.invoke(app, ["flows", "check", str(folder)], env=environment)
    assert result.exit_code == 1
    assert "queues.yaml:1: removed-queue: there is no queue repair, which these agents serve: 1007" in result.output


def test_version_of_the_console_counts_instead_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, url = copied(tmp_path), f"sqlite:///{tmp_path / 'hotline.db'}"
    schema.upgrade(url)
    runner = CliRunner()
    environment = {"HOTLINE_ARI_PASSWORD": "x", "HOTLINE_CALLFLOWS": str(folder), "HOTLINE_DATABASE_URL": url}
    text = (folder / "queues.yaml").read_text(encoding="utf-8")
    asyncio.run(store_version(url, text + "- { name: evening, title_zh: 晚间, title_en: Evening }\n"))

    add = ["staff", "add", "1007", "x", "--role", "agent", "--queue"]
    added = runner.invoke(app, [*add, "evening"], env=environment)
    assert added.exit_code == 0, added.output
    refused = runner.invoke(app, ["staff", "add", "1008", "x", "--role", "agent", "--queue", "night"], env=environment)
    assert refused.exit_code != 0
    assert "evening (version 1 of the console, by 陈静" in refused.output

    checked = runner.invoke(app, ["flows", "check", str(folder)], env=environment)
    assert "queues: version 1 of the console, by 陈静" in checked.output
    assert checked.exit_code == 0, "the agent's queue is there"


async def store_version(url: str, text: str) -> None:
    database = Database(url)
    async with database.write() as session:
        session.add(QueueDocument(version=1, text=text, note="", staff_id="staff-1", staff_name="陈静", at=utc_now()))
    await database.aclose()
