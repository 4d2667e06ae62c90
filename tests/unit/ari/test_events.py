"""Typed events from frames; no frame raises."""

import json
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.ari.decoding import EventDecoder
from ari_app.ari.events import (
    AnyEvent,
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelEnteredBridge,
    Dial,
    Event,
    PlaybackFinished,
    RecordingFailed,
    StasisStart,
)

CHANNEL = {"id": "channel-1", "name": "PJSIP/1001-00000001", "state": "Up"}
BRIDGE = {"id": "bridge-1", "technology": "simple_bridge", "channels": ["channel-1"]}


def decode(**fields: Any) -> Event | None:
    return EventDecoder().decode(json.dumps(fields).encode())


def test_stasis_start_is_decoded() -> None:
    event = decode(
        type="StasisStart",
        timestamp="2026-11-23T08:30:00.250+0800",
        application="hotline",
        args=["inbound", "96001"],
        channel={**CHANNEL, "caller": {"name": "陈", "number": "13800138000"}, "something_new": [1]},
        asterisk_id="02:fc:00:00:00:01",
    )
    assert isinstance(event, StasisStart)
    assert event.args == ["inbound", "96001"]
    assert event.channel.caller.name == "陈"
    assert event.channel.up
    assert event.at == datetime(2026, 11, 23, 0, 30, 0, 250_000, tzinfo=UTC)
    assert (event.channel_id, event.ids) == ("channel-1", ("channel-1",))


def test_events_concern_everything_they_name() -> None:
    entered = decode(type="ChannelEnteredBridge", bridge=BRIDGE, channel=CHANNEL)
    assert isinstance(entered, ChannelEnteredBridge)
    assert entered.ids == ("channel-1", "bridge-1")
    nobody = decode(type="ChannelEnteredBridge", bridge=BRIDGE)
    assert nobody is not None
    assert (nobody.channel_id, nobody.ids) == (None, ("bridge-1",))
    left = decode(type="ChannelLeftBridge", bridge=BRIDGE, channel=CHANNEL)
    assert left is not None
    assert left.ids == ("channel-1", "bridge-1")
    dial = decode(type="Dial", peer=CHANNEL, caller={"id": "channel-2"}, dialstatus="RINGING")
    assert isinstance(dial, Dial)
    assert (dial.channel_id, dial.ids) == ("channel-1", ("channel-1", "channel-2"))


def test_playbacks_and_recordings_concern_their_channel_or_bridge() -> None:
    playback = {"id": "playback-1", "target_uri": "channel:channel-1", "state": "failed"}
    finished = decode(type="PlaybackFinished", playback=playback)
    assert isinstance(finished, PlaybackFinished)
    assert finished.playback.failed
    assert (finished.channel_id, finished.ids) == ("channel-1", ("playback-1", "channel-1"))
    recording = {"name": "spoken-1", "target_uri": "bridge:bridge-1", "state": "failed", "cause": "disk full"}
    failed = decode(type="RecordingFailed", recording=recording)
    assert isinstance(failed, RecordingFailed)
    assert (failed.channel_id, failed.ids) == (None, ("spoken-1", "bridge-1"))


def test_event_without_optional_fields_is_decoded() -> None:
    bare: dict[str, Any] = {
        "channel": {"id": "1.1"},
        "bridge": {"id": "b"},
        "playback": {"id": "p"},
        "recording": {"name": "r"},
    }
    bare |= {"refer_to": {}, "referred_by": {"source_channel": {"id": "1.1"}}}
    for kind in get_args(AnyEvent):
        assert isinstance(decode(type=kind.__name__, **bare, peer={"id": "1.2"}), kind)


def test_unreadable_time_is_an_error_only_when_read() -> None:
    event = decode(type="ChannelDestroyed", channel=CHANNEL, cause=16, timestamp="yesterday")
    assert isinstance(event, ChannelDestroyed)
    with pytest.raises(ValueError, match="yesterday"):
        _ = event.at


def test_unknown_types_are_counted_and_ignored() -> None:
    decoder = EventDecoder()
    for kind in ("ChannelVarset", "ChannelVarset", "SomethingFromTheFuture"):
        assert decoder.decode(json.dumps({"type": kind, "channel": CHANNEL}).encode()) is None
    assert decoder.ignored == {"ChannelVarset": 2, "SomethingFromTheFuture": 1}
    assert not decoder.malformed


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"type":7}',
        b'{"type":"StasisStart"}',
        b'{"type":"StasisStart","channel":{"id":7}}',
        b'{"type":"StasisStart","channel":{"id":"1"},"args":"inbound"}',
        b'{"type":"StasisStart","channel":{"id":"1"},"args":["\\ud800"]}',
        b'{"type":"ChannelDtmfReceived","channel":{"id":"1"},"digit":"1","duration_ms":"long"}',
    ],
)
def test_malformed_frames_are_counted_and_never_raise(frame: bytes) -> None:
    decoder = EventDecoder()
    assert decoder.decode(frame) is None
    assert sum(decoder.malformed.values()) == 1
    assert decoder.decoded == 0


def test_long_arguments_are_only_long() -> None:
    event = decode(type="StasisStart", channel=CHANNEL, args=["x" * 5000, "\x00\x1b[31m", "🙂"])
    assert isinstance(event, StasisStart)
    assert [len(argument) for argument in event.args] == [5000, 6, 1]


@given(st.binary(max_size=200))
def test_no_bytes_raise(frame: bytes) -> None:
    EventDecoder().decode(frame)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    )
)
def test_no_channel_raises(channel: object) -> None:
    for kind in (StasisStart, ChannelDtmfReceived, Dial):
        frame = json.dumps({"type": kind.__name__, "channel": channel, "args": channel, "peer": channel})
        EventDecoder().decode(frame.encode("utf-8", "surrogatepass"))
