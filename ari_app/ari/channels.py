"""Requests about channels: each is one leg of a call."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from ari_app.ari.errors import AriConflict, AriNotFound, EndpointUnavailable
from ari_app.ari.model import Channel, Playback, RtpStatistics
from ari_app.ari.rest import Query, RequestKind, RestTransport

FORMATS: Final = ("ulaw", "alaw")
"""Formats of a leg without an originator. Without any, a Local channel is silent."""

HangupReason = Literal[
    "normal",
    "busy",
    "congestion",
    "no_answer",
    "timeout",
    "rejected",
    "unallocated",
    "normal_unspecified",
    "number_incomplete",
    "codec_mismatch",
    "interworking",
    "failure",
    "answered_elsewhere",
]
Direction = Literal["both", "in", "out"]
TransferState = Literal["channel_progress", "channel_answered", "channel_unavailable", "channel_declined"]
SnoopDirection = Literal["none", "both", "in", "out"]

LIST = RequestKind("GET", "/channels")
GET = RequestKind("GET", "/channels/{channelId}")
ORIGINATE = RequestKind(
    "POST",
    "/channels",
    (
        "endpoint",
        "app",
        "appArgs",
        "callerId",
        "timeout",
        "channelId",
        "originator",
        "formats",
    ),
    "variables",
)
HANG_UP = RequestKind("DELETE", "/channels/{channelId}", ("reason", "reason_code"))
CONTINUE = RequestKind("POST", "/channels/{channelId}/continue", ("context", "extension", "priority", "label"))
ANSWER = RequestKind("POST", "/channels/{channelId}/answer")
SEND_DTMF = RequestKind("POST", "/channels/{channelId}/dtmf", ("dtmf", "before", "between", "duration", "after"))
RING = RequestKind("POST", "/channels/{channelId}/ring")
STOP_RINGING = RequestKind("DELETE", "/channels/{channelId}/ring")
MUTE = RequestKind("POST", "/channels/{channelId}/mute", ("direction",))
UNMUTE = RequestKind("DELETE", "/channels/{channelId}/mute", ("direction",))
START_MUSIC = RequestKind("POST", "/channels/{channelId}/moh", ("mohClass",))
STOP_MUSIC = RequestKind("DELETE", "/channels/{channelId}/moh")
PLAY = RequestKind("POST", "/channels/{channelId}/play", ("media", "lang", "playbackId"))
RECORD = RequestKind(
    "POST",
    "/channels/{channelId}/record",
    ("name", "format", "maxDurationSeconds", "maxSilenceSeconds", "ifExists", "beep", "terminateOn"),
)
TRANSFER_PROGRESS = RequestKind("POST", "/channels/{channelId}/transfer_progress", ("states",))
RTP_STATISTICS = RequestKind("GET", "/channels/{channelId}/rtp_statistics")
SNOOP = RequestKind("POST", "/channels/{channelId}/snoop", ("spy", "whisper", "app", "appArgs", "snoopId"))

_channel = msgspec.json.Decoder(Channel).decode
_channels = msgspec.json.Decoder(list[Channel]).decode
_playback = msgspec.json.Decoder(Playback).decode
_rtp_statistics = msgspec.json.Decoder(RtpStatistics).decode


class ChannelRequests(RestTransport):
    """Requests about channels.

    Every method with a channel's id raises `AriNotFound` where the channel is gone.
    """

    async def channels(self) -> list[Channel]:
        """Return every channel of this Asterisk, ours or not."""
        return _channels(await self.send(LIST))

    async def channel(self, channel_id: str) -> Channel:
        """Return one channel."""
        return _channel(await self.send(GET, channel_id))

    async def rtp_statistics(self, channel_id: str) -> RtpStatistics:
        """Return the counts of a channel's RTP packets.

        Raises:
            AriNotFound: the channel is gone, or has no RTP.
        """
        return _rtp_statistics(await self.send(RTP_STATISTICS, channel_id))

    async def originate(
        self,
        endpoint: str,
        *,
        channel_id: str,
        timeout_s: int,
        app_args: str | Sequence[str] = (),
        caller_id: str | None = None,
        originator: str | None = None,
        formats: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
    ) -> Channel:
        """Call an endpoint.

        Its channel enters our application with `app_args` when it answers.

        `timeout_s` is how long it rings: never endless, so that a ring outlives this process by that much and no more.
        Without an `originator` to take them from, `formats` defaults to `FORMATS`.

        Raises:
            AriConflict: a channel of this id exists: an earlier attempt succeeded, and its response was lost.
            AriInvalid: the endpoint makes no sense to Asterisk.
            EndpointUnavailable: the endpoint cannot be called, such as a phone that is not registered.
            ValueError: a timeout below one second.
        """
        if timeout_s < 1:
            raise ValueError("timeout_s: at least one second")
        query: Query = {
            "endpoint": endpoint,
            "app": self.application,
            "appArgs": app_args or None,
            "callerId": caller_id,
            "timeout": timeout_s,
            "channelId": channel_id,
            "originator": originator,
            "formats": _formats(formats, originator),
        }
        return await self._created(ORIGINATE, channel_id, query, variables)

    async def _created(
        self, kind: RequestKind, channel_id: str, query: Query, variables: Mapping[str, str] | None
    ) -> Channel:
        body = {"variables": variables} if variables else None
        try:
            return _channel(await self.send(kind, query=query, body=body))
        except AriConflict as error:
            # Asterisk answers with the last error of the thread that serves this connection: a phone that is not
            # registered "exists already" where an earlier request's channel did. So ask for the channel.
            try:
                await self.channel(channel_id)
            except AriNotFound:
                raise EndpointUnavailable(error.method, error.path, "Allocation failed", status=409) from error
            raise

    async def hang_up(self, channel_id: str, *, reason: HangupReason | None = None, cause: int | None = None) -> None:
        """Hang up a channel.

        The far end gets a reason by name, or a Q.850 cause.

        Raises:
            AriNotFound: it is gone already.
        """
        await self.send(HANG_UP, channel_id, query={"reason": reason, "reason_code": cause})

    async def continue_in_dialplan(
        self,
        channel_id: str,
        *,
        context: str | None = None,
        extension: str | None = None,
        priority: int | None = None,
        label: str | None = None,
    ) -> None:
        """Return a channel to the dialplan.

        By default it goes on after the `Stasis()` it came from.
        """
        query: Query = {"context": context, "extension": extension, "priority": priority, "label": label}
        await self.send(CONTINUE, channel_id, query=query)

    async def answer(self, channel_id: str) -> None:
        """Answer a channel.

        The request waits for a playback on the channel, so answer before the first prompt.
        """
        await self.send(ANSWER, channel_id)

    async def send_dtmf(
        self, channel_id: str, digits: str, *, before_ms: int = 0, between_ms: int = 100, duration_ms: int = 100
    ) -> None:
        """Press keys towards the far end."""
        query: Query = {"dtmf": digits, "before": before_ms, "between": between_ms, "duration": duration_ms}
        await self.send(SEND_DTMF, channel_id, query=query)

    async def transfer_progress(self, channel_id: str, state: TransferState) -> None:
        """Tell a phone that asked for a transfer what became of it."""
        await self.send(TRANSFER_PROGRESS, channel_id, query={"states": state})

    async def ring(self, channel_id: str) -> None:
        """Let the channel's party hear that another phone rings."""
        await self.send(RING, channel_id)

    async def stop_ringing(self, channel_id: str) -> None:
        """End what `ring` began."""
        await self.send(STOP_RINGING, channel_id)

    async def mute(self, channel_id: str, direction: Direction = "both") -> None:
        """Mute a channel.

        `in` is its own voice, `out` the sound it hears.
        """
        await self.send(MUTE, channel_id, query={"direction": direction})

    async def unmute(self, channel_id: str, direction: Direction = "both") -> None:
        """End what `mute` began."""
        await self.send(UNMUTE, channel_id, query={"direction": direction})

    async def start_music(self, channel_id: str, music_class: str | None = None) -> None:
        """Play music on hold to a channel."""
        await self.send(START_MUSIC, channel_id, query={"mohClass": music_class})

    async def stop_music(self, channel_id: str) -> None:
        """End what `start_music` began."""
        await self.send(STOP_MUSIC, channel_id)

    async def play(
        self, channel_id: str, media: Sequence[str], *, playback_id: str, language: str | None = None
    ) -> Playback:
        """Play media one after another to a channel.

        Media: `sound:PATH` without an extension, `tone:NAME`, `recording:NAME`, …

        It is heard when everything queued before is; expect `PlaybackFinished` before asking, and look at
        `playback.failed`, since a missing file is only known then.
        """
        query = {"media": media, "playbackId": playback_id, "lang": language}
        return _playback(await self.send(PLAY, channel_id, query=query))

    async def record_channel(
        self,
        channel_id: str,
        *,
        name: str,
        max_duration_s: int,
        file_format: str = "wav",
        max_silence_s: int = 0,
        if_exists: Literal["fail", "overwrite", "append"] = "fail",
        beep: bool = False,
        terminate_on: str = "none",
    ) -> None:
        """Record the voice of a channel.

        Not while it is in a bridge: that fails later, as `RecordingFailed`.

        `max_silence_s` 0 means any silence; `terminate_on` is `none`, `any`, `*` or `#`.

        Raises:
            AriConflict: there is such a recording already.
            AriInvalid: an unknown format.
        """
        query: Query = {
            "name": name,
            "format": file_format,
            "maxDurationSeconds": max_duration_s,
            "maxSilenceSeconds": max_silence_s,
            "ifExists": if_exists,
            "beep": beep,
            "terminateOn": terminate_on,
        }
        await self.send(RECORD, channel_id, query=query)

    async def snoop(
        self,
        channel_id: str,
        *,
        snoop_id: str,
        spy: SnoopDirection = "both",
        whisper: SnoopDirection = "none",
        app_args: str | Sequence[str] = (),
    ) -> Channel:
        """Create a channel that listens, or speaks, to another one."""
        query: Query = {
            "spy": spy,
            "whisper": whisper,
            "app": self.application,
            "appArgs": app_args or None,
            "snoopId": snoop_id,
        }
        return _channel(await self.send(SNOOP, channel_id, query=query))


def _formats(formats: Sequence[str], originator: str | None) -> Sequence[str] | None:
    return formats or (None if originator is not None else FORMATS)
