"""The `hotline` command, as an operator types it."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ari_app.cli import app
from ari_app.runtime import schema
from crm.staff.service import StaffService
from dev.paths import PROJECT
from foundation.database import Database

pytestmark = pytest.mark.slow

HER = ("agents", "add", "1007", "王芳", "--queue", "repair")


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database that a service has used."""
    made = f"sqlite:///{tmp_path / 'hotline.db'}"
    schema.upgrade(made)
    return made


def hotline(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env=environment)


def agents_in(url: str) -> list[tuple[str, str, list[str]]]:
    async def found() -> list[tuple[str, str, list[str]]]:
        database = Database(url)
        try:
            agents = await StaffService(database, ()).agents()
            return [(agent.staff_number, agent.name, agent.queues) for agent in agents]
        finally:
            await database.aclose()

    return asyncio.run(found())


def test_an_agent_is_added_and_her_passwords_are_told_once(url: str) -> None:
    result = hotline(*HER, HOTLINE_DATABASE_URL=url)
    assert result.exit_code == 0, result.output
    desk, phone = result.output.splitlines()
    assert desk.startswith("desk: 1007 / ")
    assert phone.startswith("phone: agent1007 / ")
    assert agents_in(url) == [("1007", "王芳", ["repair"])]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("agents", "add", "seven", "王芳", "--queue", "repair"), "staff_number: "),
        (("agents", "add", "1007", "", "--queue", "repair"), "name: "),
        (("agents", "add", "1007", "王芳", "--queue", "nowhere"), "queues: "),
        ((*HER, "--database-url", "oracle://db"), "--database-url: must begin with postgresql:// or sqlite:///"),
        ((*HER, "--database-url", "sqlite:////nowhere/hotline.db"), "start the service once"),
    ],
)
def test_what_cannot_be_added_is_refused_by_name(url: str, arguments: tuple[str, ...], told: str) -> None:
    result = hotline(*arguments, HOTLINE_DATABASE_URL=url)
    assert result.exit_code == 2
    assert told in result.output
    assert "Traceback" not in result.output
    assert agents_in(url) == []


def test_a_staff_number_that_is_taken_stays_whose_it_is(url: str) -> None:
    assert hotline(*HER, HOTLINE_DATABASE_URL=url).exit_code == 0
    result = hotline("agents", "add", "1007", "李静", "--queue", "repair", HOTLINE_DATABASE_URL=url)
    assert result.exit_code == 2
    assert "1007" in result.output
    assert [name for _, name, _ in agents_in(url)] == ["王芳"]


def test_a_database_that_no_service_has_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    result = hotline(*HER, HOTLINE_DATABASE_URL=f"sqlite:///{tmp_path / 'empty.db'}")
    assert result.exit_code == 2
    assert "has a service been started with it" in result.output


def test_a_setting_that_is_missing_is_named() -> None:
    result = hotline("serve")
    assert result.exit_code == 2
    assert "HOTLINE_ARI_PASSWORD: Field required" in result.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("flows", "check", "/nowhere"), "queues.yaml: file: must be readable: No such file or directory"),
        (("flows", "draw", "nothing"), "flow: must be one of hotline, survey"),
        (("flows", "draw", "hotline", "--language", "fr"), "language: must be one of zh, en"),
        (("flows", "draw", "hotline", "--output", "/nowhere/x.svg"), "--output: /nowhere/x.svg cannot be written"),
    ],
)
def test_flows_that_cannot_be_checked_or_drawn_are_told_in_words(arguments: tuple[str, ...], told: str) -> None:
    result = hotline(*arguments)
    assert result.exit_code == 2
    assert told in result.output


def test_a_service_whose_flows_have_errors_says_where_and_ends(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "callflows", tmp_path / "callflows")
    flow = tmp_path / "callflows" / "survey.yaml"
    flow.write_text(flow.read_text() + "  lost: { goto: nowhere }\n")
    settings = {
        "HOTLINE_ARI_PASSWORD": "x",
        "HOTLINE_DATABASE_URL": f"sqlite:///{tmp_path / 'hotline.db'}",
        "HOTLINE_CALLFLOWS": str(tmp_path / "callflows"),
    }
    serving = subprocess.run(
        [sys.executable, "-m", "ari_app.cli", "serve"],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert serving.returncode == 2
    (line,) = serving.stdout.splitlines()
    assert "hotline_refused" in line
    assert "survey.yaml:" in line
