"""Events of ARI as structs, decoded once.

Every event names the ids it concerns, so that a dispatcher needs dictionary look-ups alone. Times stay text until they
are asked for, which is rare.
"""

from datetime import datetime

import msgspec

from ari_app.ari.model import Bridge, Channel, LiveRecording, Playback, moment


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="type", tag=True):
    """Something that happened in Asterisk."""

    timestamp: str = ""
    application: str = ""

    @property
    def at(self) -> datetime:
        """Return Asterisk's time of the event, aware.

        Raises:
            ValueError: Asterisk sent no readable time.
        """
        return moment(self.timestamp)

    @property
    def channel_id(self) -> str | None:
        """Return the channel of the event, playback or recording."""
        return None

    @property
    def ids(self) -> tuple[str, ...]:
        """Return all ids: of channels, bridges, playbacks, and recordings' names."""
        return ()


class ChannelEvent(Event, frozen=True, kw_only=True):
    """Something that happened to one channel."""

    channel: Channel

    @property
    def channel_id(self) -> str:
        return self.channel.id

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.channel.id,)


class StasisStart(ChannelEvent, frozen=True, kw_only=True):
    """A channel entered our application.

    It comes from the dialplan, or is one of ours that was answered.
    """

    args: list[str] = []
    replace_channel: Channel | None = None
    """The channel that it replaces, after a transfer."""


class StasisEnd(ChannelEvent, frozen=True, kw_only=True):
    """A channel left our application: hung up, or continued in the dialplan."""


class ChannelCreated(ChannelEvent, frozen=True, kw_only=True):
    """A channel came to be."""


class ChannelDestroyed(ChannelEvent, frozen=True, kw_only=True):
    """A channel is gone."""

    cause: int = 0
    """Q.850: 16 hung up, 17 busy, 19 no answer, 20 not registered, 21 refused, …"""
    cause_txt: str = ""
    tech_cause: int | None = None
    """The SIP status, for a SIP channel."""


class ChannelHangupRequest(ChannelEvent, frozen=True, kw_only=True):
    """A hang-up was requested by the far end or by us."""

    cause: int | None = None
    tech_cause: int | None = None
    soft: bool = False


class ChannelStateChange(ChannelEvent, frozen=True, kw_only=True):
    """Ringing, Up, …"""


class ChannelDtmfReceived(ChannelEvent, frozen=True, kw_only=True):
    """A key was pressed and released."""

    digit: str = ""
    """One of `0123456789*#ABCD`."""
    duration_ms: int = 0


class ChannelHold(ChannelEvent, frozen=True, kw_only=True):
    """The phone put the call on hold."""

    musicclass: str | None = None


class ChannelUnhold(ChannelEvent, frozen=True, kw_only=True):
    """The phone took the call off hold."""


class RequestedDestination(msgspec.Struct, frozen=True):
    """Receiver of a call, as the phone names it."""

    destination: str = ""
    protocol_id: str | None = None
    """Another call of the phone, where it is to be joined with that."""


class ReferTo(msgspec.Struct, frozen=True):
    """Receiver of a transfer by a phone."""

    requested_destination: RequestedDestination = RequestedDestination()
    destination_channel: Channel | None = None


class ReferredBy(msgspec.Struct, frozen=True):
    """Phone that transfers."""

    source_channel: Channel


class ChannelTransfer(Event, frozen=True, kw_only=True):
    """A phone asks for a transfer, and waits for an answer."""

    refer_to: ReferTo
    referred_by: ReferredBy

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.referred_by.source_channel.id,)


class ChannelTalkingStarted(ChannelEvent, frozen=True, kw_only=True):
    """Speech began; only with the variable TALK_DETECT set on the channel."""


class ChannelTalkingFinished(ChannelEvent, frozen=True, kw_only=True):
    """Speech ended; only with the variable TALK_DETECT set on the channel."""

    duration: int = 0
    """Milliseconds."""


class ChannelToneDetected(ChannelEvent, frozen=True, kw_only=True):
    """The tone asked for with the function TONE_DETECT was heard."""


class ChannelCallerId(ChannelEvent, frozen=True, kw_only=True):
    """The caller's name or number changed."""

    caller_presentation: int = 0
    caller_presentation_txt: str = ""


class ChannelConnectedLine(ChannelEvent, frozen=True, kw_only=True):
    """The other party that a channel's phone shows changed."""


class ChannelEnteredBridge(Event, frozen=True, kw_only=True):
    """A channel joined a bridge."""

    bridge: Bridge
    channel: Channel | None = None

    @property
    def channel_id(self) -> str | None:
        return None if self.channel is None else self.channel.id

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.bridge.id,) if self.channel is None else (self.channel.id, self.bridge.id)


class ChannelLeftBridge(ChannelEvent, frozen=True, kw_only=True):
    """A channel left a bridge."""

    bridge: Bridge

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.channel.id, self.bridge.id)


class BridgeEvent(Event, frozen=True, kw_only=True):
    """Something that happened to a bridge as a whole."""

    bridge: Bridge

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.bridge.id,)


class BridgeCreated(BridgeEvent, frozen=True, kw_only=True):
    """A bridge came to be."""


class BridgeDestroyed(BridgeEvent, frozen=True, kw_only=True):
    """A bridge is gone.

    Asterisk tells only subscribers of `bridge:ID` for certain.
    """


class PlaybackEvent(Event, frozen=True, kw_only=True):
    """Something that happened to a playback."""

    playback: Playback

    @property
    def playback_id(self) -> str:
        return self.playback.id

    @property
    def channel_id(self) -> str | None:
        return _channel_of(self.playback.target_uri)

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.playback.id, *_target(self.playback.target_uri))


class PlaybackStarted(PlaybackEvent, frozen=True, kw_only=True):
    """The first of its media is heard."""


class PlaybackContinuing(PlaybackEvent, frozen=True, kw_only=True):
    """The next of its media is heard."""


class PlaybackFinished(PlaybackEvent, frozen=True, kw_only=True):
    """A playback is over: played, stopped, cut off or failed.

    `playback.failed` tells a file that was never heard.
    """


class RecordingEvent(Event, frozen=True, kw_only=True):
    """Something that happened to one of ARI's recordings."""

    recording: LiveRecording

    @property
    def recording_name(self) -> str:
        return self.recording.name

    @property
    def channel_id(self) -> str | None:
        return _channel_of(self.recording.target_uri)

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.recording.name, *_target(self.recording.target_uri))


class RecordingStarted(RecordingEvent, frozen=True, kw_only=True):
    """It records from now on."""


class RecordingFinished(RecordingEvent, frozen=True, kw_only=True):
    """Its file is complete."""


class RecordingFailed(RecordingEvent, frozen=True, kw_only=True):
    """There is no recording; `recording.cause` says why."""


class Dial(Event, frozen=True, kw_only=True):
    """The state of an attempt to call an endpoint.

    `dialstatus`: empty (begun), RINGING, PROGRESS, ANSWER, BUSY, NOANSWER, CANCEL, …
    """

    peer: Channel
    """The leg that is being rung."""
    dialstatus: str = ""
    dialstring: str = ""
    forward: str = ""
    caller: Channel | None = None

    @property
    def channel_id(self) -> str:
        return self.peer.id

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.peer.id,) if self.caller is None else (self.peer.id, self.caller.id)


class ApplicationRegistered(Event, frozen=True, kw_only=True):
    """Asterisk delivers our application's events on this connection from now on."""


class ApplicationUnregistered(Event, frozen=True, kw_only=True):
    """Asterisk no longer delivers them."""


class ApplicationReplaced(Event, frozen=True, kw_only=True):
    """Another process took our application's name: stand down."""


AnyEvent = (
    StasisStart
    | StasisEnd
    | ChannelCreated
    | ChannelDestroyed
    | ChannelHangupRequest
    | ChannelStateChange
    | ChannelDtmfReceived
    | ChannelHold
    | ChannelUnhold
    | ChannelTransfer
    | ChannelTalkingStarted
    | ChannelTalkingFinished
    | ChannelToneDetected
    | ChannelCallerId
    | ChannelConnectedLine
    | ChannelEnteredBridge
    | ChannelLeftBridge
    | BridgeCreated
    | BridgeDestroyed
    | PlaybackStarted
    | PlaybackContinuing
    | PlaybackFinished
    | RecordingStarted
    | RecordingFinished
    | RecordingFailed
    | Dial
    | ApplicationRegistered
    | ApplicationUnregistered
    | ApplicationReplaced
)
"""Every event that is decoded. Others are ignored, and the frequent ones are filtered by Asterisk."""


def _target(uri: str) -> tuple[str, ...]:
    _, colon, target_id = uri.partition(":")
    return (target_id,) if colon else ()


def _channel_of(uri: str) -> str | None:
    kind, _, target_id = uri.partition(":")
    return target_id if kind == "channel" else None
