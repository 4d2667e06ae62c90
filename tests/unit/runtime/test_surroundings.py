"""Servers and folders of settings: one line where they are missing."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from ari_app.runtime.process import serve
from ari_app.runtime.surroundings import SettingUnusable
from ari_app.settings import Settings
from dev.ports import free_port
from ivr.prompts import Prompts


@pytest.fixture
def settings(tmp_path: Path, redis_url: str) -> Settings:
    """Settings of a service that could start."""
    return Settings(
        ari_password=SecretStr("x"),
        redis_url=redis_url,
        database_url=f"sqlite:///{tmp_path / 'hotline.db'}",
        recordings=tmp_path / "recordings",
        spool=tmp_path / "spool",
        ari_url=f"http://127.0.0.1:{free_port()}/ari",
        ami_port=free_port(),
        http_port=free_port(),
        events_port=free_port(),
    )


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port at which another program listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port()))
        other.listen()
        yield other.getsockname()[1]


async def refusal(settings: Settings, **given: object) -> str:
    """Return why a service does not start."""
    with pytest.raises(SettingUnusable) as refused:
        await serve(settings.model_copy(update=given))
    (line,) = refused.value.lines()
    assert "\n" not in line
    return line


@pytest.mark.parametrize("name", ["callflows", "prompts", "recordings", "spool", "console"])
async def test_folder_that_cannot_be_used_is_named(settings: Settings, name: str) -> None:
    assert (await refusal(settings, **{name: Path("/proc/nowhere")})).startswith(f"HOTLINE_{name.upper()}: ")


async def test_redis_that_is_away_is_named(settings: Settings) -> None:
    line = await refusal(settings, redis_url=f"redis://:secret@127.0.0.1:{free_port()}/0")
    assert line.startswith("HOTLINE_REDIS_URL: redis://:***@127.0.0.1:")


async def test_database_that_is_away_is_named(settings: Settings) -> None:
    line = await refusal(settings, database_url=f"postgresql+psycopg://u:secret@127.0.0.1:{free_port()}/hotline")
    assert line.startswith("HOTLINE_DATABASE_URL: postgresql+psycopg://u:***@127.0.0.1:")
    assert "refused" in line


async def test_database_without_a_folder_is_named(settings: Settings) -> None:
    line = await refusal(settings, database_url="sqlite:////proc/nowhere/hotline.db")
    assert line.startswith("HOTLINE_DATABASE_URL: sqlite:////proc/nowhere/hotline.db cannot be used: ")


async def test_file_that_is_no_database_is_named(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "hotline.db").write_text("something else " * 100)
    assert (await refusal(settings)).endswith("hotline.db cannot be used: file is not a database")


@pytest.mark.parametrize("name", ["http_port", "events_port"])
async def test_port_of_another_program_is_named(settings: Settings, taken_port: int, name: str) -> None:
    line = await refusal(settings, **{name: taken_port})
    assert line.startswith(f"HOTLINE_{name.upper()}: the service cannot listen at 127.0.0.1:{taken_port}: ")


async def test_taken_port_is_named_before_prompts_are_made(
    settings: Settings, taken_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Prompts, "prepare", lambda _prompts: pytest.fail("prompts were made first"))
    line = await refusal(settings, http_port=taken_port)
    assert line.startswith("HOTLINE_HTTP_PORT: the service cannot listen")
