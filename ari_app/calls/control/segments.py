"""Recordings of a conversation: a new segment at every change of parties."""

import asyncio
from dataclasses import dataclass

from ari_app.calls.call_services import CallServices
from ari_app.calls.model import CallState, RecordingStage
from ari_app.calls.recorder import CallRecorder, Recorded
from foundation.tasks import task_over
from recordings.model import RecordingKind
from recordings.service import new_segment_id


@dataclass(frozen=True)
class SegmentParties:
    """Parties of a segment."""

    channel_id: str
    """The recorded channel: its party is on the left, all others on the right."""
    kind: RecordingKind = RecordingKind.CONVERSATION
    agent_id: str | None = None
    other: str | None = None
    """Another agent's id or an outside number that is heard too."""


class Segment:
    """One segment from its entry to its seal."""

    def __init__(
        self, services: CallServices, state: CallState, stage: RecordingStage, who: SegmentParties, *, adopted: bool
    ) -> None:
        self.stage = stage
        self.who = who
        recorded = Recorded(state.id, who.kind, state.customer_id, who.agent_id)
        self._recorder = CallRecorder(services.ami, services.recordings, stage, recorded, adopted=adopted)
        self._entering: asyncio.Task[None] | None = None
        self._starting: asyncio.Task[None] | None = None

    def prepare(self, since_ms: int | None = None) -> None:
        """Begin to store the entry."""
        if self._entering is None:
            entering = self._recorder.prepare(since_ms=since_ms)
            self._entering = asyncio.create_task(entering, name=f"entry:{self.stage.segment_id}")

    def start(self) -> asyncio.Task[None]:
        """Begin to record; return the task."""
        starting = self._recorder.start(self.who.channel_id)
        self._starting = asyncio.create_task(starting, name=f"record:{self.stage.segment_id}")
        return self._starting

    async def end(self, *, talked_since_ms: int | None) -> None:
        """Stop and seal it, at any stage."""
        if self._entering is not None:
            await task_over(self._entering)
        if self._starting is not None:
            # The conversation is over: do not wait for a recorder that has not started.
            self._starting.cancel()
            await task_over(self._starting)
        if not self.stage.over:
            await self._recorder.stop(self.who.channel_id, talked_since_ms=talked_since_ms)
            self.stage.over = True


class Segments:
    """Segments of one conversation, one after another. Never delays it."""

    def __init__(self, services: CallServices, state: CallState, *, adopted: bool) -> None:
        assert state.talk is not None, "an offer was staged"
        self._services = services
        self._state = state
        stage = state.talk.recording
        who = SegmentParties(stage.channel_id or state.channel_id, agent_id=state.talk.agent_id)
        self._present: Segment | None = Segment(services, state, stage, who, adopted=adopted)
        self._switching: asyncio.Task[None] | None = None

    @property
    def _connected_at_ms(self) -> int | None:
        return self._state.talk.connected_at_ms if self._state.talk is not None else None

    def prepare(self, since_ms: int | None = None) -> None:
        """Begin to store the entry of the present segment."""
        if self._present is not None and not self._present.stage.over:
            self._present.prepare(since_ms)

    def start(self) -> "asyncio.Task[None]":
        """Begin to record the first segment; return the task."""
        assert self._present is not None, "nothing was changed yet"
        return self._present.start()

    def change(self, who: SegmentParties | None) -> None:
        """Record these parties from now on; None records nothing."""
        present = self._present
        if present is not None and present.who == who and not present.stage.over:
            return
        assert self._state.talk is not None, "in a conversation"
        self._present = None
        if who is not None:
            stage = self._state.talk.recording = RecordingStage(new_segment_id(), channel_id=who.channel_id)
            self._present = Segment(self._services, self._state, stage, who, adopted=False)
        switching = self._switch(self._switching, present, self._present)
        self._switching = asyncio.create_task(switching, name=f"segments:{self._state.id}")

    def keep(self, who: SegmentParties) -> None:
        """Name the parties of the segment that a former process began."""
        if self._present is not None:
            self._present.who = who

    async def end(self, *, talked_since_ms: int | None) -> None:
        """End the last segment."""
        if self._switching is not None:
            await task_over(self._switching)
        if self._present is not None:
            await self._present.end(talked_since_ms=talked_since_ms)

    async def _switch(
        self, before: "asyncio.Task[None] | None", former: Segment | None, following: Segment | None
    ) -> None:
        if before is not None:
            await task_over(before)
        if former is not None:
            await former.end(talked_since_ms=former.stage.since_ms or self._connected_at_ms)
        if following is not None:
            following.prepare()
            await following.start()
