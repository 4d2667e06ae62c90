"""Transport against servers that answer late, wrongly or not at all."""

import asyncio
import inspect
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import ari_app
from ari_app import ari
from ari_app.ari.client import AriClient
from ari_app.ari.errors import AriError, AriNotFound, AriTimeout, AriUnreachable, ServerFault
from ari_app.ari.rest import Query, RequestKind, encode_query
from dev.ports import free_port

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


NEVER_S = 30.0
"""Only a test of giving up may depend on how soon a busy machine gets round to something."""


@asynccontextmanager
async def server(answer: Answer, *, timeout_s: float = NEVER_S) -> AsyncIterator[AriClient]:
    """A client of a server that does `answer` with every connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    client = AriClient(f"http://127.0.0.1:{port}/ari", "user", "password", application="hotline", timeout_s=timeout_s)
    await client.start()
    try:
        yield client
    finally:
        await client.aclose()
        listening.close()
        await listening.wait_closed()


async def request_of(reader: asyncio.StreamReader) -> str:
    return (await reader.readuntil(b"\r\n\r\n")).decode()


async def test_request_without_a_response_counts_as_sent() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        await reader.read()

    async with server(silent, timeout_s=2) as client:
        with pytest.raises(AriTimeout, match=r"POST /channels/x/answer: no answer within 2 s") as caught:
            await client.answer("x")
    assert caught.value.sent


async def test_request_on_a_broken_connection_counts_as_sent() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)

    async with server(hang_up) as client:
        with pytest.raises(AriUnreachable) as caught:
            await client.answer("x")
    assert caught.value.sent


async def test_request_without_a_server_was_not_sent() -> None:
    client = AriClient(f"http://127.0.0.1:{free_port()}/ari", "user", "password", application="hotline")
    with pytest.raises(AriUnreachable, match="not started"):
        await client.ping()
    await client.start()
    with pytest.raises(AriUnreachable) as caught:
        await client.ping()
    assert not caught.value.sent
    await client.aclose()


async def test_request_without_a_free_connection_was_not_sent() -> None:
    asked: list[str] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await request_of(reader))
        await reader.read()

    async with server(silent, timeout_s=3.0) as client:
        outcomes = await asyncio.gather(*(client.answer(str(n)) for n in range(30)), return_exceptions=True)
    assert len(asked) == 24, "the pool is bounded"
    sent = [outcome.sent for outcome in outcomes if isinstance(outcome, AriTimeout)]
    assert sorted(sent) == [False] * 6 + [True] * 24


async def test_refusals_and_nonsense_are_exceptions() -> None:
    answers = iter(
        [
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 31\r\n\r\n" + b'{"message":"Channel not found"}',
            b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops",
            b"complete nonsense\r\n\r\n",
        ]
    )

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(next(answers))
        await writer.drain()

    async with server(answer) as client:
        with pytest.raises(AriNotFound, match="DELETE /channels/x: Channel not found"):
            await client.hang_up("x")
        with pytest.raises(ServerFault):
            await client.hang_up("x")
        with pytest.raises(AriUnreachable) as caught:
            await client.hang_up("x")
    assert caught.value.sent


async def test_credentials_travel_in_a_header_and_ids_stay_in_their_segment() -> None:
    requests: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await request_of(reader))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()

    async with server(answer) as client:
        await client.stop_recording("2026/11 日?x=#1")
    (request,) = requests
    assert request.startswith("POST /ari/recordings/live/2026%2F11%20%E6%97%A5%3Fx%3D%231/stop HTTP/1.1\r\n")
    assert "\r\nAuthorization: Basic dXNlcjpwYXNzd29yZA==\r\n" in request
    assert "api_key" not in request


def test_query_is_encoded() -> None:
    query: Query = {"media": ["sound:a b", "tone:ring;tonezone=fr"], "beep": True, "timeout": 5, "lang": None, "x": ""}
    assert encode_query(query) == "media=sound%3Aa+b%2Ctone%3Aring%3Btonezone%3Dfr&beep=true&timeout=5&x="
    with pytest.raises(ValueError, match="media: an element must not contain a comma"):
        encode_query({"media": ["sound:a,sound:b"]})


class Recorder(AriClient):
    """Notes what would be sent."""

    def __init__(self) -> None:
        super().__init__("http://nowhere", "", "", application="hotline")
        self.sent: list[tuple[RequestKind, Sequence[str], Query | None, object]] = []

    async def send(self, kind: RequestKind, *ids: str, query: Query | None = None, body: object = None) -> bytes:
        self.sent.append((kind, ids, query, body))
        return b"{}"


VERBS = sorted(
    name
    for name, verb in inspect.getmembers(AriClient, inspect.iscoroutinefunction)
    if not name.startswith("_") and name not in {"start", "aclose", "send", "wait_until_ready"}
)


NEEDED_NEXT = {"start_music", "stop_music", "stop_bridge_music"}
"""Verbs that supervision will ask for: what is heard meanwhile."""


@pytest.mark.parametrize("name", VERBS)
async def test_every_verb_sends_what_its_row_of_the_table_says(name: str) -> None:
    """A test on the real Asterisk compares the table with its documentation."""
    recorder = Recorder()
    verb = getattr(recorder, name)
    arguments: dict[str, Any] = {
        parameter.name: _example(str(parameter.annotation)) for parameter in inspect.signature(verb).parameters.values()
    }
    with suppress(ValueError):  # `{}` is no answer to a verb that returns something
        await verb(**arguments)
    assert recorder.sent, "it asked"
    for kind, ids, query, body in recorder.sent:
        assert kind.path.count("{") == len(ids)
        assert set(query or ()) <= set(kind.query)
        assert body is None or kind.body is not None


def test_every_verb_has_a_caller() -> None:
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in Path(ari_app.__file__).parent.rglob("*.py")
        if path.parent != Path(ari.__file__).parent
    )
    unused = {name for name in VERBS if not re.search(rf"ari\.{name}\b", source)}
    assert unused == NEEDED_NEXT, "a verb that nothing asks for is removed"


def _example(annotation: str) -> object:
    if "Mapping" in annotation:
        return {"name": "value"}
    if "Sequence" in annotation or "Iterable" in annotation:
        return ["value"]
    if "bool" in annotation:
        return True
    return 1 if "int" in annotation and "str" not in annotation else "value"


async def test_ringing_has_a_time_limit() -> None:
    for timeout_s in (0, -1):
        with pytest.raises(ValueError, match="timeout_s"):
            await Recorder().originate("PJSIP/1001", channel_id="leg", timeout_s=timeout_s)


async def test_a_leg_always_has_formats_or_an_originator_to_take_them_from() -> None:
    recorder = Recorder()
    for originator, formats, expected in (
        (None, (), ("ulaw", "alaw")),
        ("caller", (), None),
        (None, ("slin16",), ("slin16",)),
    ):
        with pytest.raises(ValueError, match="id"):
            await recorder.originate(
                "PJSIP/1001", channel_id="leg", timeout_s=5, originator=originator, formats=formats
            )
        _, _, query, _ = recorder.sent[-1]
        assert query is not None
        assert (query["originator"], query["formats"]) == (originator, expected)


def test_every_error_is_an_ari_error() -> None:
    assert issubclass(AriTimeout, AriError)
    assert issubclass(AriUnreachable, AriError)


async def test_a_burst_opens_few_connections_at_a_time_and_uses_what_becomes_free() -> None:
    """Asterisk's listener has a backlog of 10.

    TCP repeats an attempt that finds it full after one second.
    """
    opened = 0

    async def prompt(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        with suppress(asyncio.IncompleteReadError):
            while True:
                await request_of(reader)
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                await writer.drain()

    async with server(prompt) as client:
        await asyncio.gather(*(client.answer(str(n)) for n in range(200)))
    assert opened <= 24


async def test_a_post_is_not_repeated_when_a_kept_connection_turns_out_to_be_closed() -> None:
    asked: list[str] = []

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await request_of(reader))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        asked.append(await request_of(reader))

    async with server(once) as client:
        await client.answer("x")
        with pytest.raises(AriUnreachable) as caught:
            await client.answer("y")
        assert caught.value.sent
        assert len(asked) == 2
        await client.answer("x")
        await client.hang_up("y")
    assert [request.split()[0] for request in asked] == ["POST", "POST", "POST", "DELETE", "DELETE"]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}",
        b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_an_answer_whose_end_is_unknown_is_none(answer: bytes) -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(answer)
        await writer.drain()
        await reader.read()

    async with server(nonsense) as client:
        with pytest.raises(AriUnreachable):
            await client.answer("x")
