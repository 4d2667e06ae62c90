"""Recordings of what a caller says to the machine."""

from ari_app.calls.model import CallState
from ari_app.calls.store import CallStore
from recordings.model import SHORTEST_MESSAGE_S, SILENT, RecordingKind, RecordingStatus
from recordings.service import RecordingService, new_segment_id

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
        state.spoken_id, state.spoken_message = new_segment_id(), kind is RecordingKind.MESSAGE
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
        duration_s = await self._sealed_s(recording_id)
        state = self._state
        is_message = state.spoken_message and duration_s >= SHORTEST_MESSAGE_S
        state.was_silent = state.spoken_message and not is_message
        if is_message and recording_id not in state.message_ids:
            state.message_ids.append(recording_id)
            self._store.put(state)
        return duration_s

    async def _sealed_s(self, recording_id: str) -> float:
        """Seal a recording, or begin to; return its duration in seconds.

        It is begun where the database is away or Asterisk has not closed the file; the duration is then an estimate.
        """
        sealed = await self._recordings.seal(recording_id)
        if sealed is not None:
            # The entry is right also for a call of a version that did not store the purpose.
            self._state.spoken_message = sealed.kind is RecordingKind.MESSAGE
        if sealed is None or sealed.status is RecordingStatus.RECORDING:
            duration_s = await self._recordings.unsealed_s(recording_id)
            self._recordings.seal_in_background(recording_id)
            return duration_s
        if SILENT in sealed.note:
            return 0.0
        if sealed.duration_ms is None:
            return await self._recordings.unsealed_s(recording_id)
        return sealed.duration_ms / 1000
