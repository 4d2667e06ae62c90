"""Entries and files together, on both kinds of database."""

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

import recordings.service
from crm.tickets.service import TicketService
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.routes import Role
from recordings import sealing
from recordings.errors import RecordingAltered, RecordingNotFound, RecordingUnavailable
from recordings.model import AuditAction, RecordingKind, RecordingStatus, RecordingWarning, WarningKind
from recordings.service import RecordingService
from recordings.storage import IDENTITY, Storage
from tests.unit.crm.conftest import AGENT, furnish
from tests.unit.recordings.audio import read_wav, strength
from tests.unit.recordings.conftest import AGENT_HERTZ, CALLER_HERTZ, person, sealed_conversation, speak
from tests.unit.recordings.disk import enlarge, small_disk

QUALITY = person(Role.QUALITY, "staff-quality")


async def test_the_entry_exists_before_any_file(service: RecordingService, root: Path) -> None:
    segment = await service.begin("call-1", RecordingKind.CONVERSATION, customer_id="cust-1", agent_id="staff-1")
    entry = await service.get(segment.id)
    assert (entry.status, entry.segment, entry.channels) == (RecordingStatus.RECORDING, 1, 2)
    assert (entry.customer_id, entry.agent_id, entry.sha256) == ("cust-1", "staff-1", None)
    assert segment.failed is None
    assert segment.caller_path == root / "spool" / f"{segment.id}-caller.wav"
    assert segment.agent_path == root / "spool" / f"{segment.id}-agent.wav"
    assert not segment.caller_path.exists()


async def test_sealing_makes_one_file_and_an_entry_that_proves_it(service: RecordingService, root: Path) -> None:
    segment = await service.begin("call-1", RecordingKind.CONVERSATION)
    speak(segment)
    sealed = await service.seal(segment.id)
    assert sealed is not None
    assert (sealed.status, sealed.duration_ms, sealed.note) == (RecordingStatus.SEALED, 1000, "")
    path = await service.access.open_file(segment.id, QUALITY)
    assert path == root / f"{sealed.started_at:%Y/%m/%d}" / f"{segment.id}.wav"
    left, right = read_wav(path).T
    assert strength(left, CALLER_HERTZ) > 0.49
    assert strength(right, AGENT_HERTZ) > 0.49
    assert list((root / "spool").iterdir()) == []
    assert (await service.audit_orphans(grace_s=0)).clean


async def test_sealing_twice_and_at_once_changes_nothing(service: RecordingService) -> None:
    segment = await service.begin("call-1", RecordingKind.CONVERSATION)
    speak(segment)
    await asyncio.gather(*(service.seal(segment.id) for _ in range(5)))
    first = await service.get(segment.id)
    assert first.status is RecordingStatus.SEALED
    assert await service.seal(segment.id) == first


async def test_segments_of_a_call_are_numbered_even_when_they_begin_at_once(service: RecordingService) -> None:
    await asyncio.gather(*(service.begin("call-1", RecordingKind.CONVERSATION) for _ in range(5)))
    await service.begin("call-2", RecordingKind.SURVEY)
    assert [entry.segment for entry in await service.of_call("call-1")] == [1, 2, 3, 4, 5]
    assert [(entry.segment, entry.channels) for entry in await service.of_call("call-2")] == [(1, 1)]


async def test_a_spoken_suggestion_is_one_channel(service: RecordingService) -> None:
    segment = await service.begin("call-1", RecordingKind.SUGGESTION)
    assert (segment.agent_path, segment.ari_name) == (None, f"{segment.id}-caller")
    speak(segment)
    sealed = await service.seal(segment.id)
    assert sealed is not None
    assert (sealed.status, sealed.channels) == (RecordingStatus.SEALED, 1)


async def test_recordings_are_linked_when_the_ticket_is_known(service: RecordingService) -> None:
    first, second = [await sealed_conversation(service) for _ in range(2)]
    await sealed_conversation(service, "call-2")
    await service.link("call-1", customer_id="cust-1")
    await service.link("call-1", ticket_id="tic-1")
    assert [(entry.id, entry.customer_id) for entry in await service.of_ticket("tic-1")] == [
        (first, "cust-1"),
        (second, "cust-1"),
    ]


async def test_a_call_that_was_longer_than_its_recording_is_partial(service: RecordingService) -> None:
    segment = await service.begin("call-1", RecordingKind.CONVERSATION)
    speak(segment, seconds=3)
    now = utc_now()
    sealed = await service.seal(segment.id, started_at=now, ended_at=now + timedelta(seconds=60))
    assert sealed is not None
    assert sealed.status is RecordingStatus.PARTIAL
    assert sealed.note == "57.0 s shorter than the conversation"
    assert sealed.started_at == now


async def test_segment_without_file_is_missing_and_with_an_empty_file_failed(
    service: RecordingService, warnings: list[RecordingWarning], root: Path
) -> None:
    absent = await service.begin("call-1", RecordingKind.CONVERSATION)
    empty = await service.begin("call-1", RecordingKind.CONVERSATION)
    empty.caller_path.write_bytes(b"")
    assert [(await service.seal(segment.id)).status for segment in (absent, empty)] == [  # type: ignore[union-attr]
        RecordingStatus.MISSING,
        RecordingStatus.FAILED,
    ]
    assert [warning.kind for warning in warnings] == [WarningKind.INCOMPLETE] * 2
    assert list((root / "spool").iterdir()) == []
    for segment in (absent, empty):
        with pytest.raises(RecordingUnavailable):
            await service.access.open_file(segment.id, QUALITY)


async def test_a_refused_recording_says_why(service: RecordingService) -> None:
    segment = await service.begin("call-1", RecordingKind.CONVERSATION)
    await service.fail(segment.id, "Asterisk refused MixMonitor")
    entry = await service.get(segment.id)
    assert (entry.status, entry.note) == (RecordingStatus.FAILED, "Asterisk refused MixMonitor")


async def test_a_file_still_open_is_left_alone(service: RecordingService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recordings.sealing.CLOSING_SECONDS", 0.1)
    segment = await service.begin("call-1", RecordingKind.CONVERSATION)
    speak(segment)
    with segment.caller_path.open("ab"):
        assert (await service.audit_orphans(grace_s=0)).still_recording == [segment.id]
        assert (await service.get(segment.id)).status is RecordingStatus.RECORDING
    assert (await service.audit_orphans(grace_s=0)).sealed == [segment.id]


async def test_every_use_leaves_an_audit_entry(service: RecordingService) -> None:
    recording_id = await sealed_conversation(service)
    await service.access.open_file(recording_id, QUALITY)
    await service.access.open_file(recording_id, QUALITY, action=AuditAction.DOWNLOAD)
    assert (await service.access.verify(recording_id, QUALITY)).ok
    entries = await service.access.audit_entries(recording_id)
    assert [(entry.action, entry.staff_id, entry.detail) for entry in entries] == [
        (AuditAction.LISTEN, "staff-quality", ""),
        (AuditAction.DOWNLOAD, "staff-quality", ""),
        (AuditAction.VERIFY, "staff-quality", "unchanged"),
    ]
    assert entries[0].at.tzinfo is UTC


@pytest.mark.parametrize("listened_before", [False, True])
async def test_tampering_is_detected_when_opened_and_when_verified(
    service: RecordingService, warnings: list[RecordingWarning], listened_before: bool
) -> None:
    recording_id = await sealed_conversation(service)
    path = service.storage.path_of(next(service.storage.sealed_names()))
    if listened_before:
        await service.access.open_file(recording_id, QUALITY)
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(RecordingAltered):
        await service.access.open_file(recording_id, QUALITY)
    verification = await service.access.verify(recording_id, QUALITY)
    assert not verification.ok
    assert verification.found_sha256 != verification.expected_sha256
    assert {warning.kind for warning in warnings} == {WarningKind.ALTERED}


async def test_swapped_files_are_detected(service: RecordingService) -> None:
    first, second = [await sealed_conversation(service, seconds=seconds) for seconds in (1, 2)]
    one, other = [service.storage.path_of(name) for name in service.storage.sealed_names()]
    one.rename(one.with_suffix(".tmp"))
    other.rename(one)
    one.with_suffix(".tmp").rename(other)
    assert [(await service.access.verify(recording_id, QUALITY)).ok for recording_id in (first, second)] == [
        False,
        False,
    ]


async def test_a_link_in_place_of_the_file_is_not_served(service: RecordingService, tmp_path: Path) -> None:
    recording_id = await sealed_conversation(service)
    path = service.storage.path_of(next(service.storage.sealed_names()))
    path.rename(tmp_path / "elsewhere.wav")
    path.symlink_to(tmp_path / "elsewhere.wav")
    with pytest.raises(RecordingUnavailable):
        await service.access.open_file(recording_id, QUALITY)


@pytest.mark.parametrize(
    "hostile",
    [
        "../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%252e%252e",
        "..\\..\\boot.ini",
        "/etc/passwd",
        "rec-\x00",
        "$(id)",
        ";id",
        "-rf",
        "",
        "rec-01jd000000000000000000000\n",
        "a" * 300,
        "rec-01m82x0st18re3fe5jr2fjppt4/../x",
        "rec-01m82x0st18re3fe5jr2fjppt4\n",
        "call-01m82x0st18re3fe5jr2fjppt4",
    ],
)
async def test_foreign_id_is_not_found(small_service: RecordingService, hostile: str) -> None:
    for asked in (
        small_service.get(hostile),
        small_service.access.open_file(hostile, QUALITY),
        small_service.access.peaks(hostile, QUALITY),
        small_service.access.verify(hostile, QUALITY),
        small_service.seal(hostile),
    ):
        with pytest.raises(RecordingNotFound):
            await asked


@pytest.mark.parametrize("name", ["../outside.wav", "/etc/passwd", "2026/../../outside.wav"])
def test_a_stored_name_cannot_lead_outside(small_service: RecordingService, name: str) -> None:
    with pytest.raises(RecordingNotFound):
        small_service.storage.path_of(name)


def test_a_linked_folder_cannot_lead_outside(small_service: RecordingService, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    root.mkdir(exist_ok=True)
    (root / "2026").symlink_to(tmp_path / "outside")
    with pytest.raises(RecordingNotFound):
        small_service.storage.path_of("2026/x.wav")


async def test_the_event_loop_goes_on_while_a_long_call_is_sealed(small_service: RecordingService) -> None:
    segment = await small_service.begin("call-1", RecordingKind.CONVERSATION)
    speak(segment, seconds=600)
    small_service.seal_in_background(segment.id, ended_at=utc_now() + timedelta(minutes=10))
    turns = 0
    while (await small_service.get(segment.id)).status is RecordingStatus.RECORDING:
        await asyncio.sleep(0)
        turns += 1
    # One look of the first turn, and one after the end, would be all if sealing held the loop.
    assert turns > 3
    assert (await small_service.get(segment.id)).duration_ms == 600_000


async def test_closing_waits_for_sealing(sqlite_database: Database, root: Path) -> None:
    service = RecordingService(sqlite_database, root, minimum_free_bytes=1)
    segment = await service.begin("call-1", RecordingKind.CONVERSATION)
    speak(segment)
    service.seal_in_background(segment.id)
    await service.aclose()
    assert (await service.get(segment.id)).status is RecordingStatus.SEALED


@pytest.fixture
def four_megabytes(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "4m"):
        yield tmp_path / "disk"


async def test_a_full_disk_fails_the_recording_and_not_the_call(
    database: Database, four_megabytes: Path, warnings: list[RecordingWarning]
) -> None:
    service = RecordingService(database, four_megabytes, on_warning=warnings.append, minimum_free_bytes=1_000_000)
    ballast = four_megabytes / "ballast"
    ballast.write_bytes(b"\0" * 3_500_000)
    refused = await service.begin("call-1", RecordingKind.CONVERSATION)
    assert refused.failed is not None
    assert (await service.get(refused.id)).status is RecordingStatus.FAILED
    assert [warning.kind for warning in warnings] == [WarningKind.STORAGE]
    assert (await service.seal(refused.id)).status is RecordingStatus.FAILED  # type: ignore[union-attr]

    ballast.unlink()
    recorded = await service.begin("call-1", RecordingKind.CONVERSATION)
    assert recorded.failed is None
    speak(recorded)
    assert (await service.seal(recorded.id)).status is RecordingStatus.SEALED  # type: ignore[union-attr]
    await service.aclose()


async def test_a_storage_that_took_something_is_not_tried_again_for_each_call(
    small_service: RecordingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []
    check = small_service.storage.check

    def counted() -> None:
        tried.append(1)
        check()

    monkeypatch.setattr(small_service.storage, "check", counted)
    monkeypatch.setattr(recordings.service, "WRITABLE_SECONDS", 3600.0)
    await small_service.begin("call-1", RecordingKind.SURVEY)
    await small_service.begin("call-2", RecordingKind.SURVEY)
    assert len(tried) == 1

    monkeypatch.setattr(recordings.service, "WRITABLE_SECONDS", 0.0)
    small_service._writable_until_s = 0.0
    await small_service.begin("call-3", RecordingKind.SURVEY)
    await small_service.begin("call-4", RecordingKind.SURVEY)
    assert len(tried) == 3


async def test_a_disk_that_fills_during_the_call_keeps_what_there_is(
    database: Database, four_megabytes: Path, warnings: list[RecordingWarning]
) -> None:
    service = RecordingService(database, four_megabytes, on_warning=warnings.append, minimum_free_bytes=1)
    segment = await service.begin("call-1", RecordingKind.CONVERSATION)
    speak(segment, seconds=100)  # 3.2 MB: the joined file does not fit beside them
    failed = await service.seal(segment.id, ended_at=utc_now() + timedelta(seconds=100))
    assert failed is not None
    assert failed.status is RecordingStatus.FAILED
    assert "No space left" in failed.note
    assert warnings[-1].kind is WarningKind.STORAGE
    assert segment.caller_path.exists()
    assert list(service.storage.sealed_names()) == []

    enlarge(four_megabytes, "12m")
    assert (await service.audit_orphans(grace_s=0)).sealed == [segment.id]
    healed = await service.get(segment.id)
    assert (healed.status, healed.note, healed.duration_ms) == (RecordingStatus.SEALED, "", 100_000)
    await service.aclose()


async def test_an_unwritable_place_is_noticed(sqlite_database: Database, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    service = RecordingService(sqlite_database, tmp_path / "file" / "recordings", minimum_free_bytes=1)
    segment = await service.begin("call-1", RecordingKind.CONVERSATION)
    assert segment.failed == "recordings cannot be written: Not a directory"
    await service.aclose()


def test_the_day_is_the_utc_day(small_service: RecordingService) -> None:
    name = small_service.storage.sealed_name(new_id("rec"), datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
    assert name.startswith("2026/12/31/rec-")


async def test_length_of_unsealed_audio_is_known_by_its_file(small_service: RecordingService) -> None:
    segment = await small_service.begin("call-1", RecordingKind.MESSAGE)
    assert await small_service.unsealed_s(segment.id) == 0.0

    speak(segment, 2.5)

    assert await small_service.unsealed_s(segment.id) == pytest.approx(2.5)
    await small_service.seal(segment.id)
    assert await small_service.unsealed_s(segment.id) == 0.0


async def test_recording_that_goes_on_is_not_failed_by_a_storage_that_does_not_answer(
    service: RecordingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next process finds a slow disk: the audio is there."""
    segment = await service.begin("call-1", RecordingKind.CONVERSATION)
    monkeypatch.setattr(recordings.service, "STORAGE_SECONDS", 0.0)
    service._writable_until_s = 0.0

    again = await service.begin("call-1", RecordingKind.CONVERSATION, segment_id=segment.id)

    assert (again.failed, again.begun_before) == (None, True)
    assert (await service.get(segment.id)).status is RecordingStatus.RECORDING


async def test_failed_recording_that_is_begun_again_says_so(service: RecordingService) -> None:
    segment = await service.begin("call-1", RecordingKind.CONVERSATION)
    await service.fail(segment.id, "Asterisk refused")
    assert (
        await service.begin("call-1", RecordingKind.CONVERSATION, segment_id=segment.id)
    ).failed == "Asterisk refused"


async def test_unforeseen_error_while_sealing_fails_the_recording_until_the_next_audit(
    small_service: RecordingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = await small_service.begin("call-1", RecordingKind.CONVERSATION)
    speak(segment)
    with monkeypatch.context() as broken:
        broken.setattr(sealing, "seal", lambda *_: 1 // 0)
        small_service.seal_in_background(segment.id)
        await until_settled(small_service)
    failed = await small_service.get(segment.id)
    assert (failed.status, failed.note) == (
        RecordingStatus.FAILED,
        "could not be sealed (ZeroDivisionError); the sides are kept",
    )

    assert (await small_service.audit_orphans(grace_s=0)).sealed == [segment.id]


async def test_result_is_stored_after_errors_that_were_not_foreseen(
    small_service: RecordingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = await small_service.begin("call-1", RecordingKind.CONVERSATION)
    speak(segment)
    seal, tried = small_service._sealer.seal, []

    async def once_broken(*given: Any) -> Any:
        tried.append(given)
        return await seal(*given) if len(tried) > 1 else tried[1]

    monkeypatch.setattr(recordings.service, "SETTLE_AGAIN_S", 0.0)
    monkeypatch.setattr(small_service._sealer, "seal", once_broken)
    with capture_logs() as logs:
        small_service.seal_in_background(segment.id)
        await until_settled(small_service)

    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["recording_not_settled"]
    assert (await small_service.get(segment.id)).status is RecordingStatus.SEALED


async def test_failure_is_stored_when_the_database_is_back(
    small_service: RecordingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = await small_service.begin("call-1", RecordingKind.CONVERSATION)
    monkeypatch.setattr(recordings.service, "SETTLE_AGAIN_S", 0.0)
    with monkeypatch.context() as away:
        away.setattr(small_service.database, "look_up", unreachable)
        await small_service.fail(segment.id, "Asterisk refused")
    await until_settled(small_service)

    failed = await small_service.get(segment.id)
    assert (failed.status, failed.note) == (RecordingStatus.FAILED, "Asterisk refused")


async def test_recording_that_neither_database_nor_storage_takes_is_failed_when_the_database_is_back(
    small_service: RecordingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings.service, "SETTLE_AGAIN_S", 0.0)
    with monkeypatch.context() as away:
        away.setattr(small_service.database, "change", unreachable)
        away.setattr(sealing, "write_whole", unwritable)
        segment = await small_service.begin("call-1", RecordingKind.CONVERSATION)
    assert segment.failed is not None
    await until_settled(small_service)

    assert (await small_service.get(segment.id)).status is RecordingStatus.FAILED


async def until_settled(service: RecordingService) -> None:
    """Wait until every result is stored."""
    await asyncio.gather(*service._settling)


async def unreachable(*_: Any) -> None:
    raise OSError("away")


def unwritable(*_: Any) -> None:
    raise OSError("read-only")


def test_folder_has_one_identity_for_all_who_share_it(tmp_path: Path) -> None:
    first, second, other = (Storage(tmp_path / name) for name in ("a", "a", "b"))
    assert first.identity() == second.identity() != other.identity()
    assert [path.name for path in (tmp_path / "a").iterdir()] == [IDENTITY]


def test_folder_that_takes_nothing_has_no_identity(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert Storage(tmp_path / "file").identity() == ""


async def test_a_recording_entered_after_its_calls_ticket_was_filed_is_linked(
    service: RecordingService, database: Database
) -> None:
    place = await furnish(database)
    filed = await TicketService(database).file(place.fault(call_id="call-1"), AGENT, "key-1")
    await service.link("call-1", ticket_id=filed.id)  # there is no entry yet
    number = "+8645180000000"
    talk = RecordingKind.CONVERSATION
    segment = await service.begin("call-1", talk, agent_id="staff-1", other_agent_id="staff-2", other_number=number)
    entry = await service.get(segment.id)
    assert entry.ticket_id == filed.id
    assert (entry.other_agent_id, entry.other_number) == ("staff-2", number)
    assert (await service.get((await service.begin("call-2", RecordingKind.CONVERSATION)).id)).ticket_id is None
