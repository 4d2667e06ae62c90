"""Tables and views of recordings.

One entry per segment, one audit entry per use.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel
from sqlalchemy import Column, Enum, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from crm.personal_data.fields import Personal, PersonalText
from crm.personal_data.holdings import personal
from foundation.database import UtcDateTime

SHORTEST_MESSAGE_S = 1.0
"""A caller who ends the recording sooner had nothing to say: a silent message is none."""


SILENT = "no voice is heard"
"""Note of a message in which the caller said nothing, however long: it is none."""


class RecordingKind(StrEnum):
    """Kind of a recording."""

    CONVERSATION = "conversation"
    """Caller left, agent right."""
    CONSULT = "consult"
    """A third party left, the agent right; the caller does not hear them."""
    SURVEY = "survey"
    SUGGESTION = "suggestion"
    MESSAGE = "message"


class RecordingStatus(StrEnum):
    """State of a recording."""

    RECORDING = "recording"
    SEALED = "sealed"
    """Complete, closed, and its checksum stored."""
    PARTIAL = "partial"
    """Sealed as well, but something is missing from it; `note` says what."""
    FAILED = "failed"
    """Nothing was recorded, or it could not be joined; `note` says why."""
    MISSING = "missing"
    """There should be a file, and there is none."""


class AuditAction(StrEnum):
    """Use of a recording."""

    LISTEN = "listen"
    DOWNLOAD = "download"
    VERIFY = "verify"


def _by_value(kind: type[StrEnum]) -> Enum:
    """Return a column type that stores an enum by its value.

    A plain text column: a new member needs no change of a database type.
    """
    return Enum(
        kind, native_enum=False, length=16, values_callable=lambda members: [member.value for member in members]
    )


class Recording(SQLModel, table=True):
    """One segment of a call's recording.

    A segment has the same parties from start to end.
    """

    __tablename__ = "recording"
    __table_args__ = (
        UniqueConstraint("call_id", "segment"),
        Index("ix_recording_customer_id_started_at", "customer_id", "started_at"),
        Index("ix_recording_status", "status"),
        # The talks of an agent's day.
        Index("ix_recording_agent_id_started_at", "agent_id", "started_at"),
        # The messages of the last days.
        Index("ix_recording_kind_started_at", "kind", "started_at"),
    )

    id: str = Field(primary_key=True)
    call_id: str
    """Indexed through the unique constraint."""
    segment: int
    """Counts from 1 within the call: a transfer starts the next one."""
    ticket_id: str | None = Field(default=None, index=True)
    customer_id: str | None = None
    agent_id: str | None = None
    other_agent_id: str | None = None
    """Another agent who is heard: consulted, or in a three-party call."""
    other_number: str | None = None
    """An outside number that is heard, such as a department's."""
    supervisor_id: str | None = None
    """The supervisor whom all hear."""
    kind: RecordingKind = Field(sa_column=Column(_by_value(RecordingKind), nullable=False))
    status: RecordingStatus = Field(sa_column=Column(_by_value(RecordingStatus), nullable=False))
    channels: int
    """2: caller left, agent right. 1: one voice."""
    started_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    duration_ms: int | None = None
    sample_rate: int | None = None
    bytes: int | None = None
    sha256: str | None = None
    """Over the closed file, in hexadecimal."""
    file: str
    """Relative to the storage's root, made from the id and the date alone (S5)."""
    gap_ms: int = 0
    """How much shorter the file of the shorter side was; it is filled with silence."""
    note: str = ""


personal(Recording, "note", "other_number")

SEGMENTS = SQLModel.metadata.tables[Recording.__tablename__]
"""For reports, which are below this package."""


class RecordingAudit(SQLModel, table=True):
    """One use of a recording. Rows are only added."""

    __tablename__ = "recording_audit"
    __table_args__ = (Index("ix_recording_audit_recording_id_at", "recording_id", "at"),)

    id: str = Field(primary_key=True)
    recording_id: str
    at: datetime = Field(sa_type=UtcDateTime)
    staff_id: str
    staff_number: str
    action: AuditAction = Field(sa_column=Column(_by_value(AuditAction), nullable=False))
    detail: str = ""


@dataclass(frozen=True)
class Segment:
    """A begun segment and the files for its sides.

    Record only if `failed` is None.
    """

    id: str
    call_id: str
    caller_path: Path
    """The caller's voice: MixMonitor's r() on the caller's channel; an ARI recording's file."""
    agent_path: Path | None
    """The sound that the caller hears: MixMonitor's t(); None for a single voice."""
    failed: str | None = None
    begun_before: bool = False
    """True: another process may have begun it already, and may even be recording."""

    @property
    def ari_name(self) -> str:
        """Return the name of an ARI recording (wav) written to `caller_path`."""
        return self.caller_path.stem


class RecordingView(BaseModel):
    """A recording as the API shows it."""

    id: str
    call_id: str
    segment: int
    ticket_id: str | None
    customer_id: str | None
    agent_id: str | None
    other_agent_id: str | None = None
    """Another agent who is heard."""
    other_number: Annotated[str | None, Personal.NUMBER] = None
    """An outside number that is heard."""
    supervisor_id: str | None = None
    """The supervisor whom all hear."""
    kind: RecordingKind
    status: RecordingStatus
    channels: int
    started_at: datetime
    ended_at: datetime | None
    duration_ms: int | None
    sample_rate: int | None
    bytes: int | None
    sha256: str | None
    gap_ms: int
    note: PersonalText

    @property
    def playable(self) -> bool:
        """Tell whether there is a sealed file."""
        return self.status in PLAYABLE


PLAYABLE = frozenset({RecordingStatus.SEALED, RecordingStatus.PARTIAL})


class Verification(BaseModel):
    """Result of computing a checksum again."""

    recording_id: str
    ok: bool
    expected_sha256: str
    found_sha256: str | None
    """None when the file is gone."""
    checked_at: datetime


class Peaks(BaseModel):
    """Waveform for a player.

    For each channel the loudest sample of every stretch, from 0 to 1.
    """

    duration_ms: int
    milliseconds_per_peak: float
    channels: list[list[float]]


class OrphanReport(BaseModel):
    """Report of an audit: findings and repairs.

    Ids of recordings, except for `unknown_files`.
    """

    sealed: list[str] = []
    """Not sealed when the service ended; complete, sealed now."""
    partial: list[str] = []
    """Not sealed and incomplete; the existing part is sealed now."""
    missing: list[str] = []
    """Entries without any file."""
    failed: list[str] = []
    """There are files, but they could not be sealed; they stay."""
    adopted: list[str] = []
    """Recorded while the database was away; their entries exist now."""
    unreadable: list[str] = []
    """Entries or files that could not be checked; the log says why."""
    still_recording: list[str] = []
    unknown_files: list[str] = []
    """Files without an entry, relative to the root. They are not touched."""

    @property
    def clean(self) -> bool:
        """Tell whether every entry has its file and every file its entry."""
        found = (self.sealed, self.partial, self.missing, self.failed, self.adopted, self.unreadable)
        return not any((*found, self.unknown_files))


class WarningKind(StrEnum):
    """Kind of a warning."""

    STORAGE = "storage"
    DATABASE = "database"
    INCOMPLETE = "incomplete"
    ALTERED = "altered"


@dataclass(frozen=True)
class RecordingWarning:
    """A problem with recordings that needs a person; calls go on."""

    kind: WarningKind
    detail: str
    recording_id: str | None = None
    call_id: str | None = None
