"""Both sides of a call recorded over AMI, on a real Asterisk."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy
import pytest
import soundfile

from ari_app.ari.ami import AmiClient
from ari_app.ari.errors import AriConflict, AriNotFound, AriRefused, AriUnreachable
from ari_app.ari.events import PlaybackFinished
from dev.asterisk import Asterisk
from dev.ports import free_port
from foundation.ids import new_id
from tests.asterisk.ari_connection import Connection, caller_and_leg, connected

RATE = 8000


@pytest.fixture
async def connection(asterisk: Asterisk) -> AsyncIterator[Connection]:
    async with connected(asterisk) as opened, asyncio.timeout(60):
        yield opened


@pytest.fixture
async def ami(asterisk: Asterisk) -> AsyncIterator[AmiClient]:
    client = AmiClient(asterisk.at.address, asterisk.at.ami_port, asterisk.at.user, asterisk.at.password)
    await client.start()
    yield client
    await client.aclose()


async def test_two_files_that_fit_together(connection: Connection, ami: AmiClient, tmp_path: Path) -> None:
    said, heard = tmp_path / "caller side.wav", tmp_path / "座席.wav"
    async with caller_and_leg(connection) as (caller_id, leg_id):
        assert await ami.mix_monitor(caller_id, said, heard)
        await _play(connection, leg_id)
        await _play(connection, caller_id)
        await ami.stop_mix_monitor(caller_id)
    said_audio, rate = soundfile.read(said)
    heard_audio, _ = soundfile.read(heard)
    assert rate == RATE
    assert abs(len(said_audio) - len(heard_audio)) <= RATE // 50, "MixMonitor keeps the sides as long as each other"
    halves = len(said_audio) // 2
    # The leg's sound is the caller's speech; what we play to the caller, the agent hears.
    assert _loudness(said_audio[:halves]) > 10 * _loudness(said_audio[halves:])
    assert _loudness(heard_audio[halves:]) > 10 * _loudness(heard_audio[:halves])


async def test_silence_while_muted(connection: Connection, ami: AmiClient, tmp_path: Path) -> None:
    said = tmp_path / "said.wav"
    async with caller_and_leg(connection) as (caller_id, leg_id):
        await ami.mix_monitor(caller_id, said)
        await ami.mute_mix_monitor(caller_id)
        await _play(connection, leg_id)
        await ami.mute_mix_monitor(caller_id, muted=False)
        await ami.stop_mix_monitor(caller_id)
    assert _loudness(soundfile.read(said)[0]) == 0


async def test_one_of_two_recordings_is_stopped_by_its_id(
    connection: Connection, ami: AmiClient, tmp_path: Path
) -> None:
    async with caller_and_leg(connection) as (caller_id, _):
        first = await ami.mix_monitor(caller_id, tmp_path / "first.wav")
        second = await ami.mix_monitor(caller_id, tmp_path / "second.wav")
        assert first != second
        await ami.stop_mix_monitor(caller_id, first)
        with pytest.raises(AriConflict):
            await ami.stop_mix_monitor(caller_id, first)
        await ami.stop_mix_monitor(caller_id, second)


async def test_ami_errors_mean_the_same_as_aris(connection: Connection, ami: AmiClient, tmp_path: Path) -> None:
    with pytest.raises(AriNotFound):
        await ami.mix_monitor(new_id("gone"), tmp_path / "said.wav")
    async with caller_and_leg(connection) as (caller_id, _):
        with pytest.raises(AriConflict):
            await ami.stop_mix_monitor(caller_id)
        with pytest.raises(AriConflict):
            await ami.mute_mix_monitor(caller_id)


async def test_many_at_once_get_their_own_answers(ami: AmiClient) -> None:
    gone = [ami.stop_mix_monitor(new_id("gone")) for _ in range(50)]
    answers = await asyncio.gather(*gone, *(ami.ping() for _ in range(50)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [AriNotFound] * 50 + [type(None)] * 50


async def test_ami_client_reconnects_after_a_broken_connection(ami: AmiClient) -> None:
    await ami.ping()
    assert ami._writer is not None
    ami._writer.transport.abort()
    while ami.connected:
        await asyncio.sleep(0)
    await ami.ping()


async def test_wrong_credentials_and_a_closed_port_are_errors(asterisk: Asterisk) -> None:
    for port, password in ((asterisk.at.ami_port, "wrong"), (free_port(), asterisk.at.password)):
        stranger = AmiClient(asterisk.at.address, port, asterisk.at.user, password, timeout_s=0.5)
        await stranger.start()
        with pytest.raises(AriUnreachable) as caught:
            await stranger.ping()
        assert not caught.value.sent
        await stranger.aclose()


async def test_a_verb_that_we_were_not_given_is_refused(ami: AmiClient) -> None:
    with pytest.raises(AriRefused):
        await ami._ask("Command", {"Command": "core show version"})


async def _play(connection: Connection, channel_id: str) -> None:
    playback_id = new_id("playback")
    with connection.dispatcher.expect(PlaybackFinished, playback_id) as finished:
        await connection.ari.play(channel_id, ["sound:hello-world"], playback_id=playback_id)
        assert not (await finished).playback.failed


def _loudness(audio: numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.float64]]) -> float:
    return float(numpy.sqrt(numpy.mean(numpy.square(audio)))) if len(audio) else 0.0
