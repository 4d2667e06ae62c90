"""Recording one channel, both sides: MixMonitor, which costs half of what ARI's snooping does and outlives us."""

from contextlib import suppress

import structlog

from ari_app.ari.ami import AmiClient
from ari_app.ari.errors import AriError
from ari_app.calls.model import RecordingStage
from foundation.clock import from_milliseconds, milliseconds, utc_now
from recordings.model import RecordingKind, Segment
from recordings.service import RecordingService

log = structlog.get_logger()


class CallRecorder:
    """One segment: prepared before it is needed, started, stopped, sealed. A failure never ends the call (F27).

    What must outlive the process is in `taping`, which the call's state holds.
    """

    def __init__(self, ami: AmiClient, recordings: RecordingService, taping: RecordingStage) -> None:
        self._ami = ami
        self._recordings = recordings
        self._taping = taping
        self._segment: Segment | None = None

    async def prepare(
        self, call_id: str, kind: RecordingKind, *, customer_id: str | None, agent_id: str | None = None
    ) -> None:
        """Store the entry; from here on the segment is known, whatever happens."""
        self._segment = await self._recordings.begin(
            call_id,
            kind,
            customer_id=customer_id,
            agent_id=agent_id,
            channels=2,
            segment_id=self._taping.segment_id,
        )
        self._taping.failed = self._segment.failed is not None

    async def start(self, channel_id: str) -> None:
        """Record what the channel's party says to the left and what it hears to the right."""
        segment = self._segment
        if segment is None or self._taping.failed or self._taping.since_ms is not None:
            return
        assert segment.agent_path is not None, "two channels were asked for"
        since_ms = milliseconds(utc_now())
        try:
            # The process before us may have started it without living to say so; twice would spoil the files.
            if not (segment.begun_before and await self._recordings.has_audio(segment.id)):
                await self._ami.mix_monitor(channel_id, str(segment.caller_path), str(segment.agent_path))
        except (AriError, TimeoutError, ValueError) as error:
            log.exception("recording_not_started")
            self._taping.failed = True
            await self._recordings.fail(segment.id, str(error))
        else:
            self._taping.since_ms = since_ms

    async def stop(self, channel_id: str, *, talked: bool = False) -> None:
        """End it and have it sealed; what never started leaves no entry, unless they `talked` without it."""
        taping = self._taping
        if taping.failed:
            return
        if taping.since_ms is None and not await self._recordings.has_audio(taping.segment_id):
            if talked:
                taping.failed = True
                await self._recordings.fail(taping.segment_id, "it ended before anything was recorded")
            else:
                await self._recordings.discard(taping.segment_id)
            return
        ended_at = utc_now()
        with suppress(AriError, TimeoutError):
            # Where the channel is gone, MixMonitor has stopped by itself.
            await self._ami.stop_mix_monitor(channel_id)
        started_at = from_milliseconds(taping.since_ms) if taping.since_ms is not None else None
        self._recordings.seal_in_background(taping.segment_id, started_at=started_at, ended_at=ended_at)
