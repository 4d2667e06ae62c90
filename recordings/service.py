"""Service of recordings: begin, seal, link, open, verify, audit."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from enum import Enum, auto
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from recordings import orphans, sealing, store
from recordings.access import RecordingAccess, view_of
from recordings.errors import RecordingNotFound, StorageUnavailable
from recordings.model import (
    OrphanReport,
    RecordingKind,
    RecordingStatus,
    RecordingView,
    RecordingWarning,
    Segment,
    WarningKind,
)
from recordings.sealer import RecordingTimes, Sealer
from recordings.storage import MINIMUM_FREE_BYTES, Storage
from recordings.store import Entry

STORAGE_SECONDS = 1.0
DATABASE_SECONDS = 2.0
"""How long each may delay the start of a recording."""
WRITABLE_SECONDS = 1.0
SETTLE_AGAIN_S = 2.0
MOST_SETTLE_AGAIN_S = 60.0
"""Pause before a result is stored again, and the longest one."""
WAV_HEADER_BYTES = 44
WAV_BYTES_PER_S = 16_000
"""Asterisk's format `wav`: 8000 samples of 16 bits a second."""
_OUT_OF_REACH = (SQLAlchemyError, OSError, TimeoutError)

log = structlog.get_logger(__name__)


def new_segment_id() -> str:
    """Return an id for a recording that has yet to begin.

    A process that stores it first can find the recording's result later.
    """
    return new_id("rec")


class _Stored(Enum):
    """Storage of a recording's entry."""

    NEW = auto()
    BEFORE = auto()
    NOT_YET = auto()


class RecordingService:
    """Entries and files of recordings.

    `on_warning` gets every warning for a person to look at; it must not raise.

    No failure ends a call: where a recording is impossible, the segment says so and the call goes on.
    """

    def __init__(
        self,
        database: Database,
        root: Path,
        *,
        on_warning: Callable[[RecordingWarning], None] | None = None,
        minimum_free_bytes: int = MINIMUM_FREE_BYTES,
    ) -> None:
        self.database = database
        self.storage = Storage(root, minimum_free_bytes=minimum_free_bytes)
        self._sealer = Sealer(database, self.storage, on_warning)
        self._settling: dict[asyncio.Task[None], str] = {}
        """Tasks that store a recording's result: a sealed file, a failure, an entry that nothing takes yet."""
        self._closing = asyncio.Event()
        self.access = RecordingAccess(database, self._sealer)
        self._begun: dict[str, Entry] = {}
        """Entries as stored at the start of their recordings; a cache."""
        self._writable_until_s = 0.0
        """On the loop's clock: until then the result of the last check of the storage counts."""

    async def aclose(self) -> None:
        """Wait for recordings being sealed, then end the threads."""
        self._closing.set()
        await asyncio.gather(*self._settling, return_exceptions=True)
        await self._sealer.aclose()

    async def begin(
        self,
        call_id: str,
        kind: RecordingKind,
        *,
        customer_id: str | None = None,
        agent_id: str | None = None,
        other_agent_id: str | None = None,
        other_number: str | None = None,
        supervisor_id: str | None = None,
        ticket_id: str | None = None,
        channels: int | None = None,
        segment_id: str | None = None,
        started_at: datetime | None = None,
    ) -> Segment:
        """Store an entry before recording; return the paths of its sides.

        A `segment_id` chosen beforehand makes it idempotent: an entry that is there stays as it is. `channels` is 2 for
        a conversation and 1 for everything else, unless given; `started_at` is now. Check `failed` before recording.
        With the database away the entry waits beside the files and is stored later: the call is recorded all the same.
        """
        started_at, recording_id = started_at or utc_now(), segment_id or new_segment_id()
        channels = channels or (2 if kind is RecordingKind.CONVERSATION else 1)
        facts: dict[str, Any] = {
            "id": recording_id,
            "call_id": call_id,
            "ticket_id": ticket_id,
            "customer_id": customer_id,
            "agent_id": agent_id,
            "other_agent_id": other_agent_id,
            "other_number": other_number,
            "supervisor_id": supervisor_id,
            "kind": kind,
            "status": RecordingStatus.RECORDING,
            "channels": channels,
            "started_at": started_at,
            "file": self.storage.sealed_name(recording_id, started_at),
        }
        failed = await self._storage_problem()
        if failed is not None:
            facts |= {"status": RecordingStatus.FAILED, "note": failed, "ended_at": started_at}
            self._sealer.warn(WarningKind.STORAGE, failed, recording_id, call_id)
        stored = await self._stored(facts)
        if stored is _Stored.BEFORE:
            # Whether that recording goes on has nothing to do with room for another one.
            failed = await self._failed_before(recording_id)
        elif stored is _Stored.NOT_YET and (refused := await self._journalled(facts)) is not None:
            failed = failed or refused
            facts |= {"status": RecordingStatus.FAILED, "note": failed, "ended_at": started_at}
            self._settle(recording_id, lambda: self._stored_at_last(facts))
        first, *others = self.storage.spool_files(recording_id, channels)
        second = others[0] if others else None
        return Segment(recording_id, call_id, first, second, failed, begun_before=stored is not _Stored.NEW)

    async def seal(
        self, segment_id: str, *, started_at: datetime | None = None, ended_at: datetime | None = None
    ) -> RecordingView | None:
        """Seal a recording.

        Join its sides, store checksum and length, delete the spool files.

        Call it after the request to stop recording; `ended_at` is that moment, now by default. `started_at` is the
        moment of the request to start: a file much shorter than the time between is stored as partial. Idempotent.
        A failure becomes the entry's status and a warning, never an exception. None: the database is away, and the
        audit will seal it.

        Raises:
            RecordingNotFound: there never was such a segment.
        """
        sealed = await self._sealed(segment_id, RecordingTimes(started_at, ended_at or utc_now()))
        return view_of(sealed) if sealed is not None else None

    def seal_in_background(
        self, segment_id: str, *, started_at: datetime | None = None, ended_at: datetime | None = None
    ) -> None:
        """Seal a recording in a task of this service.

        It goes on until the database takes it, also when the call's own task is cut off.
        """
        times = RecordingTimes(started_at, ended_at or utc_now())
        self._settle(segment_id, lambda: self._sealed_at_last(segment_id, times))

    def _settle(self, segment_id: str, attempt: Callable[[], Awaitable[bool]]) -> None:
        """Repeat an attempt in a task of this service until it succeeds."""
        task = asyncio.create_task(self._until_settled(segment_id, attempt), name=f"settle {segment_id}")
        self._settling[task] = segment_id
        task.add_done_callback(self._settling.pop)

    async def _until_settled(self, segment_id: str, attempt: Callable[[], Awaitable[bool]]) -> None:
        pause_s = SETTLE_AGAIN_S
        while True:
            try:
                if await attempt():
                    return
            except Exception:
                # A recording must not be lost to an error that was not foreseen.
                log.exception("recording_not_settled", recording_id=segment_id)
                pause_s = min(2 * pause_s, MOST_SETTLE_AGAIN_S)
            try:
                async with asyncio.timeout(pause_s):
                    await self._closing.wait()
                    return  # the next process's audit goes on with it
            except TimeoutError:
                continue

    async def _sealed(self, segment_id: str, times: RecordingTimes) -> Entry | None:
        """Return the sealed entry; None where the database is away."""
        try:
            return await self._sealer.seal(segment_id, times, self._begun.pop(segment_id, None))
        except _OUT_OF_REACH as error:
            self._sealer.warn(WarningKind.DATABASE, f"not sealed yet: {error}", segment_id)
            return None

    async def _sealed_at_last(self, segment_id: str, times: RecordingTimes) -> bool:
        try:
            sealed = await self._sealed(segment_id, times)
        except RecordingNotFound:
            self._sealer.warn(WarningKind.INCOMPLETE, "not sealed: it has no entry; its files are kept", segment_id)
            return True
        return sealed is not None and sealed.status is not RecordingStatus.RECORDING

    async def has_audio(self, segment_id: str) -> bool:
        """Tell whether a segment has unsealed audio. Never raises."""
        first = self.storage.spool_files(segment_id, 1)[0]
        try:
            return await asyncio.to_thread(first.exists)
        except OSError:
            return False

    async def unsealed_s(self, segment_id: str) -> float:
        """Return the length of a segment's unsealed audio. Never raises.

        In seconds, estimated by the size of the first side's file; 0 without audio.
        """
        first = self.storage.spool_files(segment_id, 1)[0]
        try:
            found = await asyncio.to_thread(first.stat)
        except OSError:
            return 0.0
        return max(0, found.st_size - WAV_HEADER_BYTES) / WAV_BYTES_PER_S

    async def fail(self, segment_id: str, why: str) -> None:
        """Store that a begun recording failed. Never raises.

        Where the database is away, that is stored when it is back.
        """
        self._sealer.warn(WarningKind.INCOMPLETE, why, segment_id)
        self._begun.pop(segment_id, None)
        failed = {"status": RecordingStatus.FAILED, "note": why, "ended_at": utc_now()}
        if not await self._failure_stored(segment_id, failed):
            self._settle(segment_id, lambda: self._failure_stored(segment_id, failed))

    async def _failure_stored(self, segment_id: str, failed: Mapping[str, Any]) -> bool:
        try:
            await self._sealer.entry(segment_id)
            await self.database.change(lambda connection: store.finish(connection, segment_id, failed))
        except RecordingNotFound:
            self._sealer.warn(WarningKind.INCOMPLETE, "its failure is not stored: it has no entry", segment_id)
        except _OUT_OF_REACH as error:
            self._sealer.warn(WarningKind.DATABASE, f"its failure is not stored yet: {error}", segment_id)
            return False
        return True

    async def discard(self, segment_id: str) -> None:
        """Remove the entry of a segment that never started. Never raises."""
        self._begun.pop(segment_id, None)
        try:
            await asyncio.to_thread(self.storage.journal_file(segment_id).unlink, missing_ok=True)
            async with self.database.write() as session:
                await store.discard(session, segment_id)
        except _OUT_OF_REACH as error:
            self._sealer.warn(WarningKind.DATABASE, f"an unused entry is not removed: {error}", segment_id)

    async def link(self, call_id: str, *, ticket_id: str | None = None, customer_id: str | None = None) -> None:
        """Link a call's recordings with a ticket or customer.

        None leaves the link as it is.
        """
        facts = {"ticket_id": ticket_id, "customer_id": customer_id}
        given = {name: value for name, value in facts.items() if value is not None}
        if given:
            async with self.database.write() as session:
                await store.link(session, call_id, **given)

    async def get(self, recording_id: str) -> RecordingView:
        """Return one recording.

        Raises:
            RecordingNotFound: there is none.
        """
        return view_of(await self.access.entry(recording_id))

    async def exists(self, session: AsyncSession, recording_id: str) -> bool:
        """Tell whether a recording exists, within the caller's transaction."""
        return await store.get(session, recording_id) is not None

    async def of_call(self, call_id: str) -> list[RecordingView]:
        """Return a call's segments in order."""
        async with self.database.read() as session:
            return [view_of(row) for row in await store.of_call(session, call_id)]

    async def of_ticket(self, ticket_id: str) -> list[RecordingView]:
        """Return a ticket's recordings, oldest first."""
        async with self.database.read() as session:
            return [view_of(row) for row in await store.of_ticket(session, ticket_id)]

    async def audit_orphans(
        self, *, grace_s: float = orphans.GRACE_SECONDS, in_use: frozenset[str] = frozenset()
    ) -> OrphanReport:
        """Compare entries with files, and repair the differences.

        Run it at start and every night. Segments younger than `grace_s`, files being written, and recordings in use
        are not touched: while an agent's phone rings, the call's entry has no file yet.
        """
        return await orphans.audit(self._sealer, grace_s, in_use | self._being_settled())

    async def audit_spool(
        self, *, grace_s: float = orphans.GRACE_SECONDS, in_use: frozenset[str] = frozenset()
    ) -> OrphanReport:
        """Seal what is left in the spool, as `audit_orphans` does.

        For recordings that the last audit found still being made: they must not wait for the next night.
        """
        return await orphans.audit_spool(self._sealer, grace_s, in_use | self._being_settled())

    def _being_settled(self) -> frozenset[str]:
        """Return recordings with an end that knows their times."""
        return frozenset(self._settling.values())

    async def _storage_problem(self) -> str | None:
        """Return the reason why no recording is possible; None if it is.

        A disk that fills up a moment later fills up during calls just as well.
        """
        now_s = asyncio.get_running_loop().time
        if now_s() < self._writable_until_s:
            return None
        try:
            async with asyncio.timeout(STORAGE_SECONDS):
                await asyncio.to_thread(self.storage.check)
        except StorageUnavailable as error:
            return str(error)
        except TimeoutError:
            return f"the storage for recordings did not answer within {STORAGE_SECONDS} s"
        self._writable_until_s = now_s() + WRITABLE_SECONDS
        return None

    async def _stored(self, facts: Mapping[str, Any]) -> _Stored:
        recording_id, call_id = facts["id"], facts["call_id"]
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                self._begun[recording_id] = await self._sealer.insert(facts)
        except IntegrityError:
            # Begun already, by a process that ended before it could say so.
            return _Stored.BEFORE
        except _OUT_OF_REACH as error:
            self._sealer.warn(WarningKind.DATABASE, f"the entry is not stored yet: {error}", recording_id, call_id)
            return _Stored.NOT_YET
        return _Stored.NEW

    async def _failed_before(self, recording_id: str) -> str | None:
        """Return the failure of an earlier begun recording, if any."""
        try:
            found = await self._sealer.entry(recording_id)
        except (*_OUT_OF_REACH, RecordingNotFound):
            return None
        return found.note if found.status is RecordingStatus.FAILED else None

    async def _stored_at_last(self, facts: Mapping[str, Any]) -> bool:
        return await self._stored(facts) is not _Stored.NOT_YET

    async def _journalled(self, facts: Mapping[str, Any]) -> str | None:
        """Write the entry beside the files; return why that failed."""
        content = RecordingView.model_validate({"segment": 0, **store.whole(facts)}).model_dump_json().encode()
        try:
            await asyncio.to_thread(sealing.write_whole, self.storage.journal_file(facts["id"]), content)
        except OSError as error:
            return f"neither the database nor the storage takes the entry: {error}"
        return None
