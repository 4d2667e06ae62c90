"""Files as responses: plain files, whole or in a range (RFC 9110)."""

import asyncio
import os
import stat
from pathlib import Path
from urllib.parse import quote

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter

from foundation.problems import NotFound
from foundation.routes import File

CHUNK_BYTES = 256 * 1024
_SHOWN_INLINE = ("audio/", "image/png", "image/jpeg")


async def file_response(file: File) -> web.StreamResponse:
    """Return the response that sends a file.

    aiohttp's own FileResponse follows links and prefers a compressed file beside the one that was asked for (S6).

    Raises:
        NotFound: the path is not that of a plain file.
    """
    shown = "inline" if file.media_type.startswith(_SHOWN_INLINE) else "attachment"
    headers: dict[str, str] = {
        hdrs.CONTENT_TYPE: file.media_type,
        hdrs.CONTENT_DISPOSITION: f"{shown}; filename*=UTF-8''{quote(file.name, safe='')}",
        hdrs.ACCEPT_RANGES: "bytes",
    }
    return _FileResponse(await asyncio.to_thread(_opened, file.path), headers)


class _FileResponse(web.StreamResponse):
    """Response that sends an open file, and closes it."""

    def __init__(self, descriptor: int, headers: dict[str, str]) -> None:
        super().__init__(headers=headers)
        self._descriptor = descriptor

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send headers and content."""
        try:
            first, end = self._range(request, os.fstat(self._descriptor).st_size)
            self.content_length = end - first
            writer = await super().prepare(request)
            if request.method != hdrs.METH_HEAD:
                await self._send(first, end)
            await self.write_eof()
        finally:
            os.close(self._descriptor)
        return writer

    def _range(self, request: web.BaseRequest, size: int) -> tuple[int, int]:
        """Return the requested offsets, and set status and Content-Range."""
        try:
            wanted = request.http_range
        except ValueError:
            return self._unsatisfiable(size)
        if wanted.start is None:
            return 0, size
        first = wanted.start if wanted.start >= 0 else max(0, size + wanted.start)
        end = size if wanted.stop is None else min(wanted.stop, size)
        if first >= end:
            return self._unsatisfiable(size)
        self.set_status(206)
        self.headers[hdrs.CONTENT_RANGE] = f"bytes {first}-{end - 1}/{size}"
        return first, end

    def _unsatisfiable(self, size: int) -> tuple[int, int]:
        self.set_status(416)
        self.headers[hdrs.CONTENT_RANGE] = f"bytes */{size}"
        return 0, 0

    async def _send(self, first: int, end: int) -> None:
        while first < end:
            chunk = await asyncio.to_thread(os.pread, self._descriptor, min(CHUNK_BYTES, end - first), first)
            if not chunk:
                raise OSError("the file became shorter while it was sent")
            first += len(chunk)
            await self.write(chunk)


def _opened(path: Path) -> int:
    """Open a plain file.

    A link in a spool could lead anywhere (S6), and a pipe would wait for its writer.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        raise NotFound("The file is not there.") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotFound("The file is not there.")
    return descriptor
