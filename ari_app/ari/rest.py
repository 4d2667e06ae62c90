"""Transport of requests: a bounded pool, a timeout, typed errors.

HTTP and not the WebSocket, because a request that waits for a playback then delays no other.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote, quote_plus, urlsplit

import msgspec

from ari_app.ari.errors import AriTimeout, AriUnreachable, error_for
from ari_app.ari.http_pool import HttpPool, NoConnectionInTime, NotConnected

CONNECTIONS: Final = 24
"""Most requests at once; each takes one of Asterisk's threads."""

TIMEOUT_S: Final = 5.0
CONNECT_SHARE: Final = 0.8
"""The part of the timeout that a free connection may take; what times out later was sent."""

KEEP_ALIVE_S: Final = 10.0
"""Shorter than Asterisk's `session_keep_alive`, so that it never closes a connection that is about to be used."""

QueryValue = str | int | bool | Sequence[str] | None
Query = Mapping[str, QueryValue]


class RequestKind(msgspec.Struct, frozen=True):
    """One kind of request to ARI.

    A test compares them with the server's own documentation.
    """

    method: str
    path: str
    """As documented, with `{name}` where an id goes."""
    query: tuple[str, ...] = ()
    """The names of the parameters that we may send."""
    body: str | None = None
    """The documented name of the body's content."""

    def at(self, *ids: str) -> str:
        """Return the path with ids filled in.

        No id can change which path it is.

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


class RestTransport:
    """Transport that turns responses into bytes or exceptions.

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
        parts = urlsplit(url.rstrip("/"))
        credentials = b64encode(f"{user}:{password}".encode()).decode()
        self._base_path = parts.path
        self._headers = f" HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Basic {credentials}\r\n"
        self._url = url
        self._connections = connections
        self._timeout_s = timeout_s
        self._pool: HttpPool | None = None

    async def start(self) -> None:
        """Open the pool. Connections are made when they are needed."""
        self._pool = HttpPool(self._url, connections=self._connections, keep_alive_s=KEEP_ALIVE_S)

    async def aclose(self) -> None:
        """Close the pool; requests under way fail as `AriUnreachable`."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    async def send(self, kind: RequestKind, *ids: str, query: Query | None = None, body: object = None) -> bytes:
        """Send a request and return the body of its response.

        Raises:
            AriTimeout, AriUnreachable: no answer; `sent` tells whether Asterisk may have acted.
            AriError: one of the others, by what Asterisk answered.
        """
        method, path = kind.method, kind.at(*ids)
        if self._pool is None:
            raise AriUnreachable(method, path, "the client is not started", sent=False)
        request = self._request(method, path, query, body)
        connect_s = self._timeout_s * CONNECT_SHARE
        try:
            status, answer = await self._pool.ask(
                request, repeatable=method != "POST", connect_s=connect_s, timeout_s=self._timeout_s
            )
        except NoConnectionInTime as error:
            raise AriTimeout(method, path, str(error), sent=False) from error
        except NotConnected as error:
            raise AriUnreachable(method, path, str(error), sent=False) from error
        except TimeoutError as error:
            raise AriTimeout(method, path, f"no answer within {self._timeout_s:g} s") from error
        except OSError as error:
            raise AriUnreachable(method, path, str(error) or type(error).__name__) from error
        if status >= 400:
            raise error_for(method, path, status, _words(answer))
        return answer

    def _request(self, method: str, path: str, query: Query | None, body: object) -> bytes:
        target = f"{self._base_path}{path}?{encode_query(query)}" if query else f"{self._base_path}{path}"
        head = f"{method} {target}{self._headers}"
        if body is not None:
            payload = msgspec.json.encode(body)
            return f"{head}Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n".encode() + payload
        if method in {"POST", "PUT"}:
            return f"{head}Content-Length: 0\r\n\r\n".encode()
        return f"{head}\r\n".encode()


def encode_query(query: Query) -> str:
    """Return the query string.

    None is left out; lists are joined by commas as ARI wants them.

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
    """Return ARI's message; None where ARI did not answer."""
    try:
        message = _decode_message(answer)
    except (msgspec.MsgspecError, UnicodeError):
        return None
    return message.message or message.error or ""
