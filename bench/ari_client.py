"""Latency of our ARI client beside raw aiohttp and asyncari (G6).

Each sends `GET /channels`, one request after the other.

Raw aiohttp is its plain session, its plain `get`, and the answer's bytes, unread: no client can do less. Ours hands
back typed channels. The same raw client that also parses the JSON, and asyncari, are in the detail.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import aiohttp
import asyncari

from ari_app.ari.client import AriClient
from ari_app.ari.dispatch import Dispatcher
from ari_app.ari.errors import AriNotFound
from ari_app.ari.events import StasisStart
from ari_app.ari.outbound import OutboundEvents
from bench.harness import Context, Row, note, paired_rounds, percentile, ratio_row, summary
from dev.asterisk import Asterisk, AsteriskAddress, free_address

AIM = 1.15
REQUESTS = 1500
WARM_UP = 100
CALLS = 4
"""Calls that are up meanwhile: eight channels to tell of, as on a quiet day."""

Request = Callable[[], Awaitable[object]]


async def run(context: Context) -> list[Row]:
    """Return the row of G6: the median ratio of the rounds."""
    server = Asterisk(free_address(context.folder / "asterisk"))
    server.start()
    try:
        async with AsyncExitStack() as stack:
            ours = await stack.enter_async_context(_ours(server.at))
            session = await stack.enter_async_context(aiohttp.ClientSession(headers=_headers(server.at)))
            theirs = await stack.enter_async_context(_asyncari(server.at))
            return [await _measure(context, ours.channels, session, f"{server.at.rest_url}/channels", theirs)]
    finally:
        server.stop()


async def _measure(
    context: Context, ours: Request, session: aiohttp.ClientSession, url: str, asyncari_channels: Request
) -> Row:
    async def raw() -> bytes:
        async with session.get(url) as response:
            return await response.read()

    async def raw_and_json() -> object:
        return json.loads(await raw())

    told = json.loads(await raw())
    assert len(told) == 2 * CALLS == len(await _listed(ours))
    pairs = await paired_rounds(context.rounds, _timed(ours), _timed(raw))
    beside = await paired_rounds(context.rounds, _timed(asyncari_channels), _timed(raw_and_json))
    sides = {
        "ours": [of_ours for of_ours, _ in pairs],
        "raw_aiohttp": [of_raw for _, of_raw in pairs],
        "asyncari": [of_asyncari for of_asyncari, _ in beside],
        "raw_aiohttp_and_json": [of_json for _, of_json in beside],
    }
    medians = {name: [percentile(one, 0.5) for one in rounds] for name, rounds in sides.items()}
    context.keep("G6", {"samples_ms": sides})
    detail = {
        "what": f"GET /channels with {len(told)} channels, {REQUESTS} requests a round, one at a time",
        **{name: summary([sample for one in rounds for sample in one]) for name, rounds in sides.items()},
        "asyncari_by_ours": round(percentile(medians["asyncari"], 0.5) / percentile(medians["ours"], 0.5), 2),
    }
    return ratio_row("G6", medians["ours"], medians["raw_aiohttp"], AIM, "ms", detail)


async def _listed(request: Request) -> list[object]:
    answer = await request()
    assert isinstance(answer, list)
    return answer


def _timed(request: Request) -> Callable[[int], Awaitable[list[float]]]:
    async def measure(_: int) -> list[float]:
        for _ in range(WARM_UP):
            await request()
        samples = []
        for _ in range(REQUESTS):
            began = time.perf_counter_ns()
            await request()
            samples.append((time.perf_counter_ns() - began) / 1e6)
        return samples

    return measure


@asynccontextmanager
async def _ours(at: AsteriskAddress) -> AsyncIterator[AriClient]:
    """Our client, with calls up for as long as it is needed."""
    ari = AriClient(at.rest_url, at.user, at.password, application=at.application)
    callers: asyncio.Queue[StasisStart] = asyncio.Queue()
    dispatcher = Dispatcher()
    dispatcher.new_channel.add_listener(callers.put_nowait)
    source = OutboundEvents(
        dispatcher.dispatch,
        host=at.address,
        port=at.events_port,
        user=at.user,
        password=at.password,
        on_connected=ari.filter_events,
        on_closing=ari.silence_events,
    )
    await ari.start()
    await ari.wait_until_ready()
    await source.start()
    await source.wait_connected()
    for number in range(CALLS):
        with dispatcher.channel(f"leg-{number}") as inbox:
            await ari.originate(f"Local/96001@stasis-{at.application}/n", channel_id=f"leg-{number}", timeout_s=10)
            await ari.answer((await callers.get()).channel.id)
            await inbox.next_of(StasisStart)
    note(f"G6: {CALLS} calls are up")
    yield ari
    for channel in await ari.channels():
        with suppress(AriNotFound):
            await ari.hang_up(channel.id)
    await source.aclose()
    await ari.aclose()


@asynccontextmanager
async def _asyncari(at: AsteriskAddress) -> AsyncIterator[Request]:
    url = f"http://{at.address}:{at.http_port}/"
    async with asyncari.connect(url, "bench-asyncari", at.user, at.password) as client:
        yield client.channels.list


def _headers(at: AsteriskAddress) -> dict[str, str]:
    return {"Authorization": aiohttp.encode_basic_auth(at.user, at.password)}
