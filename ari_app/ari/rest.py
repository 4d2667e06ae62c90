"""The transport under every request: a bounded pool of kept-alive HTTP connections, a timeout, errors by meaning.

HTTP and not the WebSocket, because a request that waits for a playback then delays nobody else's.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote, quote_plus

import aiohttp
import msgspec
from yarl import URL

from ari_app.ari.errors import AriTimeout, Unreachable, error_for

CONNECTIONS: Final = 24
"""Asterisk's listener has a backlog of 10: many more at once and some wait for a second SYN."""

TIMEOUT_S: Final = 5.0
CONNECT_SHARE: Final = 0.8
"""The part of the timeout that a free connection may take; what times out later was sent."""

KEEP_ALIVE_S: Final = 10.0
"""Shorter than Asterisk's `session_keep_alive`, so that it never closes a connection that is about to be used."""

QueryValue = str | int | bool | Sequence[str] | None
Query = Mapping[str, QueryValue]


class Call(msgspec.Struct, frozen=True):
    """One row of the table of what we ask of ARI, which a test compares with the server's own documentation."""

    method: str
    path: str
    """As documented, with `{name}` where an id goes."""
    query: tuple[str, ...] = ()
    """The names of the parameters that we may send."""
    body: str | None = None
    """The documented name of what the body carries."""

    def at(self, *ids: str) -> str:
        """The path with ids filled in. Nothing in an id can change which path it is.

        Raises:
            ValueError: an id is empty, or a path of dots.
        """
        if not ids:
            return self.path
        parts = iter(ids)
        return "/".join(_segment(next(parts)) if part[:1] == "{" else part for part in self.path.split("/"))


class _Message(msgspec.Struct):
    message: str | None = None
    error: str | None = None


_decode_message = msgspec.json.Decoder(_Message).decode


class Rest:
    """Sends requests and turns answers into bytes or exceptions.

    Every request may raise any `AriError`; those that mean something to a caller are named where they can occur.
    """

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        *,
        application: str,
        connections: int = CONNECTIONS,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.application = application
        self._url = url.rstrip("/")
        self._authorization = aiohttp.encode_basic_auth(user, password)
        self._connections = connections
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the pool. Connections are made when they are needed."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=KEEP_ALIVE_S),
            timeout=aiohttp.ClientTimeout(total=self._timeout_s, connect=self._timeout_s * CONNECT_SHARE),
            headers={"Authorization": self._authorization},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
        )

    async def aclose(self) -> None:
        """Close the pool; requests under way fail as `Unreachable`."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, call: Call, *ids: str, query: Query | None = None, body: object = None) -> bytes:
        """Ask, and return the answer's body.

        Raises:
            AriTimeout, Unreachable: no answer; `sent` tells whether Asterisk may have acted.
            AriError: one of the others, by what Asterisk answered.
        """
        method, path = call.method, call.at(*ids)
        session = self._session
        if session is None:
            raise Unreachable(method, path, "the client is not started", sent=False)
        target = f"{self._url}{path}?{encode_query(query)}" if query else f"{self._url}{path}"
        payload, headers = None, None
        if body is not None:
            payload, headers = msgspec.json.encode(body), {"Content-Type": "application/json"}
        try:
            async with session.request(method, URL(target, encoded=True), data=payload, headers=headers) as response:
                answer = await response.read()
                status = response.status
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            kind = AriTimeout if isinstance(error, TimeoutError) else Unreachable
            raise kind(method, path, str(error), sent=False) from error
        except TimeoutError as error:
            raise AriTimeout(method, path, f"no answer within {self._timeout_s:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(method, path, str(error) or type(error).__name__) from error
        except RuntimeError as error:
            # What aiohttp says of a pool that was closed under it.
            if not session.closed:
                raise
            raise Unreachable(method, path, "the client is closed", sent=False) from error
        if status >= 400:
            raise error_for(method, path, status, _words(answer))
        return answer


def encode_query(query: Query) -> str:
    """The query string; what is None is left out, lists are joined by commas as ARI wants them.

    Raises:
        ValueError: an element of a list contains a comma, which would make two of it.
    """
    return "&".join(f"{name}={quote_plus(_text(name, value))}" for name, value in query.items() if value is not None)


def _text(name: str, value: QueryValue) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    elements = list(value or ())
    if any("," in element for element in elements):
        raise ValueError(f"{name}: an element must not contain a comma")
    return ",".join(elements)


def _segment(value: str) -> str:
    if value.strip(".") == "":
        raise ValueError(f"an id must not be {value!r}")
    return quote(value, safe="")


def _words(answer: bytes) -> str | None:
    """What ARI says; None where it was not ARI that answered."""
    try:
        message = _decode_message(answer)
    except (msgspec.MsgspecError, UnicodeError):
        return None
    return message.message or message.error or ""
