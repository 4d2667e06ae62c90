"""In-memory stand-ins for the services around a call, and Redis without waiting."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import redis
from redis.asyncio import BlockingConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy.exc import OperationalError

from ari_app.calls.call_services import AgentPhone, PopMaker
from ari_app.calls.model import CallState
from ari_app.desk.model import CallChanged
from ari_app.desk.pop import Pop, SpokenWording
from crm.history.model import CallRecordView
from foundation.clock import milliseconds, utc_now
from foundation.ids import new_id
from foundation.redis_client import SharedRedis
from recordings.errors import RecordingNotFound
from recordings.model import RecordingKind, RecordingStatus, Segment
from recordings.service import new_segment_id
from recordings.storage import Storage

NOWHERE = Path("/nonexistent/recordings")


class InstantRedis(SharedRedis):
    """The real Redis with answers that take no virtual time.

    Commands block the event loop, so their order is the same in every run.
    """

    def __init__(self, url: str) -> None:
        super().__init__(BlockingConnectionPool.from_url(url))
        self.away = False
        """Every command fails as if the connection were refused."""
        self._client: Any = redis.Redis.from_url(url)

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Carry out one command."""
        await asyncio.sleep(0)
        return self._carried_out(*args, **options)

    def give(self, *command: Any) -> asyncio.Future[Any]:
        """Carry out one command now; its answer is there at once."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        try:
            answer.set_result(self._carried_out(*command))
        except redis.RedisError as error:
            answer.set_exception(error)
        return answer

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close every connection."""
        self._client.close()
        await super().aclose(close_connection_pool)

    def _carried_out(self, *command: Any, **options: Any) -> Any:
        if self.away:
            raise RedisConnectionError("refused")
        return self._client.execute_command(*command, **options)


@dataclass
class FakeEntry:
    """A recording's entry."""

    call_id: str
    kind: RecordingKind
    status: RecordingStatus = RecordingStatus.RECORDING
    note: str = ""
    agent_id: str | None = None
    other_agent_id: str | None = None
    other_number: str | None = None
    supervisor_id: str | None = None
    ticket_id: str | None = None
    started_at: datetime | None = None
    duration_ms: int | None = None


class FakeRecordings:
    """Entries of recordings in memory; nothing is written."""

    def __init__(self) -> None:
        self.entries: dict[str, FakeEntry] = {}
        self.spoken_ms: int | None = None
        """How long every recording lasts, once sealed."""
        self.spoken_note = ""
        """Note of every recording, once sealed."""
        self.process = 1
        """Number of the process; what an earlier one began is never stored."""
        self.begin_s = 0.0
        """How long the database takes to store an entry."""
        self.unsealed_audio_s: float | None = None
        """Length of audio that cannot be sealed yet; None: it can."""
        self.storage = Storage(NOWHERE)

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
        """Store an entry."""
        process = self.process
        await asyncio.sleep(self.begin_s)
        if process != self.process:
            await asyncio.Future[None]()
        recording_id = segment_id or new_segment_id()
        begun_before = recording_id in self.entries
        entry = FakeEntry(
            call_id,
            kind,
            agent_id=agent_id,
            other_agent_id=other_agent_id,
            other_number=other_number,
            supervisor_id=supervisor_id,
            started_at=started_at,
        )
        self.entries.setdefault(recording_id, entry)
        first, *others = self.storage.spool_files(recording_id, channels or 1)
        second = others[0] if others else None
        return Segment(recording_id, call_id, first, second, None, begun_before=begun_before)

    async def link(self, call_id: str, *, ticket_id: str) -> None:
        """Link a call's entries with a ticket."""
        for entry in await self.of_call(call_id):
            entry.ticket_id = ticket_id

    async def of_call(self, call_id: str) -> list[FakeEntry]:
        """Return a call's entries."""
        return [entry for entry in self.entries.values() if entry.call_id == call_id]

    async def last_ticket(self, call_id: str) -> str | None:
        """Return the ticket of the call's last entry with one."""
        return next((entry.ticket_id for entry in reversed(await self.of_call(call_id)) if entry.ticket_id), None)

    async def has_audio(self, segment_id: str) -> bool:
        """Return False: there are no files."""
        return False

    async def unsealed_s(self, segment_id: str) -> float:
        """Return the length of the audio that waits."""
        return self.unsealed_audio_s or 0.0

    async def fail(self, segment_id: str, why: str) -> None:
        """Store that a recording came to nothing."""
        entry = self.entries[segment_id]
        entry.status, entry.note = RecordingStatus.FAILED, why

    async def discard(self, segment_id: str) -> None:
        """Remove an entry under which nothing was recorded."""
        self.entries.pop(segment_id, None)

    async def seal(self, segment_id: str) -> FakeEntry | None:
        """Close an entry; None where the database is away."""
        if self.unsealed_audio_s is not None:
            return None
        if segment_id not in self.entries:
            raise RecordingNotFound
        entry = self.entries[segment_id]
        entry.status, entry.duration_ms = RecordingStatus.SEALED, self.spoken_ms
        entry.note = self.spoken_note
        return entry

    def seal_in_background(
        self, segment_id: str, *, started_at: datetime | None = None, ended_at: datetime | None = None
    ) -> None:
        """Close an entry."""
        self.entries[segment_id].status = RecordingStatus.SEALED
        self.entries[segment_id].started_at = started_at


class FakeHistory:
    """Records of calls in memory, linked with the tickets of their recordings."""

    def __init__(self, recordings: FakeRecordings) -> None:
        self._recordings = recordings
        self.records: list[CallRecordView] = []
        self.failure: Exception | None = None
        """What storing a record fails with."""

    async def record_call(self, record: CallRecordView) -> CallRecordView:
        """Store a record, and return it."""
        if self.failure is not None:
            raise self.failure
        is_about_ticket = record.direction == "outbound" and record.ticket_id is not None
        if not is_about_ticket and (ticket_id := await self._recordings.last_ticket(record.id)) is not None:
            record = record.model_copy(update={"ticket_id": ticket_id})
        self.records.append(record)
        return record

    @property
    def only(self) -> CallRecordView:
        """The one record there is."""
        (record,) = self.records
        return record


class FakeMessages:
    """Messages that were filed as tickets."""

    def __init__(self) -> None:
        self.filed: list[tuple[str, list[str]]] = []
        self.away = 0
        """How often the database is away before a message is filed."""

    async def file(self, state: CallState) -> None:
        """Note the call and its recordings."""
        if self.away:
            self.away -= 1
            raise OperationalError("", {}, OSError("away"))
        self.filed.append((state.id, list(state.message_ids)))


class FakeSpool:
    """Work that waits for the database, in memory."""

    def __init__(self) -> None:
        self.spooled: list[tuple[str, bytes]] = []

    async def add(self, kind: str, content: bytes, *, owner: str = "") -> None:
        """Store a piece of work."""
        self.spooled.append((kind, content))


@dataclass
class FakeDesks:
    """Agents' screens."""

    popped: list[tuple[str, Pop]] = field(default_factory=list)
    """Every screen pop, with its agent."""
    closed: list[tuple[str, str]] = field(default_factory=list)
    """Pops that were taken away: agent and call."""
    missed: list[tuple[str, int]] = field(default_factory=list)
    """Agents who missed a ring, with how many of them pause."""
    answered_elsewhere: list[tuple[str, str]] = field(default_factory=list)
    """Agents with a pop that was closed as another answered, with the name of that agent."""
    shown: list[tuple[str, CallChanged]] = field(default_factory=list)
    """States of calls that were shown, with their agents."""
    connected: bool = True

    async def pop(self, agent_id: str, pop: Pop) -> bool:
        """Show a call."""
        self.popped.append((agent_id, pop))
        return self.connected

    async def close_pop(
        self, agent_id: str, call_id: str, *, missed_of: int | None = None, answered_by: str | None = None
    ) -> None:
        """Take a pop away."""
        if answered_by is not None:
            self.answered_elsewhere.append((agent_id, answered_by))
        if missed_of is not None:
            self.missed.append((agent_id, missed_of))
        self.closed.append((agent_id, call_id))

    async def call_changed(self, agent_id: str, changed: CallChanged) -> None:
        """Show another state of the call."""
        self.shown.append((agent_id, changed))


class FakePops:
    """Pops without a customer."""

    async def prepare(self, state: CallState) -> PopMaker:
        """Return what makes the pop."""
        return _pop


def _pop(state: CallState, phone: AgentPhone, waited_ms: int) -> Pop:
    return Pop(
        id=new_id("pop"),
        call_id=state.id,
        offered_at_ms=milliseconds(utc_now()),
        queue=state.queue or "",
        waited_ms=waited_ms,
        greeting=SpokenWording(zh="您好", en="Hello"),
    )


class FakePrompts:
    """Prompts as names of files that are never read."""

    async def audio(self, name: str, language: str, variables: Mapping[str, Any]) -> Path | None:
        """Return the file of a prompt."""
        return Path(f"/prompts/{language}/{name}.wav")
