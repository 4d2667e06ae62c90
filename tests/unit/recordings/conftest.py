"""A recording service on an empty folder, and its users."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from foundation.database import Database
from foundation.routes import Principal, Role
from recordings.model import RecordingKind, RecordingWarning, Segment
from recordings.service import RecordingService
from tests.unit.recordings.audio import tone, write_wav

CALLER_HERTZ = 440.0
AGENT_HERTZ = 1000.0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture
def warnings() -> list[RecordingWarning]:
    return []


@pytest.fixture
async def service(database: Database, root: Path, warnings: list[RecordingWarning]) -> AsyncIterator[RecordingService]:
    """On both kinds of database."""
    opened = RecordingService(database, root, on_warning=warnings.append, minimum_free_bytes=1)
    yield opened
    await opened.aclose()


@pytest.fixture
async def small_service(
    sqlite_database: Database, root: Path, warnings: list[RecordingWarning]
) -> AsyncIterator[RecordingService]:
    """On SQLite alone: for what has nothing to do with the database."""
    opened = RecordingService(sqlite_database, root, on_warning=warnings.append, minimum_free_bytes=1)
    yield opened
    await opened.aclose()


def person(role: Role, staff_id: str = "staff-1") -> Principal:
    return Principal(staff_id=staff_id, staff_number="1001", name="Li", role=role)


def speak(segment: Segment, seconds: float = 1.0) -> None:
    """Write the files of Asterisk: one tone for each side."""
    write_wav(segment.caller_path, tone(CALLER_HERTZ, seconds))
    if segment.agent_path is not None:
        write_wav(segment.agent_path, tone(AGENT_HERTZ, seconds))


async def sealed_conversation(
    service: RecordingService, call_id: str = "call-1", agent_id: str = "staff-1", seconds: float = 1.0
) -> str:
    """The id of a sealed conversation."""
    segment = await service.begin(call_id, RecordingKind.CONVERSATION, agent_id=agent_id)
    speak(segment, seconds)
    await service.seal(segment.id)
    return segment.id
