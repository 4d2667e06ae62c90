"""Both event sources and the dispatcher on a real Asterisk, with Local channels for callers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ari_app.ari.client import AriClient
from ari_app.ari.dispatch import Dispatcher
from ari_app.ari.events import (
    BridgeDestroyed,
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelEnteredBridge,
    ChannelLeftBridge,
    PlaybackFinished,
    PlaybackStarted,
    RecordingFinished,
    StasisEnd,
    StasisStart,
)
from ari_app.ari.inbound import InboundEvents
from ari_app.ari.outbound import OutboundEvents
from ari_app.ari.source import EventSource
from ari_app.local.asterisk import Asterisk
from foundation.ids import new_id

PATIENCE_S = 15.0


@asynccontextmanager
async def connected(asterisk: Asterisk, kind: str) -> AsyncIterator[tuple[AriClient, Dispatcher, EventSource]]:
    """A client and a dispatcher that hears of our application's events."""
    at = asterisk.at
    ari = AriClient(at.rest_url, at.user, at.password, application=at.application)
    dispatcher = Dispatcher()

    async def on_connected() -> None:
        await ari.wait_until_ready(PATIENCE_S)
        await ari.filter_events()

    source: EventSource
    if kind == "outbound":
        source = OutboundEvents(
            dispatcher.dispatch,
            host=at.address,
            port=at.events_port,
            user=at.user,
            password=at.password,
            on_connected=on_connected,
        )
    else:
        source = InboundEvents(
            dispatcher.dispatch,
            url=at.rest_url,
            user=at.user,
            password=at.password,
            application=at.application,
            on_connected=on_connected,
        )
    await ari.start()
    await source.start()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await source.wait_connected()
        yield ari, dispatcher, source
    finally:
        await source.aclose()
        await ari.aclose()


@pytest.fixture(params=["outbound", "inbound"])
async def connection(
    asterisk: Asterisk, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[AriClient, Dispatcher, EventSource]]:
    async with connected(asterisk, request.param) as parts, asyncio.timeout(60):
        yield parts


async def test_a_call_from_its_start_to_its_end(connection: tuple[AriClient, Dispatcher, EventSource]) -> None:
    ari, dispatcher, source = connection
    channel_id = new_id("leg")
    with dispatcher.channel(channel_id) as inbox:
        await ari.originate("Local/s@fallback", channel_id=channel_id, timeout_s=5, app_args=["agent", "call-1"])
        start = await inbox.next_of(StasisStart)
        assert start.args == ["agent", "call-1"]
        assert start.at.tzinfo is not None
        assert (await ari.channel(channel_id)).stasis_arguments("hotline") == ["agent", "call-1"]
        await ari.hang_up(channel_id)
        await inbox.next_of(StasisEnd)
        assert (await inbox.next_of(ChannelDestroyed)).channel_id == channel_id
    assert not source.decoder.malformed
