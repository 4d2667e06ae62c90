"""Use cases of files: take in, show, remove."""

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple, NoReturn

import structlog
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.tickets.errors import KeyReused
from crm.tickets.files import store
from crm.tickets.files.content import ContentType, content_type
from crm.tickets.files.errors import FileNotFound, FileRefused
from crm.tickets.files.model import MOST_OF_TICKET, FileUse, FileView, TicketFile
from crm.tickets.files.pictures import Photo, read_photo
from crm.tickets.files.storage import FileStorage
from crm.tickets.merges import store as merges_store
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem
from foundation.routes import Principal

log = structlog.get_logger()

KEPT_UNNAMED = timedelta(days=2)
"""Time in which an action has to name an uploaded file."""
SWEEP_EVERY_S = 24 * 3600.0
ORPHANED_AFTER_S = 3600.0
"""Age at which content without an entry is removed: an upload writes its entry last."""


class Owner(NamedTuple):
    """Owner of an upload: a member of staff, or a public report."""

    id: str
    name: str = ""
    staff: Principal | None = None

    @classmethod
    def of(cls, principal: Principal) -> "Owner":
        """Return a member of staff as an owner."""
        return cls(principal.staff_id, f"{principal.name} ({principal.staff_number})", principal)


class _Prepared(NamedTuple):
    kind: ContentType
    content: bytes
    photo: Photo | None


class FileService:
    """Files of tickets: content on the disk, entries in the database."""

    def __init__(self, database: Database, root: Path) -> None:
        self._database = database
        self._storage = FileStorage(root)
        self._reading = asyncio.Semaphore(1)
        """One photo is read at a time: each may need 150 MB."""
        self._wanted = asyncio.Event()

    async def receive(
        self, upload: Path, name: str, owner: Owner, *, ticket_id: str | None = None, key: str | None = None
    ) -> FileView:
        """Check an uploaded file and store it, until an action names it.

        The same key gives the same file.

        Raises:
            FileRefused: its content breaks a rule.
            KeyReused: the key was sent before for another ticket.
            NoRoomForFiles: the disk is full.
        """
        known = await self._uploaded(key, ticket_id)
        if known is not None:
            return known
        async with self._reading:
            prepared = await asyncio.to_thread(_prepare, upload)
        at, file_id = utc_now(), new_id("file")
        entry = TicketFile(
            id=file_id,
            ticket_id=ticket_id,
            name=name,
            media_type=prepared.kind if prepared.photo is None else ContentType.JPEG,
            bytes=len(prepared.content),
            sha256=hashlib.sha256(prepared.content).hexdigest(),
            width=prepared.photo.width if prepared.photo is not None else None,
            height=prepared.photo.height if prepared.photo is not None else None,
            file=self._storage.name(file_id, prepared.kind, at),
            owner=owner.id,
            owner_name=owner.name,
            request_key=key,
            at=at,
        )
        thumbnail = prepared.photo.thumbnail if prepared.photo is not None else None
        await asyncio.to_thread(self._storage.write, entry.file, prepared.content, thumbnail)
        try:
            return await self._enter(entry, owner)
        except BaseException as error:
            await asyncio.to_thread(self._storage.remove, entry.file)
            # The same upload came twice at once: the first one counts.
            first = await self._uploaded(key, ticket_id) if isinstance(error, IntegrityError) else None
            if first is None:
                raise
            return first

    async def content(self, ticket_id: str, file_id: str, by: Principal) -> tuple[FileView, Path]:
        """Return a file and its path, and note the use.

        Raises:
            FileNotFound: there is none, or it is not for this person.
        """
        async with self._database.write() as session:
            entry = await _visible(session, file_id, ticket_id, by)
            store.note_use(session, file_id, FileUse.VIEW, by)
        return FileView.model_validate(entry), self._storage.content(entry.file)

    async def thumbnail(self, ticket_id: str, file_id: str, by: Principal) -> Path:
        """Return the path of a photo's thumbnail.

        Raises:
            FileNotFound: there is none, or it is not for this person.
        """
        async with self._database.read() as session:
            entry = await _visible(session, file_id, ticket_id, by)
        if entry.width is None:
            raise FileNotFound
        return self._storage.thumbnail(entry.file)

    def sweep_soon(self) -> None:
        """Have the files of an erased person removed now."""
        self._wanted.set()

    async def run(self) -> NoReturn:
        """Remove what is not wanted: at the start, daily, and when asked."""
        while True:
            self._wanted.clear()
            removed = await self.sweep()
            log.info("files_swept", removed=removed)
            try:
                async with asyncio.timeout(SWEEP_EVERY_S):
                    await self._wanted.wait()
            except TimeoutError:
                continue

    async def sweep(self) -> int:
        """Remove forgotten uploads, erased files, and content without an entry."""
        async with self._database.write() as session:
            names = await store.remove_unwanted(session, utc_now() - KEPT_UNNAMED)
        for name in names:
            await asyncio.to_thread(self._storage.remove, name)
        removed = len(names)
        for day in await asyncio.to_thread(lambda: list(self._storage.days())):
            found = await asyncio.to_thread(self._storage.of_day, day, older_than_s=ORPHANED_AFTER_S)
            async with self._database.read() as session:
                known = await store.known(session, found.keys()) if found else set()
            for file_id in found.keys() - known:
                for path in found[file_id]:
                    await asyncio.to_thread(path.unlink, missing_ok=True)
                removed += 1
        return removed

    async def _uploaded(self, key: str | None, ticket_id: str | None) -> FileView | None:
        if key is None:
            return None
        async with self._database.read() as session:
            entry = await store.of_request(session, key)
        if entry is None:
            return None
        if entry.ticket_id != ticket_id:
            rule = "must be a new one for each request that asks for something else"
            raise KeyReused("this key was sent before", [FieldProblem(field="Idempotency-Key", rule=rule)])
        return FileView.model_validate(entry)

    async def _enter(self, entry: TicketFile, owner: Owner) -> FileView:
        async with self._database.write() as session:
            ticket_id = entry.ticket_id
            if ticket_id is not None and await store.count_of_ticket(session, ticket_id) >= MOST_OF_TICKET:
                raise FileRefused(f"must be one of at most {MOST_OF_TICKET} of its ticket")
            session.add(entry)
            store.note_use(session, entry.id, FileUse.UPLOAD, owner.staff)
        return FileView.model_validate(entry)


def _prepare(upload: Path) -> _Prepared:
    kind = content_type(upload)
    if kind is ContentType.PDF:
        return _Prepared(kind, upload.read_bytes(), None)
    photo = read_photo(upload, kind)
    return _Prepared(kind, photo.content, photo)


async def _visible(session: AsyncSession, file_id: str, ticket_id: str, by: Principal) -> TicketFile:
    """Return an entry that a person who sees the ticket may see.

    A ticket that stands for merged ones shows their files as well.

    Raises:
        FileNotFound: there is none, or another person uploaded it and no action named it.
    """
    entry = await session.get(TicketFile, file_id)
    if entry is None or entry.erased:
        raise FileNotFound
    if entry.ticket_id != ticket_id and await merges_store.head_of(session, entry.ticket_id or "") != ticket_id:
        raise FileNotFound
    if entry.version is None and entry.owner != by.staff_id:
        raise FileNotFound
    return entry
