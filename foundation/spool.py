"""Spool: work that waits on disk, and is carried out once (F23, I7).

Each piece carries a key under which repeating it changes nothing: a database that went away during a commit may have
carried it out already (F24).
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec
import structlog

from foundation.clock import milliseconds, utc_now
from foundation.database import out_of_reach
from foundation.ids import new_id

RETRY_PAUSE_S = 1.0
"""Pause between two attempts while the database is away."""
REFUSED = ".failed"
"""Suffix of the files of refused work."""
PATTERNS = ("deferred-*.json", "kept-*.json")
"""Names of files; versions before 0.2 began them with `kept`."""

log = structlog.get_logger()


class Spooled(msgspec.Struct, frozen=True):
    """One piece of work in its file."""

    id: str
    kind: str
    owner: str
    """The staff member that the work belongs to; empty for the system's own."""
    at_ms: int
    content: msgspec.Raw
    error: str = ""
    """The reason why it was refused when the database was back, for a person to read."""


Handler = Callable[[Spooled], Awaitable[None]]


class Spool:
    """Folder of waiting work, oldest first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._arrived = asyncio.Event()

    async def add(self, kind: str, content: bytes, *, owner: str = "") -> Spooled:
        """Store a piece of work: it is on disk when this returns.

        Args:
            content: JSON.

        Raises:
            OSError: it could not be written, and nothing was stored.
        """
        work = Spooled(new_id("deferred"), kind, owner, milliseconds(utc_now()), msgspec.Raw(content))
        await asyncio.to_thread(self._write, work, "")
        log.warning("work_deferred", kind=kind, deferred_id=work.id)
        self._arrived.set()
        return work

    async def waiting(self) -> list[Spooled]:
        """Return work that is not done or was refused, oldest first."""
        return await asyncio.to_thread(self._read_all)

    async def run(self, handlers: Mapping[str, Handler], on_refused: Handler) -> None:
        """Carry out waiting work whenever the database responds, until cancelled.

        Work that its handler refuses stays on disk for a person to read, and is handed to `on_refused`; it does not
        hold back later work.
        """
        while True:
            if await self._carry_out_all(handlers, on_refused):
                await asyncio.sleep(RETRY_PAUSE_S)
                continue
            await self._arrived.wait()
            self._arrived.clear()

    async def _carry_out_all(self, handlers: Mapping[str, Handler], on_refused: Handler) -> bool:
        """Return whether work is left to try again."""
        for work in await self.waiting():
            if work.error:
                continue
            try:
                await handlers[work.kind](work)
            except Exception as error:
                if out_of_reach(error):
                    return True
                log.exception("deferred_work_refused", deferred_id=work.id, kind=work.kind)
                refused = msgspec.structs.replace(work, error=str(error) or type(error).__name__)
                await asyncio.to_thread(self._write, refused, REFUSED)
                await self._delete(work)
                await on_refused(refused)
            else:
                await self._delete(work)
                log.info("deferred_work_done", deferred_id=work.id, kind=work.kind)
        return False

    async def _delete(self, work: Spooled) -> None:
        await asyncio.to_thread(self._path(work).unlink, missing_ok=True)

    def _path(self, work: Spooled, suffix: str = "") -> Path:
        return self._folder / f"{work.id}.json{suffix}"

    def _write(self, work: Spooled, suffix: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(work, suffix)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(msgspec.json.encode(work))
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _read_all(self) -> list[Spooled]:
        found = []
        paths = [path for pattern in PATTERNS for end in ("", REFUSED) for path in self._folder.glob(pattern + end)]
        for path in paths:
            try:
                found.append(msgspec.json.decode(path.read_bytes(), type=Spooled))
            except (OSError, msgspec.DecodeError):
                log.exception("deferred_work_unreadable", file=path.name)
        return sorted(found, key=lambda work: (work.at_ms, work.id))
