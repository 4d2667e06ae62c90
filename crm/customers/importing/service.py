"""Imports: a file is read and checked whole, shown, and then applied."""

import asyncio
import json
import shutil
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, delete, func, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers.importing import applying, store
from crm.customers.importing.batches import Batches
from crm.customers.importing.errors import CannotApply, CannotCancel, ImportNotFound, Overtaken
from crm.customers.importing.model import (
    CustomerImport,
    ImportPhone,
    ImportRow,
    ImportStatus,
    ImportView,
    RowError,
)
from crm.customers.importing.reader import MOST_ERRORS
from crm.customers.phone import home
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem
from foundation.routes import Principal
from foundation.tasks import log_failure

LISTED = 50
RETRY_PAUSE_S = 10.0
LONGEST_READING = timedelta(hours=6)
"""An import that is read for longer was cut off, on whichever node."""

Done = TypeVar("Done")

log = structlog.get_logger()


class ImportService:
    """Customers from files.

    `folder`, the node's own, holds a file while it is read.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._tasks: set[asyncio.Task[Any]] = set()

    async def begin(self, file: Path, by: Principal) -> ImportView:
        """Take a file over and start reading it."""
        started = CustomerImport(
            id=new_id("import"),
            status=ImportStatus.READING,
            at=utc_now(),
            staff_id=by.staff_id,
            staff_name=f"{by.name} ({by.staff_number})",
        )
        own_file = self._folder / started.id
        await asyncio.to_thread(self._take_over, file, own_file)
        async with self._database.write() as session:
            session.add(started)
        self._own(self._read(started.id, own_file), started.id).add_done_callback(log_failure)
        return ImportView.model_validate(started)

    async def get(self, import_id: str) -> ImportView:
        """Return an import with its progress, its errors and its first rows.

        Raises:
            ImportNotFound: there is none.
        """
        async with self._database.read() as session:
            found = ImportView.model_validate(await _existing(session, import_id))
        if found.status is ImportStatus.READY:
            found.preview = await self._database.look_up(lambda connection: store.preview(connection, import_id))
        return found

    async def listed(self) -> list[ImportView]:
        """Return the latest imports, newest first."""
        async with self._database.read() as session:
            newest = select(CustomerImport).order_by(col(CustomerImport.id).desc()).limit(LISTED)
            return [ImportView.model_validate(one) for one in await session.exec(newest)]

    async def apply(self, import_id: str, by: Principal) -> ImportView:
        """Create and update a file's customers after a check of every row.

        Others write meanwhile. A row of a customer that was changed during the application is left, and named.

        Raises:
            ImportNotFound: there is none.
            CannotApply: it has errors, is still being read, was applied before, or does not fit the customers any more.
            Overtaken: its customers were changed since it was shown. It can be looked at and applied again.
        """
        await self._claim(import_id, by)
        # The application goes on when the request that began it is gone.
        return await asyncio.shield(self._own(self._apply(import_id), f"apply:{import_id}"))

    async def cancel(self, import_id: str) -> ImportView:
        """Give up an import that is being read or is ready.

        Raises:
            ImportNotFound: there is none.
            CannotCancel: it is being applied or was applied in part, or is over.
        """
        open_ = {ImportStatus.READING, ImportStatus.READY}
        async with self._database.write() as session:
            found = await session.get(CustomerImport, import_id, with_for_update=True)
            if found is None:
                raise _none(import_id)
            if found.status not in open_ or found.applied_by != "":
                raise CannotCancel("only an import that is read or waits to be applied can be given up")
            found.status = ImportStatus.CANCELLED
        reading = [task for task in self._tasks if task.get_name() == import_id]
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        await asyncio.to_thread((self._folder / import_id).unlink, missing_ok=True)
        await self._forget(import_id)
        return await self.get(import_id)

    async def run(self) -> None:
        """Clear up once, and then wait until cancelled."""
        await self.clear_up()
        await asyncio.Event().wait()

    async def clear_up(self) -> None:
        """Mark interrupted imports, and continue those that were being applied.

        An import that another node reads has no file in this node's folder, and is left to that node.
        """
        running = {task.get_name() for task in self._tasks}
        files = [file for file in await asyncio.to_thread(self._files) if file.name not in running]
        cut_off = or_(
            col(CustomerImport.id).in_([file.name for file in files]),
            col(CustomerImport.at) < utc_now() - LONGEST_READING,
        )
        async with self._database.write() as session:
            reading = update(CustomerImport).where(col(CustomerImport.status) == ImportStatus.READING, cut_off)
            await session.exec(reading.values(status=ImportStatus.INTERRUPTED))
            by_status = {
                status: (await session.exec(select(CustomerImport.id).where(CustomerImport.status == status))).all()
                for status in (ImportStatus.INTERRUPTED, ImportStatus.APPLYING)
            }
        for file in files:
            await asyncio.to_thread(file.unlink, missing_ok=True)
        for import_id in by_status[ImportStatus.INTERRUPTED]:
            await self._forget(import_id)
        for import_id in by_status[ImportStatus.APPLYING]:
            if f"apply:{import_id}" not in running:
                self._own(self._resume(import_id), f"apply:{import_id}")

    async def aclose(self) -> None:
        """Stop reading and applying; the next start continues an application."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _own(self, work: Coroutine[Any, Any, Done], name: str) -> "asyncio.Task[Done]":
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _read(self, import_id: str, file: Path) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "crm.customers.importing.reader",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        asked = {"url": self._database.url, "import_id": import_id, "path": str(file), "home": asdict(home())}
        try:
            _, complaint = await process.communicate(json.dumps(asked).encode())
            if process.returncode != 0:
                # The kind of the error only: a traceback's values may be personal data.
                last = complaint.splitlines()[-1:] or [b""]
                log.error(
                    "import_reader_failed", import_id=import_id, error=last[0].split(b":")[0].decode(errors="replace")
                )
                await self._set(import_id, ImportStatus.INTERRUPTED)
                return
            await self._check(import_id)
        except Exception:
            with suppress(DBAPIError):
                await self._set(import_id, ImportStatus.INTERRUPTED)
            raise
        finally:
            was_cut_off = process.returncode is None
            if was_cut_off:
                process.kill()
                await process.wait()
            else:
                await asyncio.to_thread(file.unlink, missing_ok=True)

    async def _check(self, import_id: str) -> None:
        found = await self.get(import_id)
        if found.status is ImportStatus.CANCELLED:
            await self._forget(import_id)
            return
        # Errors of single rows do not hide those between rows: all are named at once.
        await self._see(import_id)
        compared = await self._compare(import_id)
        refused = bool(found.error_count or compared.errors)
        if refused:
            compared = applying.Comparison(0, 0, compared.errors, [])
            await self._forget(import_id)
        await self._set(import_id, ImportStatus.REFUSED if refused else ImportStatus.READY, compared)

    async def _apply(self, import_id: str) -> ImportView:
        try:
            compared = await self._compare(import_id)
        except Exception:
            await self._set(import_id, ImportStatus.READY)
            raise
        if compared.errors:
            if not await self._is_applied_in_part(import_id):
                await self._forget(import_id)
                await self._set(import_id, ImportStatus.REFUSED, compared)
                raise CannotApply("customers were changed since it was read, and it does not fit any more")
            compared = await self._drop_errors(import_id, compared)
        if compared.overtaken:
            await self._see(import_id)
            await self._set(import_id, ImportStatus.READY, compared)
            raise _overtaken(compared)
        await self._set(import_id, ImportStatus.APPLYING, compared)
        try:
            await self._apply_rows(import_id)
        except Overtaken:
            raise
        except Exception:
            # The rows that are left can be applied again; without a database the next start goes on.
            with suppress(DBAPIError):
                await self._set(import_id, ImportStatus.READY, await self._compare(import_id))
            raise
        log.info("customers_imported", import_id=import_id, creates=compared.creates, updates=compared.updates)
        return await self.get(import_id)

    async def _apply_rows(self, import_id: str) -> None:
        """Apply the staged rows.

        Rows that were set aside make the import ready again.
        """
        async with self._database.read() as session:
            found = await _existing(session, import_id)
        by = applying.Applicant(found.applied_by_id or found.staff_id, found.applied_by or found.staff_name)
        await Batches(self._database).until_done(
            lambda connection, done, rows: applying.apply(connection, import_id, by, done, rows)
        )
        left = await self._compare(import_id)
        if left.creates + left.updates + len(left.errors) + len(left.overtaken) == 0:
            await self._forget(import_id)
            creates, updates = await self._long(lambda connection: applying.applied(connection, import_id, found.at))
            await self._set(import_id, ImportStatus.APPLIED, applying.Comparison(creates, updates, [], []))
            return
        await self._see(import_id)
        rows = [*left.overtaken, *left.errors]
        await self._set(import_id, ImportStatus.READY, applying.Comparison(left.creates, left.updates, rows, []))
        raise _overtaken(left)

    async def _is_applied_in_part(self, import_id: str) -> bool:
        """Return whether some rows of a ready import were applied before."""
        staged = select(func.count()).select_from(ImportRow).where(ImportRow.import_id == import_id)
        async with self._database.read() as session:
            found = await _existing(session, import_id)
            return (await session.exec(staged)).one() < found.rows

    async def _drop_errors(self, import_id: str, compared: applying.Comparison) -> applying.Comparison:
        """Remove and name the rows with errors; compare the rest."""
        while errors := compared.errors:
            async with self._database.write() as session:
                rows = {error.row for error in errors}
                for table in (ImportRow, ImportPhone):
                    await session.exec(delete(table).where(col(table.import_id) == import_id, col(table.row).in_(rows)))
                _name(await _existing(session, import_id), errors)
            compared = await self._compare(import_id)
        return compared

    async def _resume(self, import_id: str) -> None:
        """Continue an application, and try again after a pause where it fails."""
        while True:
            try:
                await self._apply_rows(import_id)
            except Overtaken as error:
                log.warning("import_resumed_in_part", import_id=import_id, rows=len(error.errors))
                return
            except Exception:
                log.exception("import_not_resumed", import_id=import_id)
                await asyncio.sleep(RETRY_PAUSE_S)
            else:
                log.info("import_resumed", import_id=import_id)
                return

    async def _set(self, import_id: str, status: ImportStatus, compared: applying.Comparison | None = None) -> None:
        async with self._database.write() as session:
            found = await _existing(session, import_id)
            if found.status is ImportStatus.CANCELLED:
                return
            found.status = status
            if compared is not None:
                found.creates, found.updates = compared.creates, compared.updates
                stays = [one for one in found.errors if one["rule"] not in applying.SINCE]
                found.error_count -= len(found.errors) - len(stays)
                found.errors = stays
                _name(found, compared.errors)

    async def _claim(self, import_id: str, by: Principal) -> None:
        async with self._database.write() as session:
            found = await session.get(CustomerImport, import_id, with_for_update=True)
            if found is None:
                raise _none(import_id)
            if found.status is not ImportStatus.READY:
                raise CannotApply("only a file that was read and has no error can be applied, once")
            found.status = ImportStatus.APPLYING
            found.applied_by_id, found.applied_by = by.staff_id, f"{by.name} ({by.staff_number})"

    async def _compare(self, import_id: str) -> applying.Comparison:
        return await self._long(lambda connection: applying.compare(connection, import_id, MOST_ERRORS))

    async def _long(self, question: Callable[[Connection], Done]) -> Done:
        # SQLite has one writer, for whom a reader does not wait; PostgreSQL sets a limit of time per transaction.
        run = self._database.look_up if self._database.is_sqlite else self._database.change
        return await run(question)

    async def _see(self, import_id: str) -> None:
        await Batches(self._database).until_done(
            lambda connection, done, rows: applying.see(connection, import_id, done, rows)
        )

    async def _forget(self, import_id: str) -> None:
        await Batches(self._database).until_done(
            lambda connection, done, rows: applying.forget(connection, import_id, done, rows)
        )

    def _files(self) -> list[Path]:
        return list(self._folder.iterdir()) if self._folder.is_dir() else []

    def _take_over(self, file: Path, own_file: Path) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        shutil.move(file, own_file)


async def _existing(session: AsyncSession, import_id: str) -> CustomerImport:
    found = await session.get(CustomerImport, import_id)
    if found is None:
        raise _none(import_id)
    return found


def _overtaken(compared: applying.Comparison) -> Overtaken:
    rows = [*compared.overtaken, *compared.errors]
    problems = [FieldProblem(field=f"row {one.row}, column {one.column}", rule=one.rule) for one in rows]
    return Overtaken(
        "customers were changed since the file was shown; look again, and apply it then", problems[:LISTED]
    )


def _none(import_id: str) -> ImportNotFound:
    return ImportNotFound(f"there is no import {import_id}")


def _name(found: CustomerImport, errors: list[RowError]) -> None:
    """Add rules that rows break to those of an import."""
    new = [error for one in errors if (error := one.model_dump()) not in found.errors]
    found.error_count += len(new)
    found.errors = [*found.errors, *new][:MOST_ERRORS]
