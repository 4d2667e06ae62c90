"""The routes: who may hear what, and what the query must say."""

from typing import Any

import pytest
from pydantic import ValidationError

from crm.tickets.model import Actor
from crm.tickets.service import TicketService
from foundation.database import Database
from foundation.routes import File, NoQuery, Principal, Request, Role, Route
from recordings import http
from recordings.errors import RecordingNotFound, RecordingUnavailable
from recordings.http import FindRecordings, PlayRecording
from recordings.model import AuditAction, RecordingKind
from recordings.sealing import peaks_path
from recordings.service import RecordingService
from tests.unit.crm.conftest import AGENT, furnish
from tests.unit.recordings.conftest import person, sealed_conversation, speak

OWNER = person(Role.AGENT, "staff-1")
COLLEAGUE = person(Role.AGENT, "staff-2")


def route(service: RecordingService, method: str, path: str) -> Route:
    (found,) = [one for one in http.routes(service).table if (one.method, one.path) == (method, f"/api/v1{path}")]
    return found


async def ask(found: Route, actor: Principal, query: Any = None, **path: str) -> Any:
    assert actor.role in found.roles
    return await found.handler(Request(principal=actor, path=path, query=query or NoQuery(), body=None))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/recordings/{recording_id}"),
        ("GET", "/recordings/{recording_id}/audio"),
        ("GET", "/recordings/{recording_id}/peaks"),
        ("POST", "/recordings/{recording_id}/verification"),
    ],
)
async def test_agents_reach_their_own_calls_only(small_service: RecordingService, method: str, path: str) -> None:
    recording_id = await sealed_conversation(small_service, agent_id="staff-1")
    found = route(small_service, method, path)
    query = PlayRecording() if path.endswith("audio") else NoQuery()
    assert await ask(found, OWNER, query, recording_id=recording_id) is not None
    with pytest.raises(RecordingNotFound):
        await ask(found, COLLEAGUE, query, recording_id=recording_id)
    for role in (Role.QUALITY, Role.SUPERVISOR, Role.ADMINISTRATOR):
        assert await ask(found, person(role, "staff-9"), query, recording_id=recording_id) is not None
    assert Role.CAMPAIGNS not in found.roles
    if Role.DEPARTMENT in found.roles:
        with pytest.raises(RecordingNotFound):
            await ask(found, person(Role.DEPARTMENT), query, recording_id=recording_id)
    refused = [entry for entry in await small_service.access.audit_entries(recording_id) if entry.staff_id == "staff-2"]
    assert refused == []


async def test_message_of_a_caller_is_heard_by_every_agent_who_may_call_back(small_service: RecordingService) -> None:
    segment = await small_service.begin("call-1", RecordingKind.MESSAGE)
    speak(segment)
    await small_service.seal(segment.id)
    heard = route(small_service, "GET", "/recordings/{recording_id}/audio")
    assert await ask(heard, COLLEAGUE, PlayRecording(), recording_id=segment.id) is not None
    listed = await ask(route(small_service, "GET", "/recordings"), OWNER, FindRecordings(call_id="call-1"))
    assert [one.id for one in listed] == [segment.id]
    with pytest.raises(RecordingNotFound):
        await ask(heard, person(Role.DEPARTMENT), PlayRecording(), recording_id=segment.id)


async def test_list_shows_audible_recordings_only(small_service: RecordingService) -> None:
    mine = await sealed_conversation(small_service, "call-1", "staff-1")
    theirs = await sealed_conversation(small_service, "call-1", "staff-2")
    await small_service.link("call-1", ticket_id="tic-1")
    found = route(small_service, "GET", "/recordings")
    for query in (FindRecordings(call_id="call-1"), FindRecordings(ticket_id="tic-1")):
        assert [one.id for one in await ask(found, OWNER, query)] == [mine]
        assert [one.id for one in await ask(found, person(Role.QUALITY), query)] == [mine, theirs]


async def test_h8_the_recording_of_a_redo_is_heard_by_its_department_and_by_quality(
    sqlite_database: Database, small_service: RecordingService
) -> None:
    place, tickets = await furnish(sqlite_database), TicketService(sqlite_database)
    ticket = await tickets.file(place.fault(), AGENT)
    await tickets.dispatch(ticket.id, place.east, AGENT)
    east, west = (
        Principal("w", "2001", "W", Role.DEPARTMENT, department_id) for department_id in (place.east, place.west)
    )
    await tickets.sign(ticket.id, Actor.of(east))
    await tickets.reply(ticket.id, "已修", Actor.of(east))
    said = await sealed_conversation(small_service, "call-survey", "")
    await sealed_conversation(small_service, "call-other", "")
    await tickets.redo(ticket.id, "还是不热", said)

    found, by_ticket = route(small_service, "GET", "/recordings"), FindRecordings(ticket_id=ticket.id)
    assert [one.id for one in await ask(found, east, by_ticket)] == [said]
    assert [one.id for one in await ask(found, person(Role.QUALITY), by_ticket)] == [said]
    assert await ask(found, west, by_ticket) == []
    assert await ask(found, east, FindRecordings(call_id="call-other")) == []
    audio = route(small_service, "GET", "/recordings/{recording_id}/audio")
    assert isinstance(await ask(audio, east, PlayRecording(), recording_id=said), File)
    with pytest.raises(RecordingNotFound):
        await ask(audio, west, PlayRecording(), recording_id=said)
    assert [entry.staff_number for entry in await small_service.access.audit_entries(said)] == ["2001"]


async def test_listening_and_downloading_are_distinguished(small_service: RecordingService) -> None:
    recording_id = await sealed_conversation(small_service)
    found = route(small_service, "GET", "/recordings/{recording_id}/audio")
    answers = [
        await ask(found, OWNER, PlayRecording(download=download), recording_id=recording_id)
        for download in (False, True)
    ]
    assert all(isinstance(answer, File) and answer.name == f"{recording_id}.wav" for answer in answers)
    entries = await small_service.access.audit_entries(recording_id)
    assert [entry.action for entry in entries] == [AuditAction.LISTEN, AuditAction.DOWNLOAD]


@pytest.mark.parametrize("asked", [{}, {"call_id": "a", "ticket_id": "b"}, {"call_id": "a", "path": "/etc"}])
def test_query_names_one_call_or_one_ticket(asked: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        FindRecordings(**asked)


async def test_view_has_no_paths(small_service: RecordingService) -> None:
    recording_id = await sealed_conversation(small_service)
    assert "file" not in (await small_service.get(recording_id)).model_dump()


async def test_lost_waveform_is_made_again(small_service: RecordingService) -> None:
    recording_id = await sealed_conversation(small_service)
    found = route(small_service, "GET", "/recordings/{recording_id}/peaks")
    before = await ask(found, OWNER, recording_id=recording_id)
    stored = peaks_path(small_service.storage.path_of(await file_of(small_service, recording_id)))
    stored.unlink()
    assert await ask(found, OWNER, recording_id=recording_id) == before
    assert stored.exists()


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no WAV at all", b"RIFF\x24\0\0\0WAVEfmt "])
async def test_waveform_of_an_unreadable_file_is_refused(small_service: RecordingService, content: bytes) -> None:
    recording_id = await sealed_conversation(small_service)
    sealed = small_service.storage.path_of(await file_of(small_service, recording_id))
    peaks_path(sealed).unlink()
    sealed.write_bytes(content)
    with pytest.raises(RecordingUnavailable):
        await ask(route(small_service, "GET", "/recordings/{recording_id}/peaks"), OWNER, recording_id=recording_id)


async def test_waveform_is_shown_when_it_cannot_be_stored(small_service: RecordingService) -> None:
    recording_id = await sealed_conversation(small_service)
    stored = peaks_path(small_service.storage.path_of(await file_of(small_service, recording_id)))
    stored.unlink()
    stored.mkdir()
    found = route(small_service, "GET", "/recordings/{recording_id}/peaks")
    assert (await ask(found, OWNER, recording_id=recording_id)).duration_ms == 1000


async def file_of(service: RecordingService, recording_id: str) -> str:
    view = await service.get(recording_id)
    return service.storage.sealed_name(recording_id, view.started_at)
