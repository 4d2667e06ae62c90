"""Events of real calls, through either source and the dispatcher.

Both halves of a Local channel are ours.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ari_app.ari.events import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelEnteredBridge,
    ChannelLeftBridge,
    PlaybackFinished,
    PlaybackStarted,
    RecordingFailed,
    RecordingFinished,
    RecordingStarted,
    StasisEnd,
    StasisStart,
)
from dev.asterisk import Asterisk
from foundation.ids import new_id
from tests.asterisk.ari_connection import PATIENCE_S, Connection, caller_and_leg, connected

SOUND = "sound:hello-world"


@pytest.fixture(params=["outbound", "inbound"])
async def either(asterisk: Asterisk, request: pytest.FixtureRequest) -> AsyncIterator[Connection]:
    async with connected(asterisk, request.param) as connection, asyncio.timeout(60):
        yield connection


@pytest.fixture
async def connection(asterisk: Asterisk) -> AsyncIterator[Connection]:
    async with connected(asterisk) as opened, asyncio.timeout(60):
        yield opened


async def test_a_call_from_its_start_to_its_end(either: Connection) -> None:
    new_calls: list[StasisStart] = []
    either.dispatcher.new_channel.add_listener(new_calls.append)
    leg_id = new_id("leg")
    with either.dispatcher.channel(leg_id) as inbox:
        await either.ari.originate(
            either.caller, channel_id=leg_id, timeout_s=10, app_args=["agent", "call-1"], caller_id="1001"
        )
        while not new_calls:
            await asyncio.sleep(0.01)
        caller = new_calls[0]
        await either.ari.answer(caller.channel.id)
        start = await inbox.next_of(StasisStart)
        assert start.args == ["agent", "call-1"]
        assert start.at.tzinfo is not None
        assert (await either.ari.channel(leg_id)).stasis_arguments(either.application) == ["agent", "call-1"]
        await either.ari.hang_up(leg_id)
        await inbox.next_of(StasisEnd)
        assert (await inbox.next_of(ChannelDestroyed)).channel_id == leg_id
    assert [event.channel.id for event in new_calls] == [caller.channel.id], "a leg of ours is no new call"
    assert not either.source.decoder.malformed


async def test_events_that_followed_a_new_call_wait_for_its_task(connection: Connection) -> None:
    async with caller_and_leg(connection) as (caller_id, _):
        with connection.dispatcher.subject(new_id("unrelated")):
            await connection.ari.hang_up(caller_id)
            await _gone(connection, caller_id)
        with connection.dispatcher.channel(caller_id) as inbox:
            await inbox.next_of(ChannelDestroyed)


async def test_keys_arrive_in_order(connection: Connection) -> None:
    async with caller_and_leg(connection) as (caller_id, leg_id):
        with connection.dispatcher.channel(caller_id) as inbox:
            await connection.ari.send_dtmf(leg_id, "12*0#")
            keys = [(await inbox.next_of(ChannelDtmfReceived)).digit for _ in "12*0#"]
    assert "".join(keys) == "12*0#"


async def test_a_playback_is_heard_of_by_its_id_and_by_its_channel(connection: Connection) -> None:
    async with caller_and_leg(connection) as (caller_id, _):
        playback_id = new_id("playback")
        with (
            connection.dispatcher.channel(caller_id) as inbox,
            connection.dispatcher.expect(PlaybackFinished, playback_id) as finished,
        ):
            playback = await connection.ari.play(caller_id, [SOUND, SOUND], playback_id=playback_id)
            assert playback.id == playback_id
            started = await inbox.next_of(PlaybackStarted)
            assert started.channel_id == caller_id
            await connection.ari.stop_playback(playback_id)
            assert not (await finished).playback.failed
            assert (await inbox.next_of(PlaybackFinished)).playback_id == playback_id


async def test_a_missing_file_is_a_failed_playback(connection: Connection) -> None:
    async with caller_and_leg(connection) as (caller_id, _):
        playback_id = new_id("playback")
        with connection.dispatcher.expect(PlaybackFinished, playback_id) as finished:
            await connection.ari.play(caller_id, ["sound:/no/such/file"], playback_id=playback_id)
            assert (await finished).playback.failed


async def test_bridges_come_and_go_with_their_channels(connection: Connection) -> None:
    ari, bridge_id = connection.ari, new_id("talk")
    async with caller_and_leg(connection) as (caller_id, _), caller_and_leg(connection) as (_, leg_id):
        with connection.dispatcher.subject(bridge_id) as inbox:
            bridge = await ari.create_bridge(bridge_id, types=["mixing"], name="talk")
            assert bridge.id == bridge_id
            await ari.add_to_bridge(bridge_id, [caller_id, leg_id])
            entered = {(await inbox.next_of(ChannelEnteredBridge)).channel_id for _ in range(2)}
            assert entered == {caller_id, leg_id}
            (made,) = [one for one in await ari.bridges() if one.id == bridge_id]
            assert set(made.channels) == entered
            await ari.remove_from_bridge(bridge_id, [leg_id])
            assert (await inbox.next_of(ChannelLeftBridge)).channel_id == leg_id
            await ari.destroy_bridge(bridge_id)
    # Asterisk takes it from its list a moment after the response.
    async with asyncio.timeout(PATIENCE_S):
        while bridge_id in {bridge.id for bridge in await ari.bridges()}:
            await asyncio.sleep(0.02)


async def test_callers_speech_is_recorded(connection: Connection) -> None:
    ari, name = connection.ari, new_id("spoken")
    async with caller_and_leg(connection) as (caller_id, leg_id):
        with connection.dispatcher.subject(name) as inbox:
            await ari.record_channel(caller_id, name=name, max_duration_s=30, terminate_on="#")
            await inbox.next_of(RecordingStarted)
            assert (await ari.live_recording(name)).state == "recording"
            await ari.play(leg_id, [SOUND], playback_id=new_id("playback"))
            await ari.send_dtmf(leg_id, "#")
            finished = await inbox.next_of(RecordingFinished)
            assert finished.channel_id == caller_id


async def test_a_bridged_channel_cannot_be_recorded_and_says_so_late(connection: Connection) -> None:
    ari, bridge_id, name = connection.ari, new_id("talk"), new_id("spoken")
    async with caller_and_leg(connection) as (caller_id, _), caller_and_leg(connection) as (_, leg_id):
        await ari.create_bridge(bridge_id)
        await ari.add_to_bridge(bridge_id, [caller_id, leg_id])
        with connection.dispatcher.expect((RecordingFinished, RecordingFailed), name) as ended:
            await ari.record_channel(caller_id, name=name, max_duration_s=5)
            assert isinstance(await ended, RecordingFailed)
        await ari.destroy_bridge(bridge_id)


async def test_a_snoop_channel_joins_our_application(connection: Connection) -> None:
    async with caller_and_leg(connection) as (caller_id, _):
        snoop_id = new_id("snoop")
        with connection.dispatcher.channel(snoop_id) as inbox:
            await connection.ari.snoop(caller_id, snoop_id=snoop_id, spy="in", app_args=["snoop"])
            assert (await inbox.next_of(StasisStart)).args == ["snoop"]
            await connection.ari.hang_up(snoop_id)
            await inbox.next_of(StasisEnd)


async def _gone(connection: Connection, channel_id: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while channel_id in {channel.id for channel in await connection.ari.channels()}:
            await asyncio.sleep(0.02)
