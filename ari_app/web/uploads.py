"""Uploads: files as bodies, bounded, deleted after the request."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from ari_app.web.errors import BodyTooSlow, TooLarge
from foundation.routes import Upload

BODY_S = 15.0
"""Time in which a body, or the next chunk of a file, has to arrive."""
CHUNK_BYTES = 1024 * 1024


@asynccontextmanager
async def received(request: web.Request, most_bytes: int) -> AsyncIterator[Upload]:
    """Receive the body as a file.

    Raises:
        TooLarge: there is more of it than the route takes.
        BodyTooSlow: it paused.
    """
    if (request.content_length or 0) > most_bytes:
        raise TooLarge(f"Send at most {most_bytes} bytes.")
    with tempfile.TemporaryDirectory(prefix="hotline-upload-") as folder:
        path = Path(folder) / "body"
        yield Upload(path, await _write(request, path, most_bytes))


async def _write(request: web.Request, path: Path, most_bytes: int) -> int:
    size = 0
    with path.open("wb") as file:
        while True:
            try:
                async with asyncio.timeout(BODY_S):
                    chunk = await request.content.read(CHUNK_BYTES)
            except TimeoutError:
                raise BodyTooSlow("Send the body without pauses.") from None
            if not chunk:
                return size
            size += len(chunk)
            if size > most_bytes:
                raise TooLarge(f"Send at most {most_bytes} bytes.")
            await asyncio.to_thread(file.write, chunk)
