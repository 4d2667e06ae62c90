"""Real ARI and AMI clients, answered by the fake Asterisk.

Requests are carried out below `AriClient.send`, so that every method of the real client is there, with its real query,
decoder and errors. A request that the fake does not know fails the test by name.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from ari_app.ari import bridges, channels, media, server
from ari_app.ari.ami import AmiClient, Response
from ari_app.ari.client import AriClient
from ari_app.ari.errors import AriError, AriNotFound, AriUnreachable, error_for
from ari_app.ari.model import AsteriskInfo, Ping, StatusInfo
from ari_app.ari.rest import Query, RequestKind
from ari_app.fallback.model import CONTACT_FAMILY
from tests.fakes.asterisk import (
    APPLICATION,
    LATENCY_S,
    NORMAL,
    FakeAsterisk,
    FakeBridge,
    FakeChannel,
    FakeRecording,
)

Ids = tuple[str, ...]
Handler = Callable[[Ids, Query], Awaitable[object]]


class _Refused(Exception):
    """Asterisk's answer to a request that it does not carry out."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class FakeAri(AriClient):
    """The ARI client of one fake Asterisk."""

    def __init__(self, asterisk: FakeAsterisk) -> None:
        super().__init__("http://asterisk.invalid/ari", "user", "password", application=APPLICATION)
        self.asterisk = asterisk
        self.away = False
        """No request gets an answer."""
        self.failures: dict[RequestKind, AriError] = {}
        """What the next request of a kind fails with."""
        self.delays_s: dict[RequestKind, float] = {}
        """How much longer requests of a kind take until they are carried out."""
        self.asked: list[tuple[RequestKind, Ids]] = []
        self._handlers: dict[RequestKind, Handler] = {
            channels.LIST: self._channels,
            channels.GET: self._channel,
            channels.ORIGINATE: self._originate,
            channels.ANSWER: self._answer,
            channels.HANG_UP: self._hang_up,
            channels.CONTINUE: self._continue,
            channels.START_MUSIC: self._start_channel_music,
            channels.STOP_MUSIC: self._stop_channel_music,
            channels.RING: self._ring,
            channels.TRANSFER_PROGRESS: self._transfer_progress,
            channels.STOP_RINGING: self._stop_ringing,
            channels.MUTE: self._mute,
            channels.UNMUTE: self._unmute,
            channels.SEND_DTMF: self._send_dtmf,
            channels.SNOOP: self._snoop,
            channels.RTP_STATISTICS: self._rtp_statistics,
            channels.PLAY: self._play,
            channels.RECORD: self._record,
            bridges.LIST: self._bridges,
            bridges.CREATE: self._create_bridge,
            bridges.DESTROY: self._destroy_bridge,
            bridges.ADD: self._add_to_bridge,
            bridges.REMOVE: self._remove_from_bridge,
            bridges.START_MUSIC: self._start_bridge_music,
            bridges.STOP_MUSIC: self._stop_bridge_music,
            media.GET_PLAYBACK: self._playback,
            media.STOP_PLAYBACK: self._stop_playback,
            media.GET_LIVE: self._live_recording,
            media.STOP_LIVE: self._stop_recording,
            server.PING: self._ping,
            server.INFO: self._info,
        }

    async def send(self, kind: RequestKind, *ids: str, query: Query | None = None, body: object = None) -> bytes:
        """Carry a request out, and return its answer's body."""
        method, path = kind.method, kind.at(*ids)
        self.asked.append((kind, ids))
        await asyncio.sleep(LATENCY_S + self.delays_s.get(kind, 0.0))
        if self.away:
            raise AriUnreachable(method, path, "refused", sent=False)
        if (failure := self.failures.pop(kind, None)) is not None:
            raise failure
        handler = self._handlers.get(kind)
        if handler is None:
            raise NotImplementedError(f"the fake Asterisk does not know {method} {kind.path}")
        try:
            answer = msgspec.json.encode(await handler(ids, query or {}))
        except _Refused as refused:
            raise error_for(method, path, refused.status, refused.words) from None
        finally:
            self.asterisk.changed()
        await asyncio.sleep(LATENCY_S)
        return answer

    # Channels

    async def _channels(self, _ids: Ids, _query: Query) -> object:
        return [channel.view() for channel in self.asterisk.channels.values()]

    async def _channel(self, ids: Ids, _query: Query) -> object:
        return self._found(ids[0]).view()

    async def _rtp_statistics(self, ids: Ids, _query: Query) -> object:
        return {"rxcount": self._found(ids[0]).received(), "txcount": 0}

    async def _originate(self, _ids: Ids, query: Query) -> object:
        channel_id, endpoint, originator = str(query["channelId"]), str(query["endpoint"]), query["originator"]
        if channel_id in self.asterisk.channels:
            raise _Refused(409, "Channel with given unique ID already exists")
        if originator is not None and originator not in self.asterisk.channels:
            raise _Refused(400, "Provided originator channel was not found")
        if endpoint in self.asterisk.unregistered:
            raise _Refused(500, "Allocation failed")
        timeout_s, arguments = query["timeout"], query["appArgs"]
        assert isinstance(timeout_s, int)
        number = str(query["callerId"] or "")
        answered_with = [arguments] if isinstance(arguments, str) else list(_listed(arguments))
        channel = FakeChannel(channel_id, endpoint, number, "Down", answered_with=answered_with)
        self.asterisk.ring(channel, timeout_s)
        return channel.view()

    async def _answer(self, ids: Ids, _query: Query) -> object:
        channel = self._in_stasis(ids[0])
        await self.asterisk.no_playback(channel)
        self._in_stasis(ids[0]).state = "Up"
        return None

    async def _snoop(self, ids: Ids, query: Query) -> object:
        spied = self._in_stasis(ids[0])
        arguments = list(_listed(query["appArgs"]))
        return self.asterisk.snoop(
            str(query["snoopId"]), spied, whispers=query["whisper"] == "out", arguments=arguments
        ).view()

    async def _hang_up(self, ids: Ids, _query: Query) -> object:
        self.asterisk.end(self._found(ids[0]), NORMAL)
        return None

    async def _continue(self, ids: Ids, _query: Query) -> object:
        self.asterisk.lead_away(self._in_stasis(ids[0]).id)
        return None

    async def _start_channel_music(self, ids: Ids, query: Query) -> object:
        self._in_stasis(ids[0]).music = str(query["mohClass"] or "default")
        return None

    async def _stop_channel_music(self, ids: Ids, _query: Query) -> object:
        self._in_stasis(ids[0]).music = None
        return None

    async def _transfer_progress(self, ids: Ids, query: Query) -> object:
        self._found(ids[0]).told.append(str(query["states"]))
        return None

    async def _ring(self, ids: Ids, _query: Query) -> object:
        self._found(ids[0]).hears_ringing = True
        return None

    async def _stop_ringing(self, ids: Ids, _query: Query) -> object:
        self._found(ids[0]).hears_ringing = False
        return None

    async def _mute(self, ids: Ids, query: Query) -> object:
        self._in_stasis(ids[0]).muted.add(str(query["direction"]))
        return None

    async def _unmute(self, ids: Ids, query: Query) -> object:
        self._in_stasis(ids[0]).muted.discard(str(query["direction"]))
        return None

    async def _send_dtmf(self, ids: Ids, query: Query) -> object:
        self._in_stasis(ids[0]).keys_sent += str(query["dtmf"])
        return None

    async def _play(self, ids: Ids, query: Query) -> object:
        channel = self._in_stasis(ids[0])
        playback = self.asterisk.play(channel, _listed(query["media"]), str(query["playbackId"]))
        return playback.view()

    async def _record(self, ids: Ids, query: Query) -> object:
        channel = self._in_stasis(ids[0])
        name, longest_s, silence_s = str(query["name"]), query["maxDurationSeconds"], query["maxSilenceSeconds"]
        assert isinstance(longest_s, int)
        assert isinstance(silence_s, int)
        if name in self.asterisk.recordings:
            raise _Refused(409, "Recording already in progress")
        recording = FakeRecording(name, channel.id, str(query["terminateOn"]))
        self.asterisk.record(recording, min(longest_s, silence_s or longest_s))
        return recording.view()

    # Bridges

    async def _bridges(self, _ids: Ids, _query: Query) -> object:
        return [bridge.view() for bridge in self.asterisk.bridges.values()]

    async def _create_bridge(self, _ids: Ids, query: Query) -> object:
        bridge_id = str(query["bridgeId"])
        if bridge_id in self.asterisk.bridges:
            raise _Refused(409, "Bridge with id already exists")
        bridge = FakeBridge(bridge_id, ",".join(_listed(query["type"])), str(query["name"]))
        self.asterisk.bridges[bridge_id] = bridge
        return bridge.view()

    async def _destroy_bridge(self, ids: Ids, _query: Query) -> object:
        del self.asterisk.bridges[self._found_bridge(ids[0]).id]
        return None

    async def _add_to_bridge(self, ids: Ids, query: Query) -> object:
        for channel_id in _listed(query["channel"]):
            self._in_stasis(channel_id, missing=400)
        for channel_id in _listed(query["channel"]):
            channel = self._in_stasis(channel_id, missing=400)
            await self.asterisk.no_playback(channel)
            self._in_stasis(channel_id, missing=400)
            self.asterisk.leave_bridge(channel_id)
            self._found_bridge(ids[0]).channels.append(channel_id)
        return None

    async def _remove_from_bridge(self, ids: Ids, query: Query) -> object:
        bridge = self._found_bridge(ids[0])
        for channel_id in _listed(query["channel"]):
            if channel_id not in bridge.channels:
                raise _Refused(422, "Channel not in this bridge")
            self.asterisk.leave_bridge(channel_id)
        return None

    async def _start_bridge_music(self, ids: Ids, query: Query) -> object:
        self._found_bridge(ids[0]).music = str(query["mohClass"] or "default")
        return None

    async def _stop_bridge_music(self, ids: Ids, _query: Query) -> object:
        self._found_bridge(ids[0]).music = None
        return None

    # Playbacks, recordings, the server

    async def _playback(self, ids: Ids, _query: Query) -> object:
        playback = self.asterisk.playback(ids[0])
        if playback is None:
            raise _Refused(404, "Playback not found")
        return playback.view()

    async def _stop_playback(self, ids: Ids, _query: Query) -> object:
        playback = self.asterisk.playback(ids[0])
        if playback is None:
            raise _Refused(404, "Playback not found")
        self.asterisk.finish_playback(playback)
        return None

    async def _live_recording(self, ids: Ids, _query: Query) -> object:
        return self._found_recording(ids[0]).view()

    async def _stop_recording(self, ids: Ids, _query: Query) -> object:
        self.asterisk.finish_recording(self._found_recording(ids[0]))
        return None

    async def _ping(self, _ids: Ids, _query: Query) -> object:
        return Ping(ping="pong")

    async def _info(self, _ids: Ids, _query: Query) -> object:
        return AsteriskInfo(status=StatusInfo(startup_time=self.asterisk.started_at.isoformat()))

    def _found(self, channel_id: str, *, missing: int = 404) -> FakeChannel:
        channel = self.asterisk.channels.get(channel_id)
        if channel is None:
            raise _Refused(missing, "Channel not found")
        return channel

    def _in_stasis(self, channel_id: str, *, missing: int = 404) -> FakeChannel:
        channel = self._found(channel_id, missing=missing)
        if channel.arguments is None:
            raise _Refused(422 if missing == 400 else 409, "Channel not in Stasis application")
        return channel

    def _found_bridge(self, bridge_id: str) -> FakeBridge:
        bridge = self.asterisk.bridges.get(bridge_id)
        if bridge is None:
            raise _Refused(404, "Bridge not found")
        return bridge

    def _found_recording(self, name: str) -> FakeRecording:
        recording = self.asterisk.recordings.get(name)
        if recording is None:
            raise _Refused(404, "Recording not found")
        return recording


class FakeAmi(AmiClient):
    """The AMI client of one fake Asterisk."""

    def __init__(self, asterisk: FakeAsterisk) -> None:
        super().__init__("asterisk.invalid", 5038, "user", "password")
        self.asterisk = asterisk
        self.away = False
        """No action gets an answer."""
        self.record_s = 0.0
        """How much longer the answer to a request to record takes."""
        self.taped: list[tuple[float, bool, str]] = []
        """When a recorder started or stopped, and of which channel."""

    async def _ask_list(self, action: str, fields: Mapping[str, str]) -> list[Response]:
        await asyncio.sleep(2 * LATENCY_S)
        if self.away:
            raise AriUnreachable("AMI", action, "not connected", sent=False)
        if action == "DBGetTree":
            family = fields["Family"]
            return [{"Key": f"/{family}/{key}", "Val": note} for key, note in self._notes(family).items()]
        if action == "DBDel":
            self._notes(fields["Family"]).pop(fields["Key"], None)
            return [{}]
        channel = self.asterisk.channels.get(fields["Channel"])
        if channel is None:
            raise AriNotFound("AMI", action, "No such channel")
        if action.endswith("MixMonitor"):
            self.taped.append((asyncio.get_running_loop().time(), action == "MixMonitor", channel.id))
        if action == "MixMonitor":
            caller, _, agent = fields["Options"].partition(")")
            channel.tapes.append((caller.removeprefix("r("), agent.removeprefix("t(").partition(")")[0]))
            await asyncio.sleep(self.record_s)
            return [{"MixMonitorID": channel.tapes[-1][0]}]
        if action == "StopMixMonitor":
            wanted = fields.get("MixMonitorID")
            channel.tapes[:] = [tape for tape in channel.tapes if wanted not in {None, tape[0]}]
            return [{}]
        raise NotImplementedError(f"the fake Asterisk does not know {action}")

    def _notes(self, family: str) -> dict[str, str]:
        return self.asterisk.contacts if family == CONTACT_FAMILY else self.asterisk.notes


def _listed(value: Any) -> Sequence[str]:
    return [value] if isinstance(value, str) else list(value or ())
