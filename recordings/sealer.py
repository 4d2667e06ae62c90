"""Sealer of recordings.

From spool files and an open entry to one sealed file and a closed entry.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import structlog

from foundation.database import Database
from recordings import sealing, store
from recordings.errors import RecordingNotFound, UnreadableSide
from recordings.model import (
    PLAYABLE,
    SILENT,
    RecordingKind,
    RecordingStatus,
    RecordingView,
    RecordingWarning,
    WarningKind,
)
from recordings.storage import Storage, checked_id, locked
from recordings.store import Entry

SHORTFALL_SECONDS = 2.0
SHORTFALL_SHARE = 0.05
"""A recording that is shorter than its conversation by more than both is not complete."""
_SEALING_THREADS = 2

log = structlog.get_logger(__name__)
_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class RecordingTimes:
    """Times between which Asterisk recorded, if known."""

    since: datetime | None = None
    until: datetime | None = None


class Sealer:
    """Sealer with threads of its own.

    Neither calls nor readers of other files wait for it.
    """

    def __init__(
        self, database: Database, storage: Storage, on_warning: Callable[[RecordingWarning], None] | None
    ) -> None:
        self.database = database
        self.storage = storage
        self._on_warning = on_warning
        self._threads = ThreadPoolExecutor(_SEALING_THREADS, thread_name_prefix="sealing")

    async def aclose(self) -> None:
        """Wait for recordings being sealed and end the threads."""
        await asyncio.to_thread(self._threads.shutdown)

    async def in_thread(
        self, function: Callable[_Parameters, _Result], *args: _Parameters.args, **kwargs: _Parameters.kwargs
    ) -> _Result:
        """Run a function that waits for the disk outside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(function, *args, **kwargs))

    def warn(self, kind: WarningKind, detail: str, recording_id: str, call_id: str | None = None) -> None:
        """Log a warning and pass it on."""
        log.warning("recording_warning", kind=kind.value, detail=detail, recording_id=recording_id, call_id=call_id)
        if self._on_warning is not None:
            self._on_warning(RecordingWarning(kind, detail, recording_id, call_id))

    async def seal(self, recording_id: str, times: RecordingTimes, entry: Entry | None = None) -> Entry:
        """Seal one recording and return its entry.

        One that is sealed, or that another process is sealing, is returned as it is.

        `entry` is the entry stored at its start, where that is known.

        Raises:
            RecordingNotFound: there is no entry, and none waits for the database either.
        """
        recording = entry if entry is not None else await self.entry(recording_id)
        if recording.status not in PLAYABLE:
            sides = self.storage.spool_files(recording_id, recording.channels)
            finished = None
            with locked(sides) as ours:
                if ours:
                    finished = await self._finish(recording, sides, times)
            recording = finished or await self.entry(recording_id)
        return recording

    async def entry(self, recording_id: str) -> Entry:
        """Return the stored entry.

        An entry that waits beside its files is stored first.

        Raises:
            RecordingNotFound: there is neither.
        """
        known = checked_id(recording_id)
        found = await self.database.look_up(lambda connection: store.entry(connection, known))
        return found if found is not None else await self._adopt(recording_id)

    async def insert(self, facts: Mapping[str, Any]) -> Entry:
        """Store a new entry as the next segment of its call."""
        return await self.database.change(lambda connection: store.add(connection, facts))

    async def _adopt(self, recording_id: str) -> Entry:
        journal = self.storage.journal_file(recording_id)
        try:
            facts = RecordingView.model_validate_json(await self.in_thread(journal.read_bytes))
        except (FileNotFoundError, ValueError) as error:
            raise RecordingNotFound from error
        name = self.storage.sealed_name(recording_id, facts.started_at)
        entry = await self.insert({**facts.model_dump(exclude={"segment"}), "file": name})
        await self.in_thread(journal.unlink, missing_ok=True)
        return entry

    async def _finish(self, recording: Entry, sides: Sequence[Path], times: RecordingTimes) -> Entry | None:
        """Return the entry as stored; None where it was not changed."""
        try:
            sealed = await self.in_thread(self._seal_when_closed, sides, recording.file)
        except sealing.StillWritten:
            self._warn_about(recording, WarningKind.INCOMPLETE, "Asterisk has not closed the files; sealing waits")
            return None
        except sealing.NothingRecorded as nothing:
            status = RecordingStatus.MISSING if nothing.missing else RecordingStatus.FAILED
            finished = await self._fail(recording, status, str(nothing), times)
        except UnreadableSide as error:
            return await self._fail(recording, RecordingStatus.FAILED, str(error), times)
        except OSError as error:
            reason = f"could not be sealed ({error.strerror or error}); the sides are kept"
            return await self._fail(recording, RecordingStatus.FAILED, reason, times, kind=WarningKind.STORAGE)
        except Exception as error:
            # The next audit tries again: a recording must not be lost to an error that was not foreseen.
            log.exception("recording_not_sealed", recording_id=recording.id)
            reason = f"could not be sealed ({type(error).__name__}); the sides are kept"
            return await self._fail(recording, RecordingStatus.FAILED, reason, times)
        else:
            finished = await self._store_sealed(recording, sealed, times)
        if finished is not None:
            await self.in_thread(sealing.delete, sides)
        return finished

    async def _store_sealed(self, recording: Entry, sealed: sealing.SealedFile, times: RecordingTimes) -> Entry | None:
        started_at = times.since or recording.started_at
        notes = [*sealed.notes, *_shortfall(times, sealed)]
        complete = sealed.complete and len(notes) == len(sealed.notes)
        if not complete:
            self._warn_about(recording, WarningKind.INCOMPLETE, "; ".join(notes))
        if sealed.silent and recording.kind is RecordingKind.MESSAGE:
            notes.append(SILENT)
        return await self._store(
            recording,
            status=RecordingStatus.SEALED if complete else RecordingStatus.PARTIAL,
            started_at=started_at,
            ended_at=times.until or started_at + timedelta(milliseconds=sealed.duration_ms),
            duration_ms=sealed.duration_ms,
            sample_rate=sealed.sample_rate,
            channels=sealed.channels,
            bytes=sealed.bytes,
            sha256=sealed.sha256,
            gap_ms=sealed.gap_ms,
            note="; ".join(notes),
        )

    async def _fail(
        self,
        recording: Entry,
        status: RecordingStatus,
        why: str,
        times: RecordingTimes,
        *,
        kind: WarningKind = WarningKind.INCOMPLETE,
    ) -> Entry | None:
        # The earlier reason (the disk was full at the start) says more than a missing file.
        note = recording.note if recording.status is RecordingStatus.FAILED and recording.note else why
        status = RecordingStatus.FAILED if recording.status is RecordingStatus.FAILED else status
        self._warn_about(recording, kind, why)
        return await self._store(
            recording, status=status, note=note, ended_at=recording.ended_at or times.until or recording.started_at
        )

    async def _store(self, recording: Entry, **facts: Any) -> Entry | None:
        recording_id = recording.id
        return await self.database.change(lambda connection: store.finish(connection, recording_id, facts))

    def _seal_when_closed(self, sides: Sequence[Path], name: str) -> sealing.SealedFile:
        sealing.wait_until_closed(sides)
        return sealing.seal(sides, self.storage.path_of(name))

    def _warn_about(self, recording: Entry, kind: WarningKind, detail: str) -> None:
        self.warn(kind, detail, recording.id, recording.call_id)


def _shortfall(times: RecordingTimes, sealed: sealing.SealedFile) -> list[str]:
    """Return a note if the file is shorter than the conversation.

    Such as a disk that ran full midway.
    """
    if times.since is None or times.until is None:
        return []
    expected_s = (times.until - times.since).total_seconds()
    missing_s = expected_s - sealed.duration_ms / 1000
    if missing_s <= max(SHORTFALL_SECONDS, expected_s * SHORTFALL_SHARE):
        return []
    return [f"{missing_s:.1f} s shorter than the conversation"]
