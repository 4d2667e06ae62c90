"""Pages of the console, served from memory."""

import hashlib
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from ari_app.web.responses import CONNECTS_TO
from ari_app.web.saving import has_tag
from foundation.problems import NotFound

INDEX = "index.html"
WORKER = "sw.js"
RESERVED = ("api", "public", "healthz", "readyz", "metrics")
"""First parts of paths that are never pages."""
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATED = "no-cache"
ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""Encodings of files beside the plain one, best first."""
_HASHED = re.compile(r"assets/.+-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$")
_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""Types that do not depend on what the machine knows."""
_PAGES = r"/{path:(?!(?:" + "|".join(RESERVED) + r")(?:/|$)).*}"


@dataclass(frozen=True)
class ConsoleFile:
    """File with its encodings."""

    media_type: str
    cache: str
    etag: str
    body: bytes
    encoded: dict[str, bytes] = field(default_factory=dict)


class ConsolePages:
    """Handler of the console's files and frame (a part of the server).

    Every other path of a page gets the frame, which shows the page. Files are read at the start: no request can lead
    to another file, and a build that is replaced under a running service does not mix with the next one.

    `connects_to` are origins beside the own one that pages connect to, such as Asterisk's WebSocket.
    """

    def __init__(self, folder: Path, connects_to: tuple[str, ...] = ()) -> None:
        self._files = dict(_read(folder))
        if INDEX not in self._files:
            raise ValueError(f"{folder} has no {INDEX}: build the console with `python -m dev.console`")
        self._connects_to = connects_to

    def add_to(self, application: web.Application) -> None:
        """Add the pages, after every other route."""
        application.router.add_get(_PAGES, self.handle, allow_head=True)

    async def start(self) -> None:
        """Begin."""

    async def aclose(self) -> None:
        """End."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Return a file, or the frame that shows the page.

        Raises:
            NotFound: the path names a file, and there is none.
        """
        path = request.match_info["path"]
        found = self._files.get(path)
        if found is None:
            if "." in path.rpartition("/")[2] or path.startswith("assets/"):
                raise NotFound("There is nothing here.")
            found = self._files[INDEX]
        encoding = _accepted(request.headers.get(hdrs.ACCEPT_ENCODING, ""), found)
        etag = f'"{found.etag}{f"-{encoding}" if encoding else ""}"'
        headers = {hdrs.CACHE_CONTROL: found.cache, hdrs.ETAG: etag, hdrs.VARY: hdrs.ACCEPT_ENCODING}
        if has_tag(request.headers.get(hdrs.IF_NONE_MATCH, ""), etag):
            return self._finished(web.Response(status=304, headers=headers), found)
        if encoding:
            headers[hdrs.CONTENT_ENCODING] = encoding
        body = found.encoded[encoding] if encoding else found.body
        return self._finished(web.Response(body=body, headers={**headers, hdrs.CONTENT_TYPE: found.media_type}), found)

    def _finished(self, response: web.Response, found: ConsoleFile) -> web.Response:
        # A service worker asks for what its pages ask for, under the policy of its own script.
        if found.media_type.startswith("text/html") or found is self._files.get(WORKER):
            response[CONNECTS_TO] = self._connects_to
        return response


def origin(address: str) -> str:
    """Return the origin of an address, as a policy names it."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _read(folder: Path) -> Iterator[tuple[str, ConsoleFile]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or path.suffix in ENCODINGS.values() or name.startswith("."):
            continue
        body = path.read_bytes()
        encoded = {
            encoding: beside.read_bytes()
            for encoding, suffix in ENCODINGS.items()
            if (beside := path.with_name(path.name + suffix)).is_file()
        }
        cache = IMMUTABLE if _HASHED.match(name) else REVALIDATED
        yield name, ConsoleFile(_media_type(path), cache, hashlib.sha256(body).hexdigest()[:20], body, encoded)


def _media_type(path: Path) -> str:
    found = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{found}; charset=utf-8" if found.startswith("text/") else found


def _accepted(header: str, file: ConsoleFile) -> str:
    """Return the best encoding that the client takes; empty for none."""
    takes = set()
    for one in header.lower().split(","):
        name, _, quality = one.partition(";")
        if not re.fullmatch(r"\s*q=0(\.0*)?\s*", quality):
            takes.add(name.strip())
    return next((encoding for encoding in ENCODINGS if encoding in takes and encoding in file.encoded), "")
