"""A small Asterisk for unit tests, on the loop's time.

Channels, bridges, playbacks and recordings are state. The test acts for the people on the phones (`call`, `pick_up`,
`hang_up`, `press`); `tests.fakes.ari` carries out requests. Events reach the dispatcher in order, a moment after what
they report. The tests in tests/asterisk prove the same behaviour on the real Asterisk.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from ari_app.ari.dispatch import Dispatcher
from ari_app.ari.events import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelHangupRequest,
    ChannelHold,
    ChannelUnhold,
    Event,
    PlaybackFinished,
    PlaybackStarted,
    RecordingFinished,
    RecordingStarted,
    StasisEnd,
    StasisStart,
)
from ari_app.ari.model import Bridge, CallerId, Channel, DialplanPosition, LiveRecording, Playback
from foundation.clock import utc_now

APPLICATION = "hotline"
LATENCY_S = 0.001
"""How long an event, a request and a response are under way."""
PROMPT_S = 2.0
"""How long a file is that has no length in `prompt_s`."""
EAR_S = 0.01
"""How long an ear takes to enter our application."""
NORMAL, NO_ANSWER = 16, 19
SILENCE = "silence"


@dataclass
class FakePlayback:
    """Files played to a channel, one after another."""

    id: str
    media: list[str]
    channel_id: str
    timer: asyncio.TimerHandle | None = None
    state: str = "queued"

    def view(self) -> Playback:
        return Playback(id=self.id, media_uri=self.media[0], target_uri=f"channel:{self.channel_id}", state=self.state)


@dataclass
class FakeRecording:
    """A recording that ARI makes of a channel."""

    name: str
    channel_id: str
    terminator: str
    timer: asyncio.TimerHandle | None = None
    state: str = "recording"

    def view(self) -> LiveRecording:
        return LiveRecording(name=self.name, format="wav", target_uri=f"channel:{self.channel_id}", state=self.state)


@dataclass
class FakeBridge:
    """Channels that hear each other, or wait together."""

    id: str
    types: str
    name: str
    channels: list[str] = field(default_factory=list)
    music: str | None = None

    def view(self) -> Bridge:
        return Bridge(id=self.id, bridge_type=self.types, name=self.name, channels=list(self.channels))


@dataclass
class FakeChannel:
    """One leg of a call."""

    id: str
    endpoint: str
    number: str
    state: str
    arguments: list[str] | None = None
    """With which it is in our application; None where it is not."""
    answered_with: list[str] = field(default_factory=list)
    """With which a leg of ours enters when it is answered."""
    application: str = APPLICATION
    created_at: str = field(default_factory=lambda: utc_now().isoformat())
    music: str | None = None
    playbacks: deque[FakePlayback] = field(default_factory=deque)
    ringing: asyncio.TimerHandle | None = None
    rings: int = 0
    tapes: list[tuple[str, str]] = field(default_factory=list)
    """The files that MixMonitor writes: what the channel says, what it hears."""
    note: str | None = None
    """The key of what the dialplan's fallback notes of its call."""
    noted_at: int = 0
    sounds: list[tuple[float, str]] = field(default_factory=list)
    """What its party hears, from when on."""
    muted: set[str] = field(default_factory=set)
    """Directions in which it is muted."""
    told: list[str] = field(default_factory=list)
    """Answers to transfers that its phone asked for."""
    hears_ringing: bool = False
    """Asterisk plays the ringing tone to its party."""
    keys_sent: str = ""
    """Keys that were pressed towards its party."""
    spied: str | None = None
    """The channel on which this ear hangs."""
    whispers: bool = False
    """The ear's bridge is heard by the party of that channel."""
    vanished_at_s: float | None = None
    """Since when its phone sends no RTP."""

    def received(self) -> int:
        """Return the RTP packets received until now, one every 20 ms."""
        until_s = asyncio.get_running_loop().time() if self.vanished_at_s is None else self.vanished_at_s
        return round(until_s * 50)

    def view(self) -> Channel:
        position = DialplanPosition(context="default", app_name="AppDial2" if self.answered_with else "Wait")
        if self.arguments is not None:
            data = ",".join([self.application, *self.arguments])
            position = DialplanPosition(context="default", app_name="Stasis", app_data=data)
        return Channel(
            id=self.id,
            name=f"{self.endpoint}-{self.id}",
            state=self.state,
            caller=CallerId(number=self.number),
            dialplan=position,
            creationtime=self.created_at,
        )


class FakeAsterisk:
    """The parts of Asterisk that calls use, with its phones."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self.channels: dict[str, FakeChannel] = {}
        self.bridges: dict[str, FakeBridge] = {}
        self.recordings: dict[str, FakeRecording] = {}
        self.gone: dict[str, FakeChannel] = {}
        """Channels that ended."""
        self.prompt_s: dict[str, float] = {}
        """Lengths of prompts, by file name."""
        self.notes: dict[str, str] = {}
        """What the dialplan's fallback noted of its calls."""
        self.contacts: dict[str, str] = {}
        """The fallback's notes of customers whom the service was calling."""
        self.unregistered: set[str] = set()
        """Endpoints that cannot be rung."""
        self.started_at = utc_now()
        self.told = True
        """Whether events reach the dispatcher."""
        self._dispatcher = dispatcher
        self._on_the_way: deque[Event] = deque()
        self._numbers = count(1)
        self._changed = asyncio.Event()

    def connect(self, dispatcher: Dispatcher) -> None:
        """Send events to another process from now on."""
        self._dispatcher = dispatcher

    # People

    def call(self, number: str = "13800000001", access_number: str = "96001") -> FakeChannel:
        """Dial the hotline: the dialplan hands the channel to our application."""
        channel = FakeChannel(f"caller-{next(self._numbers)}", "PJSIP/trunk", number, "Ring")
        self.channels[channel.id] = channel
        self._enter(channel, ["inbound", access_number])
        return channel

    def pick_up(self, channel_id: str) -> None:
        """Answer a leg that rings."""
        channel = self.channels[channel_id]
        assert channel.state == "Ringing", "only a phone that rings can be picked up"
        self._stop_ringing(channel)
        channel.state = "Up"
        self._enter(channel, channel.answered_with)

    def hang_up(self, channel_id: str, cause: int = NORMAL, *, ends_in_s: float = 0.0) -> None:
        """Hang up a channel's phone, or decline a leg that rings.

        `ends_in_s` is how long the channel still exists: Asterisk announces a hang-up before the channel's end.
        """
        channel = self.channels[channel_id]
        if channel.arguments is not None:
            self.tell(ChannelHangupRequest(channel=channel.view(), cause=cause))
        if ends_in_s:
            asyncio.get_running_loop().call_later(ends_in_s, self.end, channel, cause)
        else:
            self.end(channel, cause)

    def hold(self, channel_id: str, held: bool) -> None:
        """Hold the call by the phone's own key, or resume it."""
        kind = ChannelHold if held else ChannelUnhold
        self.tell(kind(channel=self.channels[channel_id].view()))

    def heard_by(self, channel_id: str) -> set[str]:
        """Return the channels that a channel's party hears."""
        bridge = self.bridge_of(channel_id)
        if bridge is None or bridge.types == "holding" or self.channels[channel_id].music is not None:
            return set()
        others = (self.channels[one] for one in bridge.channels if one != channel_id)
        heard = {one.id for one in others if "in" not in one.muted and one.spied is None}
        for ear in (self.channels[one] for one in bridge.channels if one != channel_id):
            if ear.spied is not None:
                heard |= {ear.spied, *self.heard_by(ear.spied)}
        return (heard | self._whispers(channel_id)) - {channel_id}

    def _whispers(self, channel_id: str) -> set[str]:
        """Return the channels that whisper to a channel's party."""
        ears = [one for one in self.channels.values() if one.spied == channel_id and one.whispers]
        bridges = [self.bridge_of(ear.id) for ear in ears]
        heard = {one for bridge in bridges if bridge is not None for one in bridge.channels}
        return heard - {ear.id for ear in ears}

    def snoop(self, ear_id: str, spied: FakeChannel, *, whispers: bool, arguments: list[str]) -> FakeChannel:
        """Hang an ear on a channel; it enters a moment later."""
        ear = FakeChannel(ear_id, f"Snoop/{spied.id}", "", "Up", spied=spied.id, whispers=whispers)
        self.channels[ear.id] = ear
        asyncio.get_running_loop().call_later(EAR_S, self._ear_enters, ear, arguments)
        return ear

    def _ear_enters(self, ear: FakeChannel, arguments: list[str]) -> None:
        if ear.id in self.channels:
            self._enter(ear, arguments)

    def press(self, channel_id: str, keys: str) -> None:
        """Press keys on a channel's phone."""
        for key in keys:
            self.tell(ChannelDtmfReceived(channel=self.channels[channel_id].view(), digit=key, duration_ms=100))
            for recording in list(self.recordings.values()):
                if recording.channel_id == channel_id and recording.terminator in {key, "any"}:
                    self.finish_recording(recording)

    def hears(self, channel_id: str) -> str:
        """Return what the party hears: `prompt:NAME`, `music:CLASS`, `talk`, `ringing` or `silence`."""
        channel = self.channels[channel_id]
        if channel.playbacks:
            return f"prompt:{Path(channel.playbacks[0].media[0]).name}"
        bridge = self.bridge_of(channel_id)
        if channel.hears_ringing:
            return "ringing"
        music = channel.music or (bridge.music if bridge is not None else None)
        if music is not None:
            return f"music:{music}"
        if bridge is not None and bridge.types != "holding" and len(bridge.channels) > 1:
            return "talk"
        return "ringing" if channel.state in {"Ring", "Ringing"} else SILENCE

    def longest_silence_s(self, channel_id: str) -> float:
        """Return the longest time for which a channel's party heard nothing."""
        channel = self.channels.get(channel_id) or self.gone[channel_id]
        ends = [at for at, _ in channel.sounds[1:]] + [asyncio.get_running_loop().time()]
        lengths = (end - at for (at, sound), end in zip(channel.sounds, ends, strict=True) if sound == SILENCE)
        return max(lengths, default=0.0)

    # What happens to Asterisk itself

    def lead_away(self, channel_id: str) -> None:
        """Lead a caller to the dialplan's fallback, which notes the call.

        Asterisk then has no more events of the channel for us.
        """
        channel = self.channels[channel_id]
        self._leave_stasis(channel)
        channel.note = f"call-{next(self._numbers):026d}"
        channel.noted_at = int(utc_now().timestamp())
        self._note(channel)

    def die(self) -> None:
        """Kill and start Asterisk: every channel is gone, without an event."""
        told, self.told = self.told, False
        for channel in list(self.channels.values()):
            self.end(channel, 0)
        self.bridges.clear()
        self.told = told
        self.started_at = utc_now()

    def _note(self, channel: FakeChannel, *, ended: bool = False) -> None:
        """Note a call as `fallback` in extensions.conf does."""
        assert channel.note is not None, "led away"
        if channel.answered_with:
            self.contacts[channel.id] = str(channel.noted_at)
            return
        until = int(utc_now().timestamp()) if ended else ""
        self.notes[channel.note] = f"{channel.noted_at}|{until}|{channel.number}|96001|||||{channel.id}"

    # State, for requests

    def tell(self, event: Event) -> None:
        """Send an event to the application."""
        if self.told:
            self._on_the_way.append(event)
            asyncio.get_running_loop().call_later(LATENCY_S, self._arrive)

    def _arrive(self) -> None:
        self._dispatcher.dispatch(self._on_the_way.popleft())

    def bridge_of(self, channel_id: str) -> FakeBridge | None:
        """Return the bridge that a channel is in."""
        return next((bridge for bridge in self.bridges.values() if channel_id in bridge.channels), None)

    def ring(self, channel: FakeChannel, timeout_s: float) -> None:
        """Ring the phone of a new leg until its time is over."""
        channel.state = "Ringing"
        self.channels[channel.id] = channel
        ended = asyncio.get_running_loop().call_later(timeout_s, self.end, channel, NO_ANSWER)
        channel.ringing = ended
        self.changed()

    def end(self, channel: FakeChannel, cause: int) -> None:
        """End a channel, and what was played, recorded and bridged with it."""
        if self.channels.pop(channel.id, None) is None:
            return
        self.gone[channel.id] = channel
        self._stop_ringing(channel)
        self._silence(channel, "failed")
        for recording in [one for one in self.recordings.values() if one.channel_id == channel.id]:
            self.finish_recording(recording)
        self.leave_bridge(channel.id)
        channel.tapes.clear()
        for ear in [one for one in self.channels.values() if one.spied == channel.id]:
            self.end(ear, cause)
        self._leave_stasis(channel)
        if channel.note is None:
            self.tell(ChannelDestroyed(channel=channel.view(), cause=cause, cause_txt=""))
        else:
            self._note(channel, ended=True)
        self.changed()

    def leave_bridge(self, channel_id: str) -> None:
        """Take a channel out of its bridge."""
        if (bridge := self.bridge_of(channel_id)) is not None:
            bridge.channels.remove(channel_id)
            if not bridge.channels:
                bridge.music = None  # as on Asterisk 22, where the music leaves with the last participant

    def play(self, channel: FakeChannel, media: Sequence[str], playback_id: str) -> FakePlayback:
        """Play files to a channel when everything before them is over."""
        playback = FakePlayback(playback_id, list(media), channel.id)
        channel.playbacks.append(playback)
        if len(channel.playbacks) == 1:
            self._begin_playback(playback)
        self.changed()
        return playback

    def finish_playback(self, playback: FakePlayback, state: str = "done") -> None:
        """End a playback; the next one of its channel begins."""
        channel = self.channels.get(playback.channel_id) or self.gone[playback.channel_id]
        if playback.timer is not None:
            playback.timer.cancel()
        with suppress(ValueError):
            channel.playbacks.remove(playback)
        playback.state = state
        self.tell(PlaybackFinished(playback=playback.view()))
        if channel.playbacks and channel.playbacks[0].state == "queued" and state != "failed":
            self._begin_playback(channel.playbacks[0])
        self.changed()

    def playback(self, playback_id: str) -> FakePlayback | None:
        """Return a playback that is not over."""
        playbacks = (playback for channel in self.channels.values() for playback in channel.playbacks)
        return next((playback for playback in playbacks if playback.id == playback_id), None)

    def record(self, recording: FakeRecording, ends_in_s: float) -> None:
        """Record a channel until its time is over; its party says nothing."""
        self.recordings[recording.name] = recording
        recording.timer = asyncio.get_running_loop().call_later(ends_in_s, self.finish_recording, recording)
        self.tell(RecordingStarted(recording=recording.view()))

    def finish_recording(self, recording: FakeRecording) -> None:
        """End a recording; its file is complete."""
        if self.recordings.pop(recording.name, None) is None:
            return
        if recording.timer is not None:
            recording.timer.cancel()
        recording.state = "done"
        self.tell(RecordingFinished(recording=recording.view()))

    async def no_playback(self, channel: FakeChannel) -> None:
        """Wait until nothing is played to a channel, as Asterisk's requests do."""
        while channel.playbacks and channel.id in self.channels:
            self._changed.clear()
            await self._changed.wait()

    def changed(self) -> None:
        """Note what each channel's party hears from now on."""
        now = asyncio.get_running_loop().time()
        for channel in self.channels.values():
            sound = self.hears(channel.id)
            if not channel.sounds or channel.sounds[-1][1] != sound:
                channel.sounds.append((now, sound))
        self._changed.set()

    def _begin_playback(self, playback: FakePlayback) -> None:
        length_s = sum(self.prompt_s.get(Path(media).name, PROMPT_S) for media in playback.media)
        playback.timer = asyncio.get_running_loop().call_later(length_s, self.finish_playback, playback)
        playback.state = "playing"
        self.tell(PlaybackStarted(playback=playback.view()))

    def _enter(self, channel: FakeChannel, arguments: list[str]) -> None:
        channel.arguments = arguments
        self.tell(StasisStart(channel=channel.view(), args=arguments))
        self.changed()

    def _leave_stasis(self, channel: FakeChannel) -> None:
        if channel.arguments is not None:
            channel.arguments = None
            self.tell(StasisEnd(channel=channel.view()))

    def _stop_ringing(self, channel: FakeChannel) -> None:
        if channel.ringing is not None:
            channel.ringing.cancel()
            channel.ringing = None

    def _silence(self, channel: FakeChannel, state: str) -> None:
        for playback in list(channel.playbacks):
            self.finish_playback(playback, state)
