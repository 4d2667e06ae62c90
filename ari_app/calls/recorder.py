"""Recorder of one channel, both sides, by MixMonitor.

MixMonitor costs half of what ARI's snooping costs, and goes on while the service is away.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog

from ari_app.ari.ami import AmiClient
from ari_app.ari.errors import AriError
from ari_app.calls.model import RecordingStage
from foundation.clock import from_milliseconds, milliseconds, utc_now
from recordings.model import RecordingKind
from recordings.service import RecordingService

log = structlog.get_logger()


@dataclass(frozen=True)
class Recorded:
    """Facts of a recorded call that its entry names."""

    call_id: str
    kind: RecordingKind
    customer_id: str | None
    agent_id: str | None = None
    other_agent_id: str | None = None
    other_number: str | None = None
    supervisor_id: str | None = None


class CallRecorder:
    """One recording: prepared, started, stopped, sealed.

    A failure never ends the call (F27). `recording` belongs to the call's state, so that another process can go on.
    """

    def __init__(
        self,
        ami: AmiClient,
        recordings: RecordingService,
        recording: RecordingStage,
        recorded: Recorded,
        *,
        adopted: bool = False,
    ) -> None:
        self._ami = ami
        self._recordings = recordings
        self._recording = recording
        self._recorded = recorded
        self._adopted = adopted
        """Another process may have started the recording and died before it stored that."""
        self._entered = False
        """The entry is stored, or waits for the database."""
        self._entering = asyncio.Lock()
        self._asked = False
        """Asterisk was asked to record: the response may be under way."""
        self._halted_at: datetime | None = None

    async def prepare(self, *, since_ms: int | None = None) -> None:
        """Store the recording's entry, once.

        Args:
            since_ms: when the recording began, where that was some time ago.
        """
        async with self._entering:
            if self._entered:
                return
            segment = await self._recordings.begin(
                self._recorded.call_id,
                self._recorded.kind,
                customer_id=self._recorded.customer_id,
                agent_id=self._recorded.agent_id,
                other_agent_id=self._recorded.other_agent_id,
                other_number=self._recorded.other_number,
                supervisor_id=self._recorded.supervisor_id,
                channels=2,
                segment_id=self._recording.segment_id,
                started_at=_moment(since_ms),
            )
            self._recording.failed = segment.failed is not None
            self._entered = True

    async def start(self, channel_id: str) -> None:
        """Record both sides: the channel's party left, the other party right.

        It does not wait for the entry: a locked database must not cost the first words (F25).
        """
        recording = self._recording
        if recording.failed or recording.since_ms is not None:
            return
        since_ms = milliseconds(utc_now())
        caller_path, agent_path = self._recordings.storage.spool_files(recording.segment_id, 2)
        try:
            # Started twice, the files would be spoilt.
            if not (self._adopted and await self._recordings.has_audio(recording.segment_id)):
                self._asked = True
                mixer = await self._ami.mix_monitor(channel_id, str(caller_path), str(agent_path))
                recording.mix_monitor_id = mixer or None
        except (AriError, TimeoutError, ValueError) as error:
            self._asked = False
            log.exception("recording_not_started")
            await self.prepare()
            recording.failed = True
            await self._recordings.fail(recording.segment_id, str(error))
        else:
            recording.since_ms = since_ms

    async def halt(self, channel_id: str) -> None:
        """Stop to record; `stop` does the rest. Idempotent. Never raises."""
        if self._halted_at is not None or not (self._asked or await self._recorded_before()):
            return
        self._halted_at = utc_now()
        with suppress(AriError, TimeoutError):
            # If the channel is gone, MixMonitor has stopped by itself.
            await self._ami.stop_mix_monitor(channel_id, self._recording.mix_monitor_id)

    async def _recorded_before(self) -> bool:
        """Tell whether a former process may have started it."""
        recording = self._recording
        return recording.since_ms is not None or await self._recordings.has_audio(recording.segment_id)

    async def stop(self, channel_id: str, *, talked_since_ms: int | None = None) -> None:
        """Stop and seal it; without audio, remove its entry.

        Where caller and agent talked without a recording, the entry stays, marked as failed.

        Args:
            channel_id: the channel that is recorded.
            talked_since_ms: when they were bridged; None: they never were.
        """
        recording = self._recording
        # Also where the start was cut off: Asterisk may carry it out.
        await self.halt(channel_id)
        recorded = await self._recorded_before()
        if not (recorded or recording.failed) and talked_since_ms is None:
            await self._recordings.discard(recording.segment_id)
            return
        ended_at = self._halted_at or utc_now()
        # Another process may have died before it stored the entry.
        await self.prepare(since_ms=recording.since_ms or talked_since_ms)
        if recorded:
            self._recordings.seal_in_background(
                recording.segment_id, started_at=_moment(recording.since_ms), ended_at=ended_at
            )
        elif not recording.failed:
            recording.failed = True
            await self._recordings.fail(recording.segment_id, "it ended before anything was recorded")


def _moment(value_ms: int | None) -> datetime | None:
    return from_milliseconds(value_ms) if value_ms is not None else None
