"""Connections come and go, with events and calls of the gap.

Also the credentials that a connection needs.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import aiohttp
import pytest

from ari_app.ari.client import AriClient
from ari_app.ari.dispatch import Dispatcher
from ari_app.ari.errors import AriNotFound, NotRegistered
from ari_app.ari.events import ChannelDestroyed, ChannelDtmfReceived, Event, StasisStart
from ari_app.ari.inbound import InboundEvents
from ari_app.ari.source import EventSource
from dev.asterisk import Asterisk
from dev.ports import free_port
from foundation.ids import new_id
from tests.asterisk.ari_connection import (
    PATIENCE_S,
    Connection,
    SourceKind,
    caller_and_leg,
    connected,
    new_client,
    new_source,
)


@pytest.fixture(autouse=True)
async def patience() -> AsyncIterator[None]:
    async with asyncio.timeout(60):
        yield


async def test_outbound_keeps_events_and_new_calls_of_a_gap(asterisk: Asterisk) -> None:
    async with connected(asterisk) as connection, caller_and_leg(connection) as (caller_id, leg_id):
        await connection.source.aclose()
        assert not connection.source.connected
        await connection.ari.send_dtmf(leg_id, "12")
        late_id = new_id("leg")
        await connection.ari.originate(connection.caller, channel_id=late_id, timeout_s=10)
        while (await connection.ari.channel(f"{late_id};2")).stasis_arguments(connection.application) is None:
            await asyncio.sleep(0.01)
        await _hang_up_and_wait(connection.ari, late_id)

        new_calls: asyncio.Queue[StasisStart] = asyncio.Queue()
        dispatcher = Dispatcher()
        dispatcher.new_channel.add_listener(new_calls.put_nowait)
        again = new_source(asterisk, "outbound", dispatcher, connection.ari, connection.ari.filter_events)
        with dispatcher.channel(caller_id) as inbox:
            await again.start()
            keys = [(await inbox.next_of(ChannelDtmfReceived)).digit for _ in "12"]
        assert keys == ["1", "2"]
        late = await new_calls.get()
        assert late.channel.id == f"{late_id};2"
        with dispatcher.channel(late.channel.id) as inbox:
            await inbox.next_of(ChannelDestroyed)
        await again.aclose()


async def test_silenced_events_are_not_sent(asterisk: Asterisk) -> None:
    """Check that an outbound connection is silenced before it is closed.

    Asterisk may crash if it writes an event while that ends.
    """
    async with connected(asterisk) as connection, caller_and_leg(connection) as (caller_id, leg_id):
        with connection.dispatcher.channel(caller_id) as inbox:
            await connection.ari.silence_events()
            await connection.ari.send_dtmf(leg_id, "1")
            await _until_heard(connection.ari, caller_id)
            await connection.ari.filter_events()
            await connection.ari.send_dtmf(leg_id, "2")
            assert (await inbox.next_of(ChannelDtmfReceived)).digit == "2"


async def test_events_wait_until_the_way_back_is_found(asterisk: Asterisk) -> None:
    async with connected(asterisk) as connection, caller_and_leg(connection) as (_, leg_id):
        await connection.source.aclose()
        await connection.ari.hang_up(leg_id)
        happened: list[str] = []
        adopted = asyncio.Event()
        dispatcher = Dispatcher()
        dispatcher.listen(ChannelDestroyed, lambda _: happened.append("event"))

        async def adopt() -> None:
            # Long enough for the events of the gap to arrive: another request on the same Asterisk after them.
            await connection.ari.filter_events()
            await asyncio.wait_for(adopted.wait(), PATIENCE_S)
            happened.append("adopted")

        source = new_source(asterisk, "outbound", dispatcher, connection.ari, adopt)
        await source.start()
        while not source._delayed:
            await asyncio.sleep(0.01)
        assert not source.connected
        adopted.set()
        await source.wait_connected()
        while len(happened) < 2:
            await asyncio.sleep(0.01)
        await source.aclose()
        assert happened[:2] == ["adopted", "event"]


@pytest.mark.parametrize("kind", ["outbound", "inbound"])
async def test_a_broken_connection_comes_back(asterisk: Asterisk, kind: SourceKind) -> None:
    hooks: list[str] = []

    async def on_connected() -> None:
        hooks.append("connected")

    async with new_client(asterisk, kind) as ari:
        source = new_source(asterisk, kind, Dispatcher(), ari, on_connected, lambda: hooks.append("disconnected"))
        await source.start()
        await source.wait_connected()
        _break(source)
        while source.connects < 2 or not source.connected:
            await asyncio.sleep(0.01)
        await source.aclose()
    assert hooks == ["connected", "disconnected", "connected", "disconnected"]


async def test_f7_connection_shut_down_by_an_operator_is_opened_again(asterisk: Asterisk) -> None:
    async with connected(asterisk) as connection:
        await asyncio.to_thread(asterisk.command, "ari shutdown websocket sessions")
        while connection.source.connects < 2 or not connection.source.connected:
            await asyncio.sleep(0.01)


async def test_a_hook_that_fails_does_not_stop_the_calls(asterisk: Asterisk) -> None:
    async def broken() -> None:
        raise RuntimeError("a bug")

    dispatcher = Dispatcher()
    async with new_client(asterisk, "inbound") as ari:
        source = new_source(asterisk, "inbound", dispatcher, ari, broken)
        await source.start()
        await source.wait_connected()
        connection = Connection(ari.application, ari, dispatcher, source)
        async with caller_and_leg(connection) as (_, leg_id):
            await ari.hang_up(leg_id)
        await source.aclose()


async def test_a_process_that_was_replaced_stands_down(asterisk: Asterisk) -> None:
    async with new_client(asterisk, "inbound") as ari:
        first = new_source(asterisk, "inbound", Dispatcher(), ari)
        await first.start()
        await first.wait_connected()
        second = new_source(asterisk, "inbound", Dispatcher(), ari)
        await second.start()
        await second.wait_connected()
        while first.connected or not first.replaced:
            await asyncio.sleep(0.01)
        assert second.connected
        assert not second.replaced
        await first.aclose()
        await second.aclose()


async def test_a_connection_without_its_application_is_not_called_connected(asterisk: Asterisk) -> None:
    async def on_connected() -> None:
        raise NotRegistered("PUT", "/applications/hotline/eventFilter", "Application not found", status=404)

    async with new_client(asterisk, "inbound") as ari:
        source = new_source(asterisk, "inbound", Dispatcher(), ari, on_connected)
        await source.start()
        while not source.replaced:
            await asyncio.sleep(0.01)
        assert not source.connected
        await source.aclose()


async def test_only_asterisk_may_connect_to_us(asterisk: Asterisk) -> None:
    async with connected(asterisk) as connection:
        url = asterisk.at.events_url
        wrong = {"Authorization": aiohttp.encode_basic_auth(asterisk.at.user, "wrong")}
        right = {"Authorization": aiohttp.encode_basic_auth(asterisk.at.user, asterisk.at.password)}
        async with aiohttp.ClientSession() as session:
            for headers, protocols in (({}, ["ari"]), (wrong, ["ari"]), (right, ["other"]), (right, [])):
                with pytest.raises(aiohttp.WSServerHandshakeError):
                    await session.ws_connect(url, headers=headers, protocols=protocols)
            async with session.get(url.replace("ws://", "http://"), headers=right) as response:
                assert response.status == 400
        assert connection.source.connected


async def test_inbound_waits_for_an_asterisk_that_is_not_there() -> None:
    events: list[Event] = []
    source = InboundEvents(
        events.append, url=f"http://127.0.0.1:{free_port()}/ari", user="x", password="y", application="z"
    )
    await source.start()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(source.wait_connected(), 0.5)
    await source.aclose()
    assert events == []


def _break(source: EventSource) -> None:
    """Cut the connection as a network does: without a word."""
    assert source._socket is not None
    source._socket.get_extra_info("socket").shutdown(socket.SHUT_RDWR)


async def _until_heard(ari: AriClient, channel_id: str) -> None:
    """Play on the channel for longer than a key takes."""
    playback_id = new_id("playback")
    await ari.play(channel_id, ["sound:hello-world"], playback_id=playback_id)
    with suppress(AriNotFound):
        while await ari.playback(playback_id):
            await asyncio.sleep(0.02)


async def _hang_up_and_wait(ari: AriClient, channel_id: str) -> None:
    await ari.hang_up(channel_id)
    while channel_id in {channel.id for channel in await ari.channels()}:
        await asyncio.sleep(0.02)
