"""Audit of recordings: entries against files, both ways.

A crash may leave either without the other. A failure with one recording does not stop the audit of the others: it is
listed in the report.
"""

from collections.abc import Iterable
from datetime import timedelta

import structlog

from foundation.clock import utc_now
from foundation.database import out_of_reach
from recordings import sealing, store
from recordings.errors import RecordingNotFound
from recordings.model import PLAYABLE, OrphanReport, RecordingStatus
from recordings.sealer import RecordingTimes, Sealer
from recordings.storage import Storage, still_written
from recordings.store import Entry, EntryFile

GRACE_SECONDS = 60.0
"""A segment this young may not have its files yet, or is just being sealed by the call's end."""
_PAGE = 500

_log = structlog.get_logger(__name__)


async def audit(sealer: Sealer, grace_s: float, in_use: frozenset[str]) -> OrphanReport:
    """Compare entries and files, and repair; see `RecordingService.audit_orphans`."""
    storage = sealer.storage
    await sealer.in_thread(lambda: sealing.delete(storage.leftovers(grace_s)))
    spooled = await sealer.in_thread(storage.spooled_ids)
    report = await audit_spool(sealer, grace_s, in_use)
    await _find_missing(sealer, spooled | in_use, grace_s, report)
    await _find_unknown(sealer, report)
    report.unknown_files.extend(await sealer.in_thread(storage.foreign_files))
    return report


async def audit_spool(sealer: Sealer, grace_s: float, in_use: frozenset[str]) -> OrphanReport:
    """Seal what is left in the spool; see `RecordingService.audit_spool`."""
    report = OrphanReport()
    for recording_id in sorted(await sealer.in_thread(sealer.storage.spooled_ids) - in_use):
        await _try_to_mend_spooled(sealer, recording_id, grace_s, report)
    return report


async def _try_to_mend_spooled(sealer: Sealer, recording_id: str, grace_s: float, report: OrphanReport) -> None:
    try:
        await _mend_spooled(sealer, recording_id, grace_s, report)
    except Exception as error:
        if out_of_reach(error) and not isinstance(error, OSError):
            raise  # the database is away: the next audit repairs them all
        _log.exception("recording_not_audited", recording_id=recording_id)
        report.unreadable.append(recording_id)


async def _mend_spooled(sealer: Sealer, recording_id: str, grace_s: float, report: OrphanReport) -> None:
    journalled = sealer.storage.journal_file(recording_id).exists()
    try:
        row = await sealer.entry(recording_id)
    except RecordingNotFound:
        report.unknown_files.extend(await sealer.in_thread(_spool_names, sealer.storage, recording_id))
        return
    if journalled:
        report.adopted.append(recording_id)
        # The entry is in the database, although its response was lost: the copy is not needed any more.
        await sealer.in_thread(sealing.delete, [sealer.storage.journal_file(recording_id)])
    sides = sealer.storage.spool_files(recording_id, row.channels)
    if row.status in PLAYABLE:
        if await sealer.in_thread(_is_whole, sealer.storage, row):
            await sealer.in_thread(sealing.delete, sides)
    elif _young(row, grace_s) or await sealer.in_thread(lambda: any(still_written(side) for side in sides)):
        report.still_recording.append(recording_id)
    else:
        _count(report, recording_id, (await sealer.seal(recording_id, RecordingTimes())).status)


async def _find_missing(sealer: Sealer, spared: set[str], grace_s: float, report: OrphanReport) -> None:
    wanted = {*PLAYABLE, RecordingStatus.RECORDING}
    async with sealer.database.read() as session:
        gone = [
            row.id
            async for page in store.pages(session, wanted)
            for row in await sealer.in_thread(_without_file, sealer.storage, page, report)
            if row.id not in spared and not _young(row, grace_s)
        ]
    async with sealer.database.write() as session:
        for recording_id in gone:
            await store.mark_missing(session, recording_id, "the audit found no file")
    report.missing.extend(gone)


async def _find_unknown(sealer: Sealer, report: OrphanReport) -> None:
    names = await sealer.in_thread(lambda: list(sealer.storage.sealed_names()))
    for start in range(0, len(names), _PAGE):
        page = names[start : start + _PAGE]
        async with sealer.database.read() as session:
            known = await store.known_files(session, page)
        report.unknown_files.extend(name for name in page if name not in known)


def _count(report: OrphanReport, recording_id: str, status: RecordingStatus) -> None:
    lists = {
        RecordingStatus.SEALED: report.sealed,
        RecordingStatus.PARTIAL: report.partial,
        RecordingStatus.MISSING: report.missing,
        RecordingStatus.FAILED: report.failed,
        RecordingStatus.RECORDING: report.still_recording,
    }
    lists[status].append(recording_id)


def _young(row: Entry | EntryFile, grace_s: float) -> bool:
    return utc_now() - row.started_at < timedelta(seconds=grace_s)


def _without_file(storage: Storage, rows: Iterable[EntryFile], report: OrphanReport) -> list[EntryFile]:
    return [row for row in rows if not _has_file(storage, row, report)]


def _has_file(storage: Storage, row: EntryFile, report: OrphanReport) -> bool:
    try:
        return storage.path_of(row.file).is_file()
    except RecordingNotFound:
        return False  # the name leads outside the storage: there is no such file of ours
    except OSError:
        _log.exception("recording_not_audited", recording_id=row.id)
        report.unreadable.append(row.id)
        return True


def _is_whole(storage: Storage, row: Entry) -> bool:
    try:
        return sealing.checksum_of(storage.open_sealed(row.file)) == row.sha256
    except RecordingNotFound:
        return False


def _spool_names(storage: Storage, recording_id: str) -> list[str]:
    return sorted(str(path.relative_to(storage.root)) for path in storage.spool.glob(f"{recording_id}*"))
