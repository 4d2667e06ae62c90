"""The watchdog alone on a real Asterisk, without the service."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from unittest.mock import AsyncMock

import numpy
import pytest
import soundfile

from ari_app.ari.ami import AmiClient
from ari_app.ari.dispatch import Inbox
from ari_app.ari.events import ChannelDestroyed, StasisEnd, StasisStart
from ari_app.fallback.model import ALIVE, AWAY_S
from ari_app.fallback.service import noted_channels
from ari_app.fallback.watchdog import Watchdog
from dev.asterisk import Asterisk, free_address
from foundation.ids import new_id
from tests.asterisk.ari_connection import PATIENCE_S, Connection, connected

SILENT = "Local/s@somebody"
PROMPT_S = 30
"""Longer than the test looks where they are."""


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    """An Asterisk of its own, with its own state of the service."""
    somebody = "[somebody]\nexten => s,1,Answer()\n same => n,Wait(60)\n"
    prompts = tmp_path_factory.mktemp("prompts")
    for name in ("fallback_wait", "fallback_contact"):
        soundfile.write(prompts / f"{name}.wav", numpy.zeros(8000 * PROMPT_S, dtype=numpy.int16), 8000)
    server = Asterisk(
        free_address(tmp_path_factory.mktemp("watchdog")), prompts=prompts, extensions={"somebody": somebody}
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def connection(exchange: Asterisk) -> AsyncIterator[Connection]:
    async with connected(exchange) as opened, asyncio.timeout(60):
        yield opened


@asynccontextmanager
async def somebody(connection: Connection, *arguments: str) -> AsyncIterator[tuple[str, Inbox]]:
    """A channel in our application that entered it with these arguments."""
    channel_id = new_id("leg")
    with connection.dispatcher.channel(channel_id) as inbox:
        await connection.ari.originate(SILENT, channel_id=channel_id, timeout_s=10, app_args=list(arguments))
        async with asyncio.timeout(PATIENCE_S):
            await inbox.next_of(StasisStart)
        yield channel_id, inbox


async def led_to(connection: Connection, channel_id: str) -> str:
    """Return the extension of the fallback that a channel reached.

    Asterisk reports it a moment after the channel left us.
    """
    async with asyncio.timeout(PATIENCE_S):
        while (position := (await connection.ari.channel(channel_id)).dialplan).context != "fallback":
            await asyncio.sleep(0.02)
    return position.exten


async def noted(exchange: Asterisk) -> frozenset[str]:
    """Return the channels that the fallback noted."""
    at = exchange.at
    ami = AmiClient(at.address, at.ami_port, at.user, at.password)
    await ami.start()
    try:
        return await noted_channels(ami)
    finally:
        await ami.aclose()


async def test_f5_every_caller_without_an_agent_is_led_to_the_fallback(
    connection: Connection, exchange: Asterisk
) -> None:
    watchdog = Watchdog(connection.ari)
    async with (
        somebody(connection, "inbound", "96001") as (caller, caller_events),
        somebody(connection, "contact", "call-1") as (contact, contact_events),
        somebody(connection, "agent", "call-2") as (_, agent_events),
        somebody(connection, "inbound", "96001") as (talking, _),
        somebody(connection, "agent", "call-3") as (talking_agent, _),
        somebody(connection, "inbound", "96001") as (alone, alone_events),
    ):
        await connection.ari.create_bridge("talk-1", types=["mixing"])
        await connection.ari.create_bridge("talk-2", types=["mixing"])
        await connection.ari.add_to_bridge("talk-1", [talking, talking_agent])
        await connection.ari.add_to_bridge("talk-2", [alone])

        assert await watchdog.lead_to_fallback() == 2

        async with asyncio.timeout(PATIENCE_S):
            for events in (caller_events, contact_events, agent_events, alone_events):
                await events.next_of(StasisEnd)
        for channel_id, extension in ((caller, "s"), (contact, "contact")):
            assert await led_to(connection, channel_id) == extension
        assert {caller, contact} <= await noted(exchange)
        (bridge,) = [one for one in await connection.ari.bridges() if one.id == "talk-1"]
        assert set(bridge.channels) == {talking, talking_agent}
        assert await watchdog.lead_to_fallback() == 0


async def test_f5_caller_who_left_meanwhile_does_not_stop_the_others(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        somebody(connection, "inbound", "96001") as (left, left_events),
        somebody(connection, "inbound", "96001") as (gone, gone_events),
        somebody(connection, "inbound", "96001") as (waiting, waiting_events),
    ):
        listed = await connection.ari.channels()
        monkeypatch.setattr(connection.ari, "channels", AsyncMock(return_value=listed))
        await connection.ari.continue_in_dialplan(left, context="fallback", extension="contact", priority=1)
        await connection.ari.hang_up(gone)
        async with asyncio.timeout(PATIENCE_S):
            await left_events.next_of(StasisEnd)
            await gone_events.next_of(ChannelDestroyed)

        assert await Watchdog(connection.ari).lead_to_fallback() == 1

        async with asyncio.timeout(PATIENCE_S):
            await waiting_events.next_of(StasisEnd)
        for channel_id, extension in ((left, "contact"), (waiting, "s")):
            assert await led_to(connection, channel_id) == extension


@pytest.mark.parametrize(("seconds", "away"), [(0, False), (AWAY_S - 5, False), (AWAY_S + 1, True)])
async def test_f5_a_service_is_missed_when_its_last_beat_is_old(
    connection: Connection, seconds: float, *, away: bool
) -> None:
    now = int(await connection.ari.global_variable("EPOCH"))
    await connection.ari.set_global_variable(ALIVE, str(int(now - seconds)))

    assert await Watchdog(connection.ari).service_away() is away
