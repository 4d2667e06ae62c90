"""Recording one channel, both sides: MixMonitor, which costs half of what ARI's snooping does and outlives us."""

from contextlib import suppress
from datetime import datetime

import structlog

from ari_app.ari.ami import AmiClient
from ari_app.ari.errors import AriError
from foundation.clock import utc_now
from recordings.model import RecordingKind, Segment
from recordings.service import RecordingService

log = structlog.get_logger()


class Tape:
    """One segment: prepared before it is needed, started, stopped, sealed. A failure never ends the call (F27)."""

    def __init__(self, ami: AmiClient, recordings: RecordingService) -> None:
        self._ami = ami
        self._recordings = recordings
        self._segment: Segment | None = None
        self._started_at: datetime | None = None

    @property
    def segment_id(self) -> str | None:
        """The segment's id, once prepared."""
        return self._segment.id if self._segment is not None else None

    async def prepare(
        self, call_id: str, kind: RecordingKind, *, customer_id: str | None, agent_id: str | None = None
    ) -> None:
        """Store the entry; from here on the segment is known, whatever happens."""
        self._segment = await self._recordings.begin(
            call_id, kind, customer_id=customer_id, agent_id=agent_id, channels=2
        )

    async def start(self, channel_id: str) -> None:
        """Record what the channel's party says to the left and what it hears to the right."""
        segment = self._segment
        if segment is None or segment.failed is not None:
            return
        assert segment.agent_path is not None, "two channels were asked for"
        try:
            await self._ami.mix_monitor(channel_id, str(segment.caller_path), str(segment.agent_path))
        except (AriError, TimeoutError, ValueError) as error:
            log.exception("recording_not_started")
            await self._recordings.fail(segment.id, str(error))
        else:
            self._started_at = utc_now()

    async def stop(self, channel_id: str) -> None:
        """End it and have it sealed; what never started leaves no entry."""
        segment = self._segment
        if segment is None or segment.failed is not None:
            return
        if self._started_at is None:
            await self._recordings.discard(segment.id)
            return
        ended_at = utc_now()
        with suppress(AriError, TimeoutError):
            # Where the channel is gone, MixMonitor has stopped by itself.
            await self._ami.stop_mix_monitor(channel_id)
        self._recordings.seal_in_background(segment.id, started_at=self._started_at, ended_at=ended_at)
