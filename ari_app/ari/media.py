"""Requests about what is being played and recorded, by ids and names that we chose."""

from typing import Literal

import msgspec

from ari_app.ari.model import LiveRecording, Playback, StoredRecording
from ari_app.ari.rest import Call, Rest

Operation = Literal["restart", "pause", "unpause", "reverse", "forward"]

GET_PLAYBACK = Call("GET", "/playbacks/{playbackId}")
STOP_PLAYBACK = Call("DELETE", "/playbacks/{playbackId}")
CONTROL_PLAYBACK = Call("POST", "/playbacks/{playbackId}/control", ("operation",))
GET_LIVE = Call("GET", "/recordings/live/{recordingName}")
STOP_LIVE = Call("POST", "/recordings/live/{recordingName}/stop")
DISCARD_LIVE = Call("DELETE", "/recordings/live/{recordingName}")
PAUSE_LIVE = Call("POST", "/recordings/live/{recordingName}/pause")
RESUME_LIVE = Call("DELETE", "/recordings/live/{recordingName}/pause")
LIST_STORED = Call("GET", "/recordings/stored")
GET_STORED = Call("GET", "/recordings/stored/{recordingName}")
DELETE_STORED = Call("DELETE", "/recordings/stored/{recordingName}")

_playback = msgspec.json.Decoder(Playback).decode
_live = msgspec.json.Decoder(LiveRecording).decode
_stored = msgspec.json.Decoder(StoredRecording).decode
_stored_list = msgspec.json.Decoder(list[StoredRecording]).decode


class MediaCalls(Rest):
    """What can be asked of playbacks and recordings; `NotFound` means that it is over, or never was."""

    async def playback(self, playback_id: str) -> Playback:
        """One playback, queued or being heard."""
        return _playback(await self.send(GET_PLAYBACK, playback_id))

    async def stop_playback(self, playback_id: str) -> None:
        """End a playback now.

        Raises:
            NotFound: it is over already.
        """
        await self.send(STOP_PLAYBACK, playback_id)

    async def control_playback(self, playback_id: str, operation: Operation) -> None:
        """Pause, go on, skip.

        Raises:
            Conflict: it is not being heard.
        """
        await self.send(CONTROL_PLAYBACK, playback_id, query={"operation": operation})

    async def live_recording(self, name: str) -> LiveRecording:
        """A recording that is being made."""
        return _live(await self.send(GET_LIVE, name))

    async def stop_recording(self, name: str) -> None:
        """End a recording and keep it; only after its RecordingStarted, or there may be no event of its end."""
        await self.send(STOP_LIVE, name)

    async def discard_recording(self, name: str) -> None:
        """End a recording and throw it away."""
        await self.send(DISCARD_LIVE, name)

    async def pause_recording(self, name: str) -> None:
        """Leave a gap in a recording."""
        await self.send(PAUSE_LIVE, name)

    async def resume_recording(self, name: str) -> None:
        """End what `pause_recording` began."""
        await self.send(RESUME_LIVE, name)

    async def stored_recordings(self) -> list[StoredRecording]:
        """Everything in Asterisk's folder of recordings."""
        return _stored_list(await self.send(LIST_STORED))

    async def stored_recording(self, name: str) -> StoredRecording:
        """One of them."""
        return _stored(await self.send(GET_STORED, name))

    async def delete_stored_recording(self, name: str) -> None:
        """Delete its file."""
        await self.send(DELETE_STORED, name)
