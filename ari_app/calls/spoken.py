"""What a caller says to the machine, kept as a recording of its own."""

from ari_app.calls.model import CallState
from recordings.model import RecordingKind
from recordings.service import RecordingService

KINDS = {"suggestion": RecordingKind.SUGGESTION, "message": RecordingKind.MESSAGE}


class SpokenAnswers:
    """Begins and ends recordings of one call for its voice."""

    def __init__(self, recordings: RecordingService, state: CallState) -> None:
        self._recordings = recordings
        self._state = state

    async def begin_spoken(self, purpose: str) -> tuple[str, str] | None:
        """A new recording's id and the name ARI is to record it under; None where nothing can be kept."""
        kind = KINDS.get(purpose, RecordingKind.MESSAGE)
        state = self._state
        segment = await self._recordings.begin(
            state.id, kind, customer_id=state.customer_id, ticket_id=state.ticket_id, channels=1
        )
        return None if segment.failed is not None else (segment.id, segment.ari_name)

    async def end_spoken(self, recording_id: str, *, failed: str | None) -> float:
        """Seal it; its duration in seconds, 0 where it came to nothing."""
        if failed is not None:
            await self._recordings.fail(recording_id, failed)
            return 0.0
        sealed = await self._recordings.seal(recording_id)
        return (sealed.duration_ms or 0) / 1000 if sealed is not None else 0.0
