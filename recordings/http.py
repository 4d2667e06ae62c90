"""Recordings over HTTP: find, play, download, verify."""

from pydantic import BaseModel, model_validator

from crm.text import Id
from foundation.routes import File, NoQuery, Request, Role, Routes
from recordings.access import HEARS_ALL
from recordings.errors import RecordingNotFound
from recordings.model import AuditAction, Peaks, RecordingView, Verification
from recordings.service import RecordingService

MAY_VERIFY = HEARS_ALL | {Role.AGENT}
MAY_ASK = MAY_VERIFY | {Role.DEPARTMENT}
"""Others' are 404 (S7): agents hear their own calls and callers' messages, departments what their tickets have."""


class FindRecordings(BaseModel, extra="forbid"):
    """Recordings of one call or of one ticket."""

    call_id: Id | None = None
    ticket_id: Id | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "FindRecordings":
        if (self.call_id is None) == (self.ticket_id is None):
            raise ValueError("call_id must be given, or ticket_id, and not both")
        return self


class PlayRecording(BaseModel, extra="forbid"):
    """Options of a request for audio."""

    download: bool = False
    """True: the audio is saved, which the audit distinguishes from listening."""


def routes(service: RecordingService) -> Routes:
    """Return the routes of recordings."""
    table = Routes(tag="recordings")

    @table.add(
        "GET",
        "/recordings",
        roles=MAY_ASK,
        summary="Return the recordings of a call or a ticket",
        query=FindRecordings,
        response=list[RecordingView],
    )
    async def find(request: Request[None, FindRecordings]) -> list[RecordingView]:
        query = request.query
        if query.call_id is not None:
            found = await service.of_call(query.call_id)
        else:
            found = await service.of_ticket(query.ticket_id or "")
        return await service.access.audible(request.actor, found)

    @table.add(
        "GET",
        "/recordings/{recording_id}",
        roles=MAY_ASK,
        summary="Return a recording",
        response=RecordingView,
        problems=(404,),
    )
    async def get(request: Request[None, NoQuery]) -> RecordingView:
        found = await service.get(request.path["recording_id"])
        if not await service.access.audible(request.actor, [found]):
            raise RecordingNotFound
        return found

    @table.add(
        "GET",
        "/recordings/{recording_id}/audio",
        roles=MAY_ASK,
        summary="Return the audio, caller left and agent right; an audit entry is stored",
        query=PlayRecording,
        response=File,
        problems=(404, 409),
    )
    async def audio(request: Request[None, PlayRecording]) -> File:
        action = AuditAction.DOWNLOAD if request.query.download else AuditAction.LISTEN
        path = await service.access.open_file(request.path["recording_id"], request.actor, action=action)
        return File(path, "audio/wav", path.name)

    @table.add(
        "GET",
        "/recordings/{recording_id}/peaks",
        roles=MAY_ASK,
        summary="Return the waveform of every channel, for a player",
        response=Peaks,
        problems=(404, 409),
    )
    async def peaks(request: Request[None, NoQuery]) -> Peaks:
        return await service.access.peaks(request.path["recording_id"], request.actor)

    @table.add(
        "POST",
        "/recordings/{recording_id}/verification",
        roles=MAY_VERIFY,
        summary="Compute the checksum again; an audit entry is stored",
        response=Verification,
        problems=(404, 409),
    )
    async def verify(request: Request[None, NoQuery]) -> Verification:
        return await service.access.verify(request.path["recording_id"], request.actor)

    return table
