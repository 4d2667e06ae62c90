"""Recordings of a conversation: a new segment at every change of parties."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass

from ari_app.calls.call_services import CallServices
from ari_app.calls.model import CallState, Direction, RecordingStage, Talk
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
    supervisor_id: str | None = None
    """The supervisor whom all hear."""


def conversation_kind(state: CallState) -> RecordingKind:
    """Return the kind of recordings of a call's two parties."""
    return RecordingKind.CONSULT if state.direction is Direction.INTERNAL else RecordingKind.CONVERSATION


class Segment:
    """One segment from its entry to its seal."""

    def __init__(
        self, services: CallServices, state: CallState, stage: RecordingStage, who: SegmentParties, *, adopted: bool
    ) -> None:
        self.stage = stage
        self.who = who
        recorded = Recorded(state.id, who.kind, state.customer_id, who.agent_id)
        self._recorder = CallRecorder(services.ami, services.recordings, stage, recorded, adopted=adopted)
        self._adopted = adopted
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
            began = self._starting is not None or self._adopted
            await self._recorder.stop(self.who.channel_id, talked_since_ms=talked_since_ms if began else None)
            self.stage.over = True


class Segments:
    """Segments of one conversation, one after another. Never delays it."""

    def __init__(self, services: CallServices, state: CallState, *, adopted: bool) -> None:
        assert state.talk is not None, "an offer was staged"
        self._services = services
        self._state = state
        stage = state.talk.recording
        who = SegmentParties(stage.channel_id or state.channel_id, conversation_kind(state), state.talk.agent_id)
        self._present: Segment | None = Segment(services, state, stage, who, adopted=adopted)
        self._steps: asyncio.Task[None] | None = None
        self._closing = False
        """The conversation is over: no segment begins any more."""

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
        present, self._present = self._present, None
        if present is not None and present.who == who and not present.stage.over:
            self._present = present
            return
        talk = self._talk
        if present is not None and not present.stage.over:
            talk.ended_recordings = [*talk.ended_recordings, present.stage]
            self._do(self._finish(present))
        if who is not None:
            talk.recording = RecordingStage(new_segment_id(), channel_id=who.channel_id)
            self._present = self._segment(talk.recording, who, adopted=False)
            self._do(self._begin(self._present))
        self._services.store.put(self._state)

    def resume(self, who: SegmentParties | None) -> None:
        """Go on with segments of a former process."""
        talk = self._talk
        for stage in talk.ended_recordings:
            former = self._segment(stage, SegmentParties(stage.channel_id or self._state.channel_id), adopted=True)
            self._do(self._finish(former))
        if who is not None and not talk.recording.over:
            self._present = self._segment(talk.recording, who, adopted=True)
            self._do(self._begin(self._present))

    def leave(self) -> None:
        """Leave the steps under way to the next process."""
        if self._steps is not None:
            self._steps.cancel()

    async def end(self, *, talked_since_ms: int | None) -> None:
        """End the last segment."""
        self._closing = True
        if self._steps is not None:
            await task_over(self._steps)
        if self._present is not None:
            await self._present.end(talked_since_ms=talked_since_ms)

    @property
    def _talk(self) -> Talk:
        assert self._state.talk is not None, "in a conversation"
        return self._state.talk

    def _segment(self, stage: RecordingStage, who: SegmentParties, *, adopted: bool) -> Segment:
        return Segment(self._services, self._state, stage, who, adopted=adopted)

    def _do(self, step: Coroutine[None, None, None]) -> None:
        """Carry out a step after those before it."""
        following = self._after(self._steps, step)
        self._steps = asyncio.create_task(following, name=f"segments:{self._state.id}")

    async def _after(self, before: "asyncio.Task[None] | None", step: Coroutine[None, None, None]) -> None:
        try:
            if before is not None:
                await task_over(before)
        except BaseException:
            step.close()
            raise
        await step

    async def _finish(self, former: Segment) -> None:
        await former.end(talked_since_ms=former.stage.since_ms or self._talk.connected_at_ms)
        segment_id = former.stage.segment_id
        left = [stage for stage in self._talk.ended_recordings if stage.segment_id != segment_id]
        self._talk.ended_recordings = left
        self._services.store.put(self._state)

    async def _begin(self, following: Segment) -> None:
        if self._closing:
            return
        following.prepare()
        await following.start()
        self._services.store.put(self._state)
