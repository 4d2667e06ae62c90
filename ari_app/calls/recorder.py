"""Recorder of one channel, both sides, by MixMonitor.

MixMonitor costs half of what ARI's snooping costs, and goes on while the service is away.
"""

import asyncio
from contextlib import suppress

import structlog

from ari_app.ari.ami import AmiClient
from ari_app.ari.errors import AriError
from ari_app.calls.model import RecordingStage
from foundation.clock import from_milliseconds, milliseconds, utc_now
from recordings.model import RecordingKind
from recordings.service import RecordingService

log = structlog.get_logger()


class CallRecorder:
    """One recording: prepared, started, stopped, sealed.

    A failure never ends the call (F27). `recording` belongs to the call's state, so that another process can go on.
    """

    def __init__(
        self, ami: AmiClient, recordings: RecordingService, recording: RecordingStage, *, adopted: bool = False
    ) -> None:
        self._ami = ami
        self._recordings = recordings
        self._recording = recording
        self._adopted = adopted
        """Another process may have started the recording and died before it stored that."""
        self._entered = asyncio.Event()
        """The entry is stored, or waits beside the files for the database."""

    async def prepare(
        self, call_id: str, kind: RecordingKind, *, customer_id: str | None, agent_id: str | None = None
    ) -> None:
        """Store the recording's entry."""
        segment = await self._recordings.begin(
            call_id,
            kind,
            customer_id=customer_id,
            agent_id=agent_id,
            channels=2,
            segment_id=self._recording.segment_id,
        )
        self._recording.failed = segment.failed is not None
        self._entered.set()

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
                await self._ami.mix_monitor(channel_id, str(caller_path), str(agent_path))
        except (AriError, TimeoutError, ValueError) as error:
            log.exception("recording_not_started")
            recording.failed = True
            await self._entered.wait()
            await self._recordings.fail(recording.segment_id, str(error))
        else:
            recording.since_ms = since_ms

    async def stop(self, channel_id: str, *, talked: bool = False) -> None:
        """Stop and seal it; without audio, remove its entry.

        Where caller and agent `talked` without a recording, the entry stays, marked as failed.
        """
        recording = self._recording
        if recording.failed:
            return
        if recording.since_ms is None and not await self._recordings.has_audio(recording.segment_id):
            if talked:
                recording.failed = True
                await self._recordings.fail(recording.segment_id, "it ended before anything was recorded")
            else:
                await self._recordings.discard(recording.segment_id)
            return
        ended_at = utc_now()
        with suppress(AriError, TimeoutError):
            # If the channel is gone, MixMonitor has stopped by itself.
            await self._ami.stop_mix_monitor(channel_id)
        started_at = from_milliseconds(recording.since_ms) if recording.since_ms is not None else None
        self._recordings.seal_in_background(recording.segment_id, started_at=started_at, ended_at=ended_at)
