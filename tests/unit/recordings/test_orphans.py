"""Audit after a crash: all recordings are found, none is invented."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from foundation.database import Database
from foundation.ids import new_id
from foundation.routes import Role
from recordings.model import RecordingKind, RecordingStatus, RecordingWarning, WarningKind
from recordings.service import RecordingService
from tests.unit.recordings.audio import tone, write_interrupted, write_wav
from tests.unit.recordings.conftest import person, sealed_conversation, speak


async def test_recording_of_a_killed_asterisk_is_sealed_as_partial(service: RecordingService) -> None:
    segment = await service.begin("call-1", RecordingKind.CONVERSATION)
    assert segment.agent_path is not None
    write_interrupted(segment.caller_path, tone(440, 2))
    write_interrupted(segment.agent_path, tone(1000, 1.9))
    assert (await service.audit_orphans(grace_s=0)).partial == [segment.id]
    healed = await service.get(segment.id)
    assert (healed.status, healed.duration_ms) == (RecordingStatus.PARTIAL, 2000)
    assert healed.sha256 is not None
    assert (await service.audit_orphans(grace_s=0)).clean


async def test_recording_of_a_killed_service_is_sealed_whole(service: RecordingService) -> None:
    segment = await service.begin("call-1", RecordingKind.CONVERSATION)
    speak(segment)
    assert (await service.audit_orphans(grace_s=0)).sealed == [segment.id]
    healed = await service.get(segment.id)
    assert healed.ended_at is not None
    assert (healed.ended_at - healed.started_at).total_seconds() == 1.0


async def test_a_young_segment_is_left_alone(service: RecordingService) -> None:
    spoken = await service.begin("call-1", RecordingKind.CONVERSATION)
    speak(spoken)
    await service.begin("call-1", RecordingKind.CONVERSATION)
    report = await service.audit_orphans()
    assert (report.still_recording, report.clean) == ([spoken.id], True)


async def test_entries_without_files_are_missing(service: RecordingService) -> None:
    never_written = await service.begin("call-1", RecordingKind.CONVERSATION)
    deleted = await sealed_conversation(service)
    service.storage.path_of(next(service.storage.sealed_names())).unlink()
    report = await service.audit_orphans(grace_s=0)
    assert sorted(report.missing) == sorted([never_written.id, deleted])
    assert {entry.status for entry in await service.of_call("call-1")} == {RecordingStatus.MISSING}
    verification = await service.access.verify(deleted, person(Role.QUALITY))
    assert (verification.ok, verification.found_sha256) == (False, None)


async def test_files_without_entry_are_named_and_kept(service: RecordingService, root: Path) -> None:
    await sealed_conversation(service)
    foreign = [
        f"spool/{new_id('rec')}-caller.wav",
        "spool/stray.wav",
        f"2026/01/01/{new_id('rec')}.wav",
        "2026/notes.txt",
    ]
    for name in foreign:
        write_wav(root / name, tone(440, 1))
    report = await service.audit_orphans(grace_s=0)
    assert sorted(report.unknown_files) == sorted(foreign)
    assert all((root / name).exists() for name in foreign)


async def test_a_crash_between_storing_and_tidying_leaves_no_spool_files(service: RecordingService, root: Path) -> None:
    recording_id = await sealed_conversation(service)
    before = await service.get(recording_id)
    write_wav(root / "spool" / f"{recording_id}-caller.wav", tone(300, 1))
    (root / "2026").mkdir(exist_ok=True)
    half = root / "2026" / "x.wav.1-1.part"
    half.write_bytes(b"half")
    await service.audit_orphans(grace_s=-1)
    assert list((root / "spool").iterdir()) == []
    assert not half.exists()
    assert await service.get(recording_id) == before


async def test_a_recording_begun_without_database_is_adopted(
    database: Database, root: Path, warnings: list[RecordingWarning], tmp_path: Path
) -> None:
    away = RecordingService(
        Database(f"sqlite:///{tmp_path / 'nowhere' / 'x.db'}"),
        root,
        on_warning=warnings.append,
        minimum_free_bytes=1,
    )
    segment = await away.begin("call-1", RecordingKind.CONVERSATION, customer_id="cust-1")
    assert segment.failed is None
    speak(segment)
    assert await away.seal(segment.id) is None
    assert [warning.kind for warning in warnings] == [WarningKind.DATABASE] * 2
    await away.aclose()
    await away.database.aclose()

    service = RecordingService(database, root, minimum_free_bytes=1)
    report = await service.audit_orphans(grace_s=0)
    assert (report.adopted, report.sealed) == ([segment.id], [segment.id])
    adopted = await service.get(segment.id)
    assert (adopted.call_id, adopted.customer_id, adopted.segment) == ("call-1", "cust-1", 1)
    assert list((root / "spool").iterdir()) == []
    await service.aclose()


async def test_a_broken_side_is_reported_and_kept(service: RecordingService) -> None:
    segment = await service.begin("call-1", RecordingKind.CONVERSATION)
    speak(segment)
    segment.caller_path.write_bytes(b"<html>" * 100)
    assert (await service.audit_orphans(grace_s=0)).failed == [segment.id]
    assert segment.caller_path.exists()
    assert "not a WAV file" in (await service.get(segment.id)).note


@pytest.mark.parametrize("sealed_first", [False, True])
async def test_two_nodes_may_audit_at_once(database: Database, root: Path, sealed_first: bool) -> None:
    nodes = [RecordingService(database, root, minimum_free_bytes=1) for _ in range(2)]
    segment = await nodes[0].begin("call-1", RecordingKind.CONVERSATION)
    speak(segment)
    if sealed_first:
        await nodes[0].seal(segment.id)
    await asyncio.gather(*(node.audit_orphans(grace_s=0) for node in nodes))
    assert (await nodes[0].access.verify(segment.id, person(Role.QUALITY))).ok
    assert (await nodes[1].get(segment.id)).status is RecordingStatus.SEALED
    for node in nodes:
        await node.aclose()


async def test_short_call_whose_process_died_at_once_is_sealed_by_the_next_look(service: RecordingService) -> None:
    segment = await service.begin("call-1", RecordingKind.CONVERSATION)
    speak(segment)
    assert (await service.audit_orphans(grace_s=60)).still_recording == [segment.id]

    assert (await service.audit_spool(grace_s=0)).sealed == [segment.id]

    assert (await service.get(segment.id)).status is RecordingStatus.SEALED


async def test_the_entry_of_a_call_that_goes_on_is_left_alone(service: RecordingService) -> None:
    """Its agent's phone still rings: there is no file to miss."""
    segment = await service.begin("call-1", RecordingKind.CONVERSATION, customer_id=None)

    report = await service.audit_orphans(grace_s=-1, in_use=frozenset({segment.id}))

    assert report.clean
    assert (await service.get(segment.id)).status is RecordingStatus.RECORDING
    assert (await service.audit_orphans(grace_s=-1)).missing == [segment.id]


async def sealed(service: RecordingService, root: Path, call_id: str) -> str:
    """Return a sealed recording; its file is lost then."""
    recording_id = await sealed_conversation(service, call_id)
    (root / service.storage.sealed_name(recording_id, (await service.get(recording_id)).started_at)).unlink()
    return recording_id


@pytest.mark.parametrize(
    ("column", "value"),
    [("file", ""), ("file", "../../etc/passwd"), ("file", "x" * 300), ("kind", "video"), ("note", None)],
)
async def test_one_bad_entry_does_not_stop_the_audit(
    service: RecordingService, root: Path, column: str, value: str | None
) -> None:
    first, bad, last = [await sealed(service, root, f"call-{number}") for number in range(3)]
    if value is not None:
        await spoil(service.database, bad, column, value)

    report = await service.audit_orphans(grace_s=0)

    assert {first, last} <= {*report.missing}
    assert not report.clean
    assert {bad} <= {*report.missing, *report.unreadable}
    again = await service.audit_orphans(grace_s=0)
    assert again.missing == [], "an entry whose file is missing is marked once"


async def test_one_bad_entry_with_files_in_the_spool_does_not_stop_the_audit(
    service: RecordingService, root: Path
) -> None:
    segments = [await service.begin(f"call-{number}", RecordingKind.CONVERSATION) for number in range(3)]
    for segment in segments:
        speak(segment)
    first, bad, last = (segment.id for segment in segments)
    await spoil(service.database, bad, "kind", "video")

    report = await service.audit_orphans(grace_s=0)

    assert sorted(report.sealed) == [first, last]
    assert report.unreadable == [bad]


async def test_file_that_cannot_be_deleted_does_not_stop_the_audit(service: RecordingService, root: Path) -> None:
    (root / "2026" / "a.wav.1.part" / "full").mkdir(parents=True)
    segment = await service.begin("call-1", RecordingKind.CONVERSATION)
    speak(segment)
    assert (await service.audit_orphans(grace_s=0)).sealed == [segment.id]


async def spoil(database: Database, recording_id: str, column: str, value: str) -> None:
    """Store a value that no program of ours would store."""
    statement = text(f"UPDATE recording SET {column} = :value WHERE id = :id")  # noqa: S608 - columns of this test
    await database.change(lambda connection: connection.execute(statement, {"value": value, "id": recording_id}))
