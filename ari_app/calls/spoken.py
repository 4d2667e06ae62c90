"""Recordings of what a caller says to the machine."""

from ari_app.calls.model import CallState
from ari_app.calls.store import CallStore
from recordings.model import RecordingKind
from recordings.service import RecordingService, new_segment_id

SHORTEST_MESSAGE_S = 1.0
"""A caller who ends the recording sooner had nothing to say."""
KINDS = {"suggestion": RecordingKind.SUGGESTION, "message": RecordingKind.MESSAGE}


class SpokenAnswers:
    """Begins and ends spoken recordings of one call.

    The one being made is in the call's state.
    """

    def __init__(self, recordings: RecordingService, store: CallStore, state: CallState) -> None:
        self._recordings = recordings
        self._store = store
        self._state = state

    async def begin_spoken(self, purpose: str) -> tuple[str, str] | None:
        """Begin a recording; return its id and its name in ARI.

        None where nothing can be recorded.
        """
        kind = KINDS.get(purpose, RecordingKind.MESSAGE)
        state = self._state
        state.spoken_id = new_segment_id()
        await self._store.save(state)
        segment = await self._recordings.begin(
            state.id,
            kind,
            customer_id=state.customer_id,
            ticket_id=state.ticket_id,
            channels=1,
            segment_id=state.spoken_id,
        )
        return None if segment.failed is not None else (segment.id, segment.ari_name)

    def name_of(self, recording_id: str) -> str:
        """Return a recording's name in ARI."""
        return self._recordings.storage.spool_files(recording_id, 1)[0].stem

    async def end_spoken(self, recording_id: str, *, failed: str | None) -> float:
        """Seal a recording; return its duration in seconds, 0 without audio."""
        self._state.spoken_id = None
        if failed is not None:
            await self._recordings.fail(recording_id, failed)
            return 0.0
        sealed = await self._recordings.seal(recording_id)
        if sealed is None:
            return 0.0
        duration_s = (sealed.duration_ms or 0) / 1000
        if sealed.kind is RecordingKind.MESSAGE and duration_s >= SHORTEST_MESSAGE_S:
            self._state.message_ids.append(recording_id)
            self._store.put(self._state)
        return duration_s
