"""Recordings of a conversation: a new segment at every change of parties."""

import asyncio
from dataclasses import dataclass, replace

from ari_app.calls.call_services import CallServices
from ari_app.calls.control.model import Target, TargetKind
from ari_app.calls.model import CallState, RecordingStage, Talk
from ari_app.calls.recorder import CallRecorder, Recorded
from ari_app.desk.call_states import Direction
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
    other_agent_id: str | None = None
    """Another agent who is heard too."""
    other_number: str | None = None
    """An outside number that is heard too."""
    supervisor_id: str | None = None
    """The supervisor whom all hear."""

    @classmethod
    def with_other(
        cls, channel_id: str, other: Target, *, agent_id: str | None = None, kind: RecordingKind
    ) -> "SegmentParties":
        """Return the parties of a segment with a third party."""
        is_agent = other.kind is TargetKind.AGENT
        return cls(channel_id, kind, agent_id, other.id if is_agent else None, None if is_agent else other.id)

    @classmethod
    def usual(cls, state: CallState) -> "SegmentParties":
        """Return the two parties of a call without a third."""
        assert state.talk is not None, "an offer was staged"
        kind = RecordingKind.CONSULT if state.direction is Direction.INTERNAL else RecordingKind.CONVERSATION
        return cls(state.channel_id, kind, state.talk.agent_id, state.called_agent)

    @classmethod
    def staged(cls, stage: RecordingStage, state: CallState) -> "SegmentParties":
        """Return the parties of a stored stage; the first names none."""
        channel_id = stage.channel_id or state.channel_id
        if stage.agent_id is None and stage.other_number is None:
            return replace(cls.usual(state), channel_id=channel_id)
        return cls(
            channel_id, stage.kind, stage.agent_id, stage.other_agent_id, stage.other_number, stage.supervisor_id
        )

    def stage(self) -> RecordingStage:
        """Return the stage of a new segment."""
        return RecordingStage(
            new_segment_id(),
            channel_id=self.channel_id,
            kind=self.kind,
            agent_id=self.agent_id,
            other_agent_id=self.other_agent_id,
            other_number=self.other_number,
            supervisor_id=self.supervisor_id,
        )


class Segment:
    """One segment from its entry to its seal."""

    def __init__(self, services: CallServices, state: CallState, stage: RecordingStage, *, adopted: bool) -> None:
        self.stage = stage
        self.who = who = SegmentParties.staged(stage, state)
        recorded = Recorded(
            state.id, who.kind, state.customer_id, who.agent_id, who.other_agent_id, who.other_number, who.supervisor_id
        )
        self._recorder = CallRecorder(services.ami, services.recordings, stage, recorded, adopted=adopted)
        self._adopted = adopted
        self._entering: asyncio.Task[None] | None = None
        self._starting: asyncio.Task[None] | None = None

    def prepare(self, since_ms: int | None = None, *, after: "Segment | None" = None) -> None:
        """Begin to store the entry, after that of the former segment.

        Segments are numbered in the order of their entries.
        """
        if self._entering is None:
            entering = self._enter(since_ms, after)
            self._entering = asyncio.create_task(entering, name=f"entry:{self.stage.segment_id}")

    async def entered(self) -> None:
        """Wait for the entry, if its storing has begun."""
        if self._entering is not None:
            await asyncio.wait({self._entering})

    async def _enter(self, since_ms: int | None, after: "Segment | None") -> None:
        if after is not None:
            await after.entered()
        await self._recorder.prepare(since_ms=since_ms)

    def start(self) -> "asyncio.Task[None]":
        """Begin to record; return the task."""
        starting = self._recorder.start(self.who.channel_id)
        self._starting = asyncio.create_task(starting, name=f"record:{self.stage.segment_id}")
        return self._starting

    async def started(self) -> None:
        """Wait until Asterisk has answered the request to record."""
        if self._starting is not None:
            await asyncio.wait({self._starting})

    def halt(self) -> "asyncio.Task[None]":
        """Begin to stop the recorder; return the task."""
        return asyncio.create_task(self._recorder.halt(self.who.channel_id), name=f"halt:{self.stage.segment_id}")

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

    def __init__(self, services: CallServices, state: CallState, first: RecordingStage, *, adopted: bool) -> None:
        self._services = services
        self._state = state
        self._present: Segment | None = self._segment(first, adopted=adopted)
        self._switching: asyncio.Task[None] | None = None
        self._finishing: set[asyncio.Task[None]] = set()
        """Former segments on their way to the seal."""

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
        present, talk = self._present, self._talk
        if present is not None and present.stage.over:
            present = None
        if (present.who if present is not None else None) == who:
            return
        if present is not None:
            talk.ended_recordings = [*talk.ended_recordings, present.stage]
        self._present = None
        if who is not None:
            talk.recording = who.stage()
            self._present = self._segment(talk.recording, adopted=False)
        switch = self._switch(self._switching, present, self._present)
        self._switching = asyncio.create_task(switch, name=f"segments:{self._state.id}")
        self._services.store.put(self._state)

    def resume(self) -> None:
        """Go on with the segments of a former process."""
        for stage in self._talk.ended_recordings:
            self._finish(self._segment(stage, adopted=True))
        if self._present is not None and not self._present.stage.over:
            self._present.prepare(self._present.stage.since_ms)
            self._present.start()

    def leave(self) -> None:
        """Leave the steps under way to the next process."""
        for task in (self._switching, *self._finishing):
            if task is not None:
                task.cancel()

    async def end(self, *, talked_since_ms: int | None) -> None:
        """End the last segment."""
        if self._switching is not None:
            await task_over(self._switching)
        if self._present is not None:
            await self._present.end(talked_since_ms=talked_since_ms)
        for task in tuple(self._finishing):
            await task_over(task)

    @property
    def _talk(self) -> Talk:
        assert self._state.talk is not None, "in a conversation"
        return self._state.talk

    def _segment(self, stage: RecordingStage, *, adopted: bool) -> Segment:
        return Segment(self._services, self._state, stage, adopted=adopted)

    async def _switch(
        self, before: "asyncio.Task[None] | None", former: Segment | None, following: Segment | None
    ) -> None:
        """Stop one recorder and start the next, without a pause.

        Asterisk gets both requests together, in this order.
        """
        if before is not None:
            await asyncio.wait({before})
        steps: list[asyncio.Task[None]] = []
        if former is not None:
            await former.started()
            steps.append(former.halt())
        if following is not None:
            following.prepare(after=former)
            steps.append(following.start())
        if steps:
            await asyncio.wait(steps)
        if former is not None:
            self._finish(former)
        self._services.store.put(self._state)

    def _finish(self, former: Segment) -> None:
        """Seal a former segment, beside everything else."""
        task = asyncio.create_task(self._seal(former), name=f"seal:{former.stage.segment_id}")
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)

    async def _seal(self, former: Segment) -> None:
        await former.end(talked_since_ms=former.stage.since_ms or self._talk.connected_at_ms)
        segment_id = former.stage.segment_id
        left = [stage for stage in self._talk.ended_recordings if stage.segment_id != segment_id]
        self._talk.ended_recordings = left
        self._services.store.put(self._state)
