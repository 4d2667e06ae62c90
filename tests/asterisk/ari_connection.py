"""ARI client, dispatcher and event source on the worker's Asterisk."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from ari_app.ari.client import AriClient
from ari_app.ari.dispatch import Dispatcher
from ari_app.ari.errors import AriNotFound
from ari_app.ari.events import StasisStart
from ari_app.ari.inbound import InboundEvents
from ari_app.ari.outbound import OutboundEvents
from ari_app.ari.source import EventSource
from dev.asterisk import Asterisk
from foundation.ids import new_id

PATIENCE_S = 20.0

INBOUND_APPLICATION = "hotline-inbound"
"""Not the outbound one's: Asterisk loses that for good once an inbound connection took its name."""

SourceKind = Literal["outbound", "inbound"]


@dataclass
class Connection:
    """One service's connection to Asterisk."""

    application: str
    ari: AriClient
    dispatcher: Dispatcher
    source: EventSource

    @property
    def caller(self) -> str:
        """Return a dial string that enters our application like a caller.

        Its far half comes by the context that Asterisk makes for the application.
        """
        return f"Local/96001@stasis-{self.application}/n"


def new_source(
    asterisk: Asterisk,
    kind: SourceKind,
    dispatcher: Dispatcher,
    ari: AriClient,
    on_connected: Callable[[], Awaitable[None]] | None = None,
    on_disconnected: Callable[[], None] | None = None,
) -> EventSource:
    """An event source of either kind, not started."""
    at = asterisk.at
    if kind == "outbound":
        return OutboundEvents(
            dispatcher.dispatch,
            host=at.address,
            port=at.events_port,
            user=at.user,
            password=at.password,
            on_connected=on_connected,
            on_disconnected=on_disconnected,
            on_closing=ari.silence_events,
            on_closed=ari.filter_events,
            on_missing=ari.reopen_connections,
        )
    return InboundEvents(
        dispatcher.dispatch,
        url=at.rest_url,
        user=at.user,
        password=at.password,
        application=INBOUND_APPLICATION,
        on_connected=on_connected,
        on_disconnected=on_disconnected,
    )


@asynccontextmanager
async def new_client(asterisk: Asterisk, kind: SourceKind = "outbound") -> AsyncIterator[AriClient]:
    """A started client."""
    at = asterisk.at
    application = at.application if kind == "outbound" else INBOUND_APPLICATION
    ari = AriClient(at.rest_url, at.user, at.password, application=application)
    await ari.start()
    try:
        await ari.wait_until_ready(PATIENCE_S)
        yield ari
    finally:
        await ari.aclose()


@asynccontextmanager
async def connected(asterisk: Asterisk, kind: SourceKind = "outbound") -> AsyncIterator[Connection]:
    """Everything started; channels that a test leaves behind are hung up."""
    async with new_client(asterisk, kind) as ari:
        dispatcher = Dispatcher()
        source = new_source(asterisk, kind, dispatcher, ari, on_connected=ari.filter_events)
        await source.start()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await source.wait_connected()
            yield Connection(ari.application, ari, dispatcher, source)
        finally:
            for channel in await ari.channels():
                with suppress(AriNotFound):
                    await ari.hang_up(channel.id)
            await source.aclose()


@asynccontextmanager
async def caller_and_leg(connection: Connection) -> AsyncIterator[tuple[str, str]]:
    """Open a Local channel with both halves in our application.

    One is a caller who dialled the hotline, the other a leg that we placed.
    """
    dispatcher, leg_id = connection.dispatcher, new_id("leg")
    callers: asyncio.Queue[str] = asyncio.Queue()
    dispatcher.new_channel.add_listener(lambda event: callers.put_nowait(event.channel.id))
    with dispatcher.channel(leg_id) as inbox:
        await connection.ari.originate(connection.caller, channel_id=leg_id, timeout_s=10, app_args=["leg"])
        async with asyncio.timeout(PATIENCE_S):
            caller_id = await callers.get()
            await connection.ari.answer(caller_id)
            await inbox.next_of(StasisStart)
            yield caller_id, leg_id
