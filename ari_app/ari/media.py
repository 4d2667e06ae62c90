"""Requests about playbacks and recordings, by our own ids."""

import msgspec

from ari_app.ari.model import LiveRecording, Playback
from ari_app.ari.rest import RequestKind, RestTransport

GET_PLAYBACK = RequestKind("GET", "/playbacks/{playbackId}")
STOP_PLAYBACK = RequestKind("DELETE", "/playbacks/{playbackId}")
GET_LIVE = RequestKind("GET", "/recordings/live/{recordingName}")
STOP_LIVE = RequestKind("POST", "/recordings/live/{recordingName}/stop")
_playback = msgspec.json.Decoder(Playback).decode
_live = msgspec.json.Decoder(LiveRecording).decode


class MediaRequests(RestTransport):
    """Requests about playbacks and recordings.

    `AriNotFound` means that it is over, or never was.
    """

    async def playback(self, playback_id: str) -> Playback:
        """One playback, queued or being heard."""
        return _playback(await self.send(GET_PLAYBACK, playback_id))

    async def stop_playback(self, playback_id: str) -> None:
        """End a playback now.

        Raises:
            AriNotFound: it is over already.
        """
        await self.send(STOP_PLAYBACK, playback_id)

    async def live_recording(self, name: str) -> LiveRecording:
        """A recording that is being made."""
        return _live(await self.send(GET_LIVE, name))

    async def stop_recording(self, name: str) -> None:
        """End a recording; its file stays.

        Only after its RecordingStarted, or there may be no event of its end.
        """
        await self.send(STOP_LIVE, name)
