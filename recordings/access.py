"""Access to recordings: permissions, playback, verification, audit entries."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.routes import Principal, Role
from recordings import sealing, store
from recordings.errors import RecordingNotFound, RecordingUnavailable, UnreadableSide
from recordings.integrity import Integrity
from recordings.model import AuditAction, Peaks, Recording, RecordingAudit, RecordingKind, RecordingView, Verification
from recordings.sealer import Sealer
from recordings.storage import checked_id
from recordings.store import Entry

HEARS_ALL = frozenset({Role.QUALITY, Role.SUPERVISOR, Role.ADMINISTRATOR})

Audible = TypeVar("Audible", Recording, RecordingView)


class RecordingAccess:
    """Recordings for their listeners; every use leaves an audit entry."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._integrity = Integrity(sealer)

    async def entry(self, recording_id: str) -> Recording:
        """Return the entry of a recording, without asking for permission.

        Raises:
            RecordingNotFound: there is none.
        """
        async with self._database.read() as session:
            found = await store.get(session, checked_id(recording_id))
        if found is None:
            raise RecordingNotFound
        return found

    async def open_file(self, recording_id: str, actor: Principal, *, action: AuditAction = AuditAction.LISTEN) -> Path:
        """Return the checked sealed file and store an audit entry.

        Raises:
            RecordingNotFound: there is none, or it is not theirs.
            RecordingUnavailable: there is no audio behind the entry.
            RecordingAltered: the file is not what was sealed.
        """
        row = await self._audible(recording_id, actor)
        await self._integrity.require_unchanged(row)
        await self._audit(row, actor, action)
        return self._sealer.storage.path_of(row.file)

    async def peaks(self, recording_id: str, actor: Principal) -> Peaks:
        """Return the waveform for a player.

        Raises:
            RecordingNotFound: there is none, or it is not theirs.
            RecordingUnavailable: there is no audio behind the entry.
        """
        row = await self._audible(recording_id, actor)
        try:
            return await self._sealer.in_thread(sealing.load_peaks, self._sealer.storage.path_of(row.file))
        except (OSError, UnreadableSide) as error:
            raise RecordingUnavailable("The file of this recording cannot be read.") from error

    async def verify(self, recording_id: str, actor: Principal) -> Verification:
        """Compute the checksum again and store the result.

        Raises:
            RecordingNotFound: there is none, or it is not theirs.
            RecordingUnavailable: it was never sealed.
        """
        row = await self._heard(recording_id, actor)
        if row.sha256 is None:
            raise RecordingUnavailable("This recording was never sealed, so there is nothing to verify.")
        found = await self._integrity.checksum(row)
        verification = Verification(
            recording_id=row.id,
            ok=found == row.sha256,
            expected_sha256=row.sha256,
            found_sha256=found,
            checked_at=utc_now(),
        )
        if not verification.ok:
            self._integrity.warn(row)
        await self._audit(row, actor, AuditAction.VERIFY, "unchanged" if verification.ok else f"found {found}")
        return verification

    async def audible(self, actor: Principal, recordings: Sequence[Audible]) -> list[Audible]:
        """Return those of some recordings that a reader may hear, in order.

        Quality, supervisors and administrators hear all, agents those of their own calls and the messages that callers
        left for whichever agent calls back, departments what is attached to a ticket they may see, such as the
        customer's words that come with a redo (H8).
        """
        if actor.role in HEARS_ALL:
            return list(recordings)
        if actor.role is Role.AGENT:
            return [one for one in recordings if actor.staff_id == one.agent_id or _for_any_agent(one)]
        if actor.role is not Role.DEPARTMENT or actor.department_id is None or not recordings:
            return []
        async with self._database.read() as session:
            ids = [recording.id for recording in recordings]
            attached = await store.attached_for(session, ids, actor.department_id)
        return [recording for recording in recordings if recording.id in attached]

    async def audit_entries(self, recording_id: str) -> list[RecordingAudit]:
        """Return the uses of a recording, oldest first."""
        async with self._database.read() as session:
            return list(await store.audit_of(session, checked_id(recording_id)))

    async def _heard(self, recording_id: str, actor: Principal) -> Recording:
        """Return the entry of a recording that a reader may hear."""
        row = await self.entry(recording_id)
        if not await self.audible(actor, [row]):
            raise RecordingNotFound
        return row

    async def _audible(self, recording_id: str, actor: Principal) -> Recording:
        row = await self._heard(recording_id, actor)
        if not view_of(row).playable:
            raise RecordingUnavailable(f"This recording is {row.status.value}. {row.note}".strip())
        return row

    async def _audit(self, row: Recording, actor: Principal, action: AuditAction, detail: str = "") -> None:
        entry = RecordingAudit(
            id=new_id("aud"),
            recording_id=row.id,
            at=utc_now(),
            staff_id=actor.staff_id,
            staff_number=actor.staff_number,
            action=action,
            detail=detail,
        )
        async with self._database.write() as session:
            session.add(entry)


def _for_any_agent(recording: Recording | RecordingView) -> bool:
    return recording.kind is RecordingKind.MESSAGE and recording.agent_id is None


def view_of(row: Entry) -> RecordingView:
    """Return an entry as it is shown."""
    return RecordingView.model_validate(row, from_attributes=True)
