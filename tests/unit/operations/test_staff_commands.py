"""`hotline staff`, as an operator types it, on databases of either kind."""

import asyncio
import re
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from typer.testing import CliRunner, Result

from ari_app.cli import app
from ari_app.runtime import schema
from ari_app.runtime.node_lease import KEY, Holder
from ari_app.runtime.staff_changes import CHANNEL, StaffMessage
from crm.staff.model import StaffView
from crm.staff.service import StaffService
from dev.ports import free_port
from foundation.database import Database
from foundation.routes import Principal, Role

AGENT = ("staff", "add", "1007", "王芳", "--role", "agent", "--queue", "repair")
ADMINISTRATOR = ("staff", "add", "9001", "陈静", "--role", "administrator")


@pytest.fixture
def environment(database_url: str, redis_url: str) -> dict[str, str]:
    """Settings of a service with an upgraded database."""
    schema.upgrade(database_url)
    return {
        "HOTLINE_ARI_PASSWORD": "secret",
        "HOTLINE_DATABASE_URL": database_url,
        "HOTLINE_REDIS_URL": redis_url,
    }


def hotline(environment: dict[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env=environment)


def accounts(environment: dict[str, str]) -> list[StaffView]:
    async def found() -> list[StaffView]:
        database = Database(environment["HOTLINE_DATABASE_URL"])
        try:
            return await StaffService(database, ()).all()
        finally:
            await database.aclose()

    return asyncio.run(found())


def signed_in(environment: dict[str, str], staff_number: str, password: str) -> Principal | None:
    async def found() -> Principal | None:
        database = Database(environment["HOTLINE_DATABASE_URL"])
        try:
            return await StaffService(database, ()).authenticate(staff_number, password)
        finally:
            await database.aclose()

    return asyncio.run(found())


def password_in(result: Result) -> str:
    assert result.exit_code == 0, result.output
    match = re.search(r"^desk: \d+ / (\S+) \(one-time", result.output, re.MULTILINE)
    assert match is not None, result.output
    return match[1]


def run_a_service(environment: dict[str, str], database: str | None = None) -> "Redis":
    redis = Redis.from_url(environment["HOTLINE_REDIS_URL"])
    holder = Holder.of_this_process(database or environment["HOTLINE_DATABASE_URL"])
    redis.set(f"{KEY}node-1", msgspec.json.encode(holder))
    return redis


def test_first_administrator_gets_a_one_time_password(environment: dict[str, str]) -> None:
    result = hotline(environment, *ADMINISTRATOR)
    principal = signed_in(environment, "9001", password_in(result))
    assert principal is not None
    assert (principal.role, principal.password_one_time) == (Role.ADMINISTRATOR, True)
    assert "database: " in result.output
    assert "no service runs" in result.output


def test_agent_gets_a_phone_as_well(environment: dict[str, str]) -> None:
    result = hotline(environment, *AGENT)
    password_in(result)
    assert re.search(r"^phone: agent1007 / \S{20,}$", result.output, re.MULTILINE)
    (agent,) = accounts(environment)
    assert (agent.staff_number, agent.name, agent.queues) == ("1007", "王芳", ["repair"])


def test_lost_password_is_replaced(environment: dict[str, str]) -> None:
    first = password_in(hotline(environment, *ADMINISTRATOR))
    second = password_in(hotline(environment, "staff", "password", "9001"))
    assert signed_in(environment, "9001", first) is None
    assert signed_in(environment, "9001", second) is not None
    listed = hotline(environment, "staff", "list").output
    assert "9001" in listed
    assert "陈静" in listed


def test_running_service_hears_of_the_account(environment: dict[str, str]) -> None:
    redis = run_a_service(environment)
    listener = cast("Any", redis).pubsub(ignore_subscribe_messages=True)
    listener.subscribe(CHANNEL)
    assert listener.get_message(timeout=5) is None  # the subscription itself

    def heard() -> StaffMessage:
        message = listener.get_message(timeout=5)
        assert message is not None
        return msgspec.json.decode(message["data"], type=StaffMessage)

    result = hotline(environment, *AGENT)
    assert "the running service takes the account over at once" in result.output
    (agent,) = accounts(environment)
    assert heard() == StaffMessage(agent.id, ends_sessions=False)
    hotline(environment, "staff", "phone", "1007")
    assert heard() == StaffMessage(agent.id, ends_sessions=False)
    hotline(environment, "staff", "password", "1007")
    assert heard() == StaffMessage(agent.id, ends_sessions=True)
    listener.close()
    redis.close()


def test_service_that_does_not_listen_is_reported(environment: dict[str, str]) -> None:
    run_a_service(environment).close()
    result = hotline(environment, *AGENT)
    password_in(result)
    assert "the service does not listen at the moment" in result.output


def test_redis_out_of_reach_is_not_reported_as_no_service(environment: dict[str, str]) -> None:
    result = hotline({**environment, "HOTLINE_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}, *AGENT)
    assert signed_in(environment, "1007", password_in(result)) is not None
    assert "could not be reached: it takes the account over when Redis is back" in result.output
    assert "no service runs" not in result.output


def test_password_is_printed_although_the_message_is_not_sent(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*_: object) -> int:
        raise RedisConnectionError("connection lost")

    run_a_service(environment).close()
    monkeypatch.setattr(Redis, "publish", lose)
    result = hotline(environment, *AGENT)
    assert signed_in(environment, "1007", password_in(result)) is not None
    assert re.search(r"^phone: agent1007 / \S{20,}$", result.output, re.MULTILINE)
    assert "could not be reached" in result.output


def test_database_that_the_running_service_does_not_use_is_refused(environment: dict[str, str]) -> None:
    run_a_service(environment, "postgresql+psycopg://hotline:***@db/hotline").close()
    result = hotline(environment, *AGENT)
    assert result.exit_code == 2
    assert "another database: postgresql+psycopg://hotline:***@db/hotline" in result.output
    assert accounts(environment) == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("staff", "add", "seven", "王芳", "--role", "agent"), "staff_number: "),
        (("staff", "add", "1007", "", "--role", "agent"), "name: "),
        (("staff", "add", "1007", "王芳", "--role", "agent", "--queue", "nowhere"), "queues: "),
        (("staff", "add", "2007", "王芳", "--role", "department"), "department_id: "),
        (("staff", "add", "2007", "王芳", "--role", "department", "--department", "none"), "department_id: "),
        (("staff", "add", "1007", "王芳", "--role", "chief"), "'chief' is not one of"),
        (("staff", "password", "1007"), "no account has the staff number 1007"),
    ],
)
def test_wrong_input_is_refused_by_field(
    environment: dict[str, str], arguments: tuple[str, ...], expected: str
) -> None:
    result = hotline(environment, *arguments)
    assert result.exit_code == 2
    assert expected in result.output
    assert "Traceback" not in result.output
    assert accounts(environment) == []


def test_taken_staff_number_stays_with_its_account(environment: dict[str, str]) -> None:
    assert hotline(environment, *AGENT).exit_code == 0
    result = hotline(environment, "staff", "add", "1007", "李静", "--role", "agent", "--queue", "repair")
    assert result.exit_code == 2
    assert "1007" in result.output
    assert [one.name for one in accounts(environment)] == ["王芳"]


def test_database_that_no_service_has_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    environment = {"HOTLINE_ARI_PASSWORD": "x", "HOTLINE_REDIS_URL": "redis://127.0.0.1:1/0"}
    result = hotline({**environment, "HOTLINE_DATABASE_URL": f"sqlite:///{tmp_path / 'empty.db'}"}, *AGENT)
    assert result.exit_code == 2
    assert "has a service been started with it" in result.output
    result = hotline({**environment, "HOTLINE_DATABASE_URL": f"sqlite:///{tmp_path / 'none.db'}"}, *AGENT)
    assert "start the service once" in result.output
    result = hotline({**environment, "HOTLINE_DATABASE_URL": "oracle://db"}, *AGENT)
    assert "HOTLINE_DATABASE_URL: " in result.output
    assert result.exit_code == 2


def test_phone_gets_a_new_secret(environment: dict[str, str]) -> None:
    first = re.search(r"^phone: .*$", hotline(environment, *AGENT).output, re.MULTILINE)
    result = hotline(environment, "staff", "phone", "1007")
    second = re.search(r"^phone: agent1007 / \S{20,}$", result.output, re.MULTILINE)
    assert first is not None
    assert second is not None
    assert first[0] != second[0]
    password_in(hotline(environment, *ADMINISTRATOR))
    refused = hotline(environment, "staff", "phone", "9001")
    assert refused.exit_code == 2
    assert "9001 is not an active agent" in refused.output
