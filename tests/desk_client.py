"""A person at a desk, acting through API and WebSocket.

It does as the console does.
"""

import asyncio
import contextlib
import time
from collections import deque
from types import TracebackType
from typing import Any, Self

import aiohttp

WAIT_S = 60.0
"""Longer than anything takes on two busy cores; who waits so long has been forgotten."""


class Refused(AssertionError):
    """The service refused a request."""

    def __init__(self, answer: aiohttp.ClientResponse, text: str) -> None:
        super().__init__(f"{answer.method} {answer.url.path} → {answer.status}: {text}")
        self.status = answer.status


class Desk:
    """One signed-in person.

    Messages of the socket are stored with the monotonic time of their arrival.
    """

    def __init__(self, url: str, staff_number: str, password: str, *, socket: bool = True) -> None:
        self.staff_number = staff_number
        self._url = url
        self._password = password
        self._with_socket = socket
        self._messages: deque[dict[str, Any]] = deque()
        self._paints = False
        self._arrived = asyncio.Condition()
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(self._url)
        signed_in = await self.post("/api/v1/session", {"staff_number": self.staff_number, "password": self._password})
        self._http.headers["Authorization"] = f"Bearer {signed_in['token']}"
        if self._with_socket:
            ticket = await self.post("/api/v1/desk/ticket", None)
            self._socket = await self._http.ws_connect("/api/v1/desk/socket", origin=self._url)
            await self._socket.send_json({"type": "hello", "ticket": ticket["ticket"]})
            self._reader = asyncio.create_task(self._read(), name=f"desk:{self.staff_number}")
            await self.message("welcome")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
            await self._socket.close()
        await self._http.close()

    async def get(self, path: str, **query: str | int) -> Any:
        """The JSON a path answers."""
        async with self._http.get(path, params=query) as answer:
            return await _content(answer)

    async def post(self, path: str, body: object, *, idempotency_key: str | None = None) -> Any:
        """The JSON answered to a request that changes something."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        async with self._http.post(path, json=body, headers=headers) as answer:
            return await _content(answer)

    async def patch(self, path: str, body: object) -> Any:
        """The JSON answered to a change."""
        async with self._http.patch(path, json=body) as answer:
            return await _content(answer)

    async def put(self, path: str, body: object) -> Any:
        """The JSON answered to a replacement."""
        async with self._http.put(path, json=body) as answer:
            return await _content(answer)

    async def delete(self, path: str) -> Any:
        """The answer to a removal."""
        async with self._http.delete(path) as answer:
            return await _content(answer)

    async def status(self, method: str, path: str) -> int:
        """The status a request without a body is answered with."""
        async with self._http.request(method.upper(), path) as answer:
            return answer.status

    async def download(self, path: str) -> bytes:
        """A file's bytes."""
        async with self._http.get(path) as answer:
            answer.raise_for_status()
            return await answer.read()

    async def say(self, **message: object) -> None:
        """Send a command over the socket."""
        await self._socket.send_json(message)

    async def paint_pops(self) -> None:
        """Act as a page that says when it shows a pop."""
        self._paints = True
        await self.say(type="paints_pops")

    async def message(self, kind: str, *, seconds: float = WAIT_S, **fields: object) -> dict[str, Any]:
        """Return the next message of a kind with these fields.

        Earlier ones of other kinds stay.

        Raises:
            TimeoutError: none came in time.
        """

        def wanted(message: dict[str, Any]) -> bool:
            return message["type"] == kind and all(message.get(name) == value for name, value in fields.items())

        async with asyncio.timeout(seconds), self._arrived:
            while True:
                for message in self._messages:
                    if wanted(message):
                        self._messages.remove(message)
                        return message
                await self._arrived.wait()

    async def _read(self) -> None:
        async for frame in self._socket:
            if frame.type is aiohttp.WSMsgType.TEXT:
                message = {**frame.json(), "arrived_at": time.monotonic()}
                async with self._arrived:
                    self._messages.append(message)
                    self._arrived.notify_all()
                if self._paints and message["type"] == "pop":
                    await self.say(type="pop_seen", id=message["pop"]["id"])


async def _content(answer: aiohttp.ClientResponse) -> Any:
    if answer.status >= 400:
        raise Refused(answer, await answer.text())
    return await answer.json() if answer.content_type == "application/json" else await answer.text()
