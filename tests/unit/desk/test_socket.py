"""Handshake of the desk's WebSocket, and hostile peers (S18–S20, G16)."""

import asyncio
import contextlib
import socket
from typing import Any

import aiohttp
import msgspec
import pytest

from ari_app.desk import handshake
from ari_app.desk.model import Notice, NoticeLevel
from ari_app.desk.pop import SpokenWording
from ari_app.desk.socket import SUBPROTOCOL, CloseCode, SocketLimits
from ari_app.web.sessions import TICKET, Session, Sessions
from foundation.routes import Role
from tests.unit.web.conftest import AGENT, ORIGIN, SOCKET, Build, House, OpenDesk, person


async def refused(house: House, status: int, **options: Any) -> None:
    async with house.client(**options.pop("headers", {})) as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await http.ws_connect(options.pop("path", SOCKET), **options)
    assert caught.value.status == status


async def ticket_for(house: House, role: Role = Role.AGENT) -> str:
    async with await house.signed_in(role) as http, http.post("/api/v1/desk/ticket") as answer:
        assert answer.status == 201
        body = await answer.json()
        assert body["expires_in_s"] == 30
        return str(body["ticket"])


async def greeted(house: House, ticket: str) -> aiohttp.WSMessage:
    """Return the response to a ticket."""
    async with house.client() as http, http.ws_connect(SOCKET, origin=ORIGIN) as desk:
        await desk.send_json({"type": "hello", "ticket": ticket})
        return await desk.receive(timeout=5)


async def test_a_cookie_opens_a_desk_only_from_our_page(house: House) -> None:
    cookie = {"Cookie": f"hotline={await house.token(Role.AGENT)}"}
    async with house.client(**cookie) as http, http.ws_connect(SOCKET, origin=ORIGIN) as desk:
        assert (await desk.receive_json(timeout=5))["type"] == "welcome"
    await refused(house, 403, headers=cookie, origin="https://evil.test")
    await refused(house, 403, headers=cookie, origin="null")
    await refused(house, 403, headers=cookie)


async def test_a_foreign_page_is_refused_whatever_it_has(house: House) -> None:
    ticket = await ticket_for(house)
    await refused(house, 403, origin="https://evil.test")
    await refused(house, 403, origin="https://evil.test", protocols=[SUBPROTOCOL, f"ticket.{ticket}"])
    await refused(
        house, 403, origin="https://evil.test", headers={"Authorization": f"Bearer {await house.token(Role.AGENT)}"}
    )
    assert (await greeted(house, ticket)).json()["type"] == "welcome"


async def test_a_ticket_works_once_as_message_or_subprotocol(house: House) -> None:
    ticket = await ticket_for(house)
    assert (await greeted(house, ticket)).json()["type"] == "welcome"
    again = await greeted(house, ticket)
    assert (again.type, again.data) == (aiohttp.WSMsgType.CLOSE, CloseCode.SIGNED_OUT)
    await refused(house, 401, origin=ORIGIN, protocols=[SUBPROTOCOL, f"ticket.{ticket}"])
    protocols = [SUBPROTOCOL, f"ticket.{await ticket_for(house)}"]
    async with house.client() as http, http.ws_connect(SOCKET, origin=ORIGIN, protocols=protocols) as desk:
        assert desk.protocol == SUBPROTOCOL
        assert (await desk.receive_json(timeout=5))["type"] == "welcome"


async def test_one_ticket_shown_twice_at_once_works_once(house: House) -> None:
    ticket = await ticket_for(house)
    answers = await asyncio.gather(*(greeted(house, ticket) for _ in range(6)))
    assert [answer.type for answer in answers].count(aiohttp.WSMsgType.TEXT) == 1


async def test_a_ticket_is_short_lived_and_dies_with_its_session(house: House) -> None:
    token = await house.token(Role.AGENT)
    session = await house.sessions.find(token)
    assert session
    ticket = await house.sessions.ticket(session)
    (key,) = await house.redis.keys(f"{TICKET}*")
    assert 25 <= await house.redis.ttl(key) <= 30
    assert ticket.encode() not in key
    await house.sessions.end(session)
    assert (await greeted(house, ticket)).data == CloseCode.SIGNED_OUT


@pytest.mark.parametrize(
    "first", [b'{"type": "hello"}', b'{"type": "hello", "ticket": 1}', b'{"type": "ready"}', b"", b"\x00", b"[" * 999]
)
async def test_socket_without_a_hello_is_closed(house: House, first: bytes) -> None:
    async with house.client() as http, http.ws_connect(SOCKET, origin=ORIGIN) as desk:
        await desk.send_str(first.decode())
        assert (await desk.receive(timeout=5)).data == CloseCode.SIGNED_OUT
    assert house.hub.sockets() == []


async def test_silent_socket_is_closed(build: Build) -> None:
    house = await build(sockets=SocketLimits(hello_s=0.05))
    async with house.client() as http, http.ws_connect(SOCKET, origin=ORIGIN) as desk:
        assert (await desk.receive(timeout=5)).data == CloseCode.SIGNED_OUT


async def test_sockets_without_a_ticket_are_limited(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake, "STRANGERS", 2)
    house = await build()
    async with house.client() as http, http.ws_connect(SOCKET), http.ws_connect(SOCKET):
        await refused(house, 503)


async def test_query_of_the_socket_is_refused(house: House) -> None:
    token = await house.token(Role.AGENT)
    await refused(house, 400, origin=ORIGIN, path=f"{SOCKET}?token={token}")
    await refused(house, 400, origin=ORIGIN, path=f"{SOCKET}?ticket={await ticket_for(house)}")


class NoDesks:
    """Desks of a node that loses its message to other nodes."""

    def session(self, _session_id: str) -> Session | None:
        return None

    async def end_session(self, _staff_id: str, _session_id: str | None) -> None:
        return


@pytest.mark.parametrize("everywhere", [False, True])
async def test_session_ended_on_another_node_closes_the_desk_although_the_message_is_lost(
    house: House, open_desk: OpenDesk, everywhere: bool
) -> None:
    desk = await open_desk()
    await desk.read("welcome")
    (opened,) = house.hub.sockets()
    await house.sockets.look()
    await desk.say(type="ping")
    await desk.read("pong")
    elsewhere = Sessions(house.redis, house.staff, NoDesks())
    await (elsewhere.end_all(opened.staff_id) if everywhere else elsewhere.end(opened.session))
    await house.sockets.look()
    assert await desk.closed() == CloseCode.SIGNED_OUT
    assert await house.sessions.find_by_id(opened.session.id) is None


async def test_session_that_redis_lost_is_restored_by_its_desk(house: House, open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.read("welcome")
    (opened,) = house.hub.sockets()
    await house.redis.flushall()
    await house.sockets.look()
    await desk.say(type="ping")
    await desk.read("pong")
    assert await house.sessions.find_by_id(opened.session.id) == opened.session


async def test_signing_out_closes_the_desk_and_signs_the_agent_out_of_the_queues(
    house: House, open_desk: OpenDesk
) -> None:
    out: list[str] = []

    async def signed_out(agent_id: str) -> None:
        out.append(agent_id)

    house.desks.signed_out = signed_out
    older = await house.sessions.find(await house.token(Role.AGENT))
    assert older is not None
    desk = await open_desk()
    await desk.read("welcome")
    (opened,) = house.hub.sockets()
    await house.sessions.end(older)
    assert out == [], "the desk of a newer session is open"
    await house.sessions.end(opened.session)
    assert out[:1] == [AGENT], "at once, not when the socket is gone"
    assert await desk.closed() == CloseCode.SIGNED_OUT


async def test_nonsense_is_refused_and_the_desk_stays(house: House, open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.read("welcome")
    for sent in ("{", "[]", '{"type": "sudo"}', '{"type": "not_ready"}', '{"type": "ready", "role": "administrator"}'):
        await desk.socket.send_str(sent)
        assert (await desk.read())["problem"] == "malformed"
    await desk.say(type="ping")
    assert (await desk.read())["type"] == "pong"


async def test_a_flood_closes_only_the_flooding_desk(house: House, open_desk: OpenDesk) -> None:
    flooding, other = await open_desk(), await open_desk(Role.AGENT, 1)
    await flooding.read("welcome")
    await other.read("welcome")
    with contextlib.suppress(ConnectionError):
        for _ in range(10_000):
            await flooding.socket.send_str('{"type": "ping"}')
    assert await flooding.closed() in {1008, 1006}
    await other.say(type="ping")
    assert (await other.read())["type"] == "pong"


async def test_a_flood_of_pings_counts_as_well(house: House, open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.read("welcome")
    with contextlib.suppress(ConnectionError):
        for _ in range(10_000):
            await desk.socket.ping()
    assert await desk.closed() in {1008, 1006}


async def test_a_huge_message_closes_the_desk(house: House, open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.read("welcome")
    with contextlib.suppress(ConnectionError):
        await desk.socket.send_str("x" * 17_000)
    assert await desk.closed() in {1009, 1006}


async def test_nothing_is_compressed(house: House, open_desk: OpenDesk) -> None:
    desk = await open_desk(compress=15)
    await desk.read("welcome")
    assert not desk.socket.compress


async def test_binary_is_refused(house: House, open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.read("welcome")
    await desk.socket.send_bytes(b'{"type": "ping"}')
    assert await desk.closed() == 1003


async def test_desk_that_does_not_read_is_dropped_without_delaying_others(build: Build, open_desk: OpenDesk) -> None:
    house = await build(sockets=SocketLimits(outbound_bytes=64 * 1024))
    stalled = await stalled_desk(house)
    reading = await open_desk(Role.SUPERVISOR, at=house)
    await reading.read("welcome")
    assert house.hub.connected(AGENT)
    notice = Notice(level=NoticeLevel.INFO, text=SpokenWording("字" * 5000, "x" * 5000))
    everybody = [Role.AGENT, Role.SUPERVISOR]
    async with asyncio.timeout(20):
        while house.hub.connected(AGENT):
            await house.hub.broadcast(everybody, notice)
            assert (await reading.read())["type"] == "notice"
            await asyncio.sleep(0)
    assert not await house.hub.send(AGENT, notice)
    assert await house.hub.send(person(Role.SUPERVISOR).staff_id, notice)
    stalled.close()


async def stalled_desk(house: House) -> socket.socket:
    """Return the socket of a desk that stopped reading after its welcome."""
    loop = asyncio.get_running_loop()
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await loop.sock_connect(raw, ("127.0.0.1", house.server.port))
    protocols = f"{SUBPROTOCOL}, ticket.{await ticket_for(house)}"
    head = [
        f"GET {SOCKET} HTTP/1.1",
        "Host: desk.test",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        f"Sec-WebSocket-Protocol: {protocols}",
        f"Origin: {ORIGIN}",
    ]
    await loop.sock_sendall(raw, "\r\n".join([*head, "", ""]).encode())
    received = b""
    async with asyncio.timeout(5):
        while b'"type":"welcome"' not in received:
            received += (came := await loop.sock_recv(raw, 4096))
            assert came, "hung up on before its welcome"
    assert msgspec.json.decode(received[received.index(b"{") :])["staff_id"] == AGENT
    return raw


async def test_a_dead_peer_is_noticed(build: Build) -> None:
    house = await build(sockets=SocketLimits(heartbeat_s=1.0))
    gone = asyncio.Event()

    async def on_presence(_agent_id: str, connected: bool) -> None:
        if not connected:
            gone.set()

    house.desks.presence = on_presence
    stalled = await stalled_desk(house)
    async with asyncio.timeout(20):
        await gone.wait()
    assert house.hub.sockets() == []
    stalled.close()
