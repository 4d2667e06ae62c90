"""Imports: a file is read and checked whole; what is shown then can be applied, whole."""

import asyncio
import json
import shutil
import sys
from pathlib import Path

import structlog
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers.importing import applying
from crm.customers.importing.errors import CannotApply, ImportNotFound, Overtaken
from crm.customers.importing.model import CustomerImport, ImportStatus, ImportView, RowError
from crm.customers.importing.reader import MOST_ERRORS
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem
from foundation.routes import Principal

LISTED = 50
_UNDER_WAY = (ImportStatus.READING, ImportStatus.APPLYING)

log = structlog.get_logger()


class ImportService:
    """Customers from files. `folder` holds a file while it is read."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self, file: Path, by: Principal) -> ImportView:
        """Take a file over and start reading it; how far it is, `get` tells."""
        started = CustomerImport(
            id=new_id("import"),
            status=ImportStatus.READING,
            at=utc_now(),
            staff_id=by.staff_id,
            staff_name=f"{by.name} ({by.staff_number})",
        )
        kept = self._folder / started.id
        await asyncio.to_thread(self._take_over, file, kept)
        async with self._database.write() as session:
            session.add(started)
        task = asyncio.create_task(self._read(started.id, kept), name=started.id)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return ImportView.model_validate(started)

    async def get(self, import_id: str) -> ImportView:
        """How far an import is, and what is wrong with it.

        Raises:
            ImportNotFound: there is none.
        """
        async with self._database.read() as session:
            return ImportView.model_validate(await _existing(session, import_id))

    async def listed(self) -> list[ImportView]:
        """The latest imports, newest first."""
        async with self._database.read() as session:
            newest = select(CustomerImport).order_by(col(CustomerImport.id).desc()).limit(LISTED)
            return [ImportView.model_validate(one) for one in await session.exec(newest)]

    async def apply(self, import_id: str, by: Principal) -> ImportView:
        """Create and update the customers of a file, all in one transaction.

        Raises:
            ImportNotFound: there is none.
            CannotApply: it has errors, is still being read, was applied before, or does not fit what there is by now.
            Overtaken: somebody changed its customers since it was looked at. It can be looked at and applied again.
        """
        await self._claim(import_id)
        name = f"{by.name} ({by.staff_number})"
        try:
            compared = await self._database.change(
                lambda connection: applying.apply(connection, import_id, by.staff_id, name, MOST_ERRORS)
            )
        except BaseException:
            await self._set(import_id, ImportStatus.READY)
            raise
        if compared.errors:
            await self._forget(import_id)
            await self._set(import_id, ImportStatus.REFUSED, compared)
            raise CannotApply("customers were changed since it was read, and it does not fit any more")
        if compared.overtaken:
            await self._set(import_id, ImportStatus.READY, compared)
            raise _overtaken(compared)
        await self._set(import_id, ImportStatus.APPLIED, compared)
        log.info("customers_imported", import_id=import_id, creates=compared.creates, updates=compared.updates)
        return await self.get(import_id)

    async def clear_up(self) -> None:
        """After a start: what a process that is gone was doing did nothing."""
        async with self._database.write() as session:
            stale = update(CustomerImport).where(col(CustomerImport.status).in_(_UNDER_WAY))
            await session.exec(stale.values(status=ImportStatus.INTERRUPTED))
            interrupted = select(CustomerImport.id).where(CustomerImport.status == ImportStatus.INTERRUPTED)
            import_ids = (await session.exec(interrupted)).all()
        for import_id in import_ids:
            await self._forget(import_id)

    async def aclose(self) -> None:
        """Stop reading."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self, import_id: str, file: Path) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "crm.customers.importing.reader",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        asked = {"url": self._database.url, "import_id": import_id, "path": str(file)}
        try:
            _, complaint = await process.communicate(json.dumps(asked).encode())
            if process.returncode != 0:
                # Its last line only: a traceback's values may be somebody's data.
                last = complaint.splitlines()[-1:] or [b""]
                log.error(
                    "import_reader_failed", import_id=import_id, error=last[0].split(b":")[0].decode(errors="replace")
                )
                await self._set(import_id, ImportStatus.INTERRUPTED)
                return
            await self._check(import_id)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            await asyncio.to_thread(file.unlink, missing_ok=True)

    async def _check(self, import_id: str) -> None:
        found = await self.get(import_id)
        # Rows wrong by themselves do not hide what is wrong between the others: it is all said at once.
        await self._database.change(lambda connection: applying.see(connection, import_id))
        compared = await self._compare(import_id)
        refused = bool(found.error_count or compared.errors)
        if refused:
            compared = applying.Comparison(0, 0, compared.errors, [])
            await self._forget(import_id)
        await self._set(import_id, ImportStatus.REFUSED if refused else ImportStatus.READY, compared)

    async def _set(self, import_id: str, status: ImportStatus, compared: applying.Comparison | None = None) -> None:
        async with self._database.write() as session:
            found = await _existing(session, import_id)
            found.status = status
            if compared is not None:
                found.creates, found.updates = compared.creates, compared.updates
                found.error_count += len(compared.errors)
                found.errors = [*found.errors, *_plain(compared.errors)][:MOST_ERRORS]

    async def _claim(self, import_id: str) -> None:
        async with self._database.write() as session:
            found = await session.get(CustomerImport, import_id, with_for_update=True)
            if found is None:
                raise _none(import_id)
            if found.status is not ImportStatus.READY:
                raise CannotApply("only a file that was read and has no error can be applied, once")
            found.status = ImportStatus.APPLYING

    async def _compare(self, import_id: str) -> applying.Comparison:
        return await self._database.change(lambda connection: applying.compare(connection, import_id, MOST_ERRORS))

    async def _forget(self, import_id: str) -> None:
        await self._database.change(lambda connection: applying.forget(connection, import_id))

    def _take_over(self, file: Path, kept: Path) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        shutil.move(file, kept)


async def _existing(session: AsyncSession, import_id: str) -> CustomerImport:
    found = await session.get(CustomerImport, import_id)
    if found is None:
        raise _none(import_id)
    return found


def _overtaken(compared: applying.Comparison) -> Overtaken:
    told = [FieldProblem(field=f"row {one.row}, column {one.column}", rule=one.rule) for one in compared.overtaken]
    return Overtaken(
        "customers were changed since the file was looked at; look again, and apply it then", told[:LISTED]
    )


def _none(import_id: str) -> ImportNotFound:
    return ImportNotFound(f"there is no import {import_id}")


def _plain(errors: list[RowError]) -> list[dict[str, object]]:
    return [error.model_dump() for error in errors]
