"""The pace of coming back."""

import asyncio

from aiohttp import web

from ari_app.ari import inbound
from ari_app.ari.inbound import FIRST_DELAY_S, LONGEST_DELAY_S, InboundEvents, delay_s


def test_delays_double_up_to_a_limit_and_differ() -> None:
    for failures in range(1, 50):
        limit = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** (failures - 1))
        assert all(limit / 2 <= delay_s(failures) <= limit for _ in range(20))
    assert len({delay_s(1) for _ in range(20)}) > 1
    assert delay_s(10_000) <= LONGEST_DELAY_S


async def test_a_server_that_closes_politely_at_once_is_not_hammered() -> None:
    accepted = 0

    async def accept(request: web.Request) -> web.WebSocketResponse:
        nonlocal accepted
        accepted += 1
        socket = web.WebSocketResponse(protocols=("ari",))
        await socket.prepare(request)
        await socket.close()
        return socket

    application = web.Application()
    application.router.add_get("/ari/events", accept)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    source = InboundEvents(lambda _: None, url=f"http://127.0.0.1:{port}/ari", user="u", password="p", application="a")
    await source.start()
    await asyncio.sleep(1.5)
    await source.aclose()
    await runner.cleanup()
    # 0.25, 0.5, 1 s at the longest, half of that at the shortest.
    assert 2 <= accepted <= 5
    assert inbound.STABLE_S > 1
