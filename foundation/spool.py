"""Work whose database is away, kept in files until it is back: each is carried out once, also after a crash (F23, I7).

Whoever keeps something here gives a key under which repeating it does no harm, because a database that went away in the
middle of a commit may have done it already (F24).
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

AGAIN_S = 1.0
"""How often it is tried while the database is away."""
FAILED = ".failed"

log = structlog.get_logger()


class Spooled(msgspec.Struct, frozen=True):
    """One piece of work in its file."""

    id: str
    kind: str
    owner: str
    """The person whose work it is; empty for the system's own."""
    at_ms: int
    content: msgspec.Raw
    error: str = ""
    """Why it was refused when the database was back: for a person to look at."""


Handler = Callable[[Spooled], Awaitable[None]]


class Spool:
    """A folder of work to be done, oldest first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._arrived = asyncio.Event()

    async def keep(self, kind: str, content: bytes, *, owner: str = "") -> Spooled:
        """Keep it: it is on disk when this returns.

        Args:
            content: JSON.

        Raises:
            OSError: it could not be written, and nothing was kept.
        """
        kept = Spooled(new_id("kept"), kind, owner, milliseconds(utc_now()), msgspec.Raw(content))
        await asyncio.to_thread(self._write, kept, "")
        log.warning("work_kept", kind=kind, kept_id=kept.id)
        self._arrived.set()
        return kept

    async def waiting(self) -> list[Spooled]:
        """What is still to be done or was refused, oldest first."""
        return await asyncio.to_thread(self._read_all)

    async def run(self, handlers: Mapping[str, Handler], on_refused: Handler) -> None:
        """Carry out what is kept, whenever the database takes it, until cancelled.

        `on_refused` hears of what a handler would not take; it is kept for a person to look at.
        """
        while True:
            if await self._carry_out_all(handlers, on_refused):
                await asyncio.sleep(AGAIN_S)
                continue
            await self._arrived.wait()
            self._arrived.clear()

    async def _carry_out_all(self, handlers: Mapping[str, Handler], on_refused: Handler) -> bool:
        """Whether something is left to try again."""
        for kept in await self.waiting():
            if kept.error:
                continue
            try:
                await handlers[kept.kind](kept)
            except Exception as error:
                if out_of_reach(error):
                    return True
                log.exception("kept_work_refused", kept_id=kept.id, kind=kept.kind)
                refused = msgspec.structs.replace(kept, error=str(error) or type(error).__name__)
                await asyncio.to_thread(self._write, refused, FAILED)
                await self._done(kept)
                await on_refused(refused)
            else:
                await self._done(kept)
                log.info("kept_work_done", kept_id=kept.id, kind=kept.kind)
        return False

    async def _done(self, kept: Spooled) -> None:
        await asyncio.to_thread(self._path(kept).unlink, missing_ok=True)

    def _path(self, kept: Spooled, suffix: str = "") -> Path:
        return self._folder / f"{kept.id}.json{suffix}"

    def _write(self, kept: Spooled, suffix: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(kept, suffix)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(msgspec.json.encode(kept))
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
        for path in sorted([*self._folder.glob("kept-*.json"), *self._folder.glob(f"kept-*.json{FAILED}")]):
            try:
                found.append(msgspec.json.decode(path.read_bytes(), type=Spooled))
            except (OSError, msgspec.DecodeError):
                log.exception("kept_work_unreadable", file=path.name)
        return found
