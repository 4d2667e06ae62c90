"""Call that the machine makes: the customer's phone rings, and is recorded."""

import asyncio

from ari_app.calls.call_services import CallServices
from ari_app.calls.control.parties import OUTSIDE_FORMATS, RING_OUTSIDE_S
from ari_app.calls.model import CallState, RecordingStage
from ari_app.calls.recorder import CallRecorder, Recorded
from foundation.clock import milliseconds, utc_now
from foundation.crashpoint import crashpoint
from foundation.tasks import task_over
from recordings.model import RecordingKind
from recordings.service import new_segment_id

CONTACT = "contact"
"""The Stasis argument of an outbound leg, as `inbound` is of a caller."""


class Dialling:
    """Rings the customer, and records the call."""

    def __init__(self, services: CallServices, state: CallState, *, adopted: bool) -> None:
        self.answered = asyncio.Event()
        """The customer's channel is in our application."""
        self.rung = False
        """Asterisk has the channel, or had it."""
        self._services = services
        self._state = state
        self._adopted = adopted
        self._recorder: CallRecorder | None = None
        self._entering: asyncio.Task[None] | None = None
        """Stores the entry of the recording."""

    async def run(self) -> None:
        """Ring until the customer answers.

        A leg that ends instead ends the call.
        """
        state = self._state
        if not self._adopted:
            await self._ring()
        await self.answered.wait()
        state.answered_at_ms = milliseconds(utc_now())
        recorder = self._call_recorder()
        if recorder is not None:
            self._entering = asyncio.create_task(recorder.prepare(), name=f"entry:{state.id}")
            await recorder.start(state.channel_id)

    async def _ring(self) -> None:
        state = self._state
        assert state.number is not None, "an outbound call has a number"
        state.recording = RecordingStage(new_segment_id())
        await self._services.store.save(state)
        crashpoint("dialling")
        await self._services.ari.originate(
            self._services.dial_plan.endpoint(state.number),
            channel_id=state.channel_id,
            app_args=[CONTACT, state.id],
            caller_id=self._services.caller_id,
            timeout_s=round(RING_OUTSIDE_S),
            formats=OUTSIDE_FORMATS,
        )
        self.rung = True
        crashpoint("dialled")

    async def stop_recording(self) -> None:
        """Stop and seal the recording, where there is one."""
        if self._entering is not None:
            await task_over(self._entering)
        if (recorder := self._call_recorder()) is not None:
            await recorder.stop(self._state.channel_id)

    def _call_recorder(self) -> CallRecorder | None:
        """Return the recorder of a call led by the machine, else None."""
        recording, services = self._state.recording, self._services
        if self._recorder is None and recording is not None:
            recorded = Recorded(self._state.id, RecordingKind.SURVEY, self._state.customer_id)
            self._recorder = CallRecorder(services.ami, services.recordings, recording, recorded, adopted=self._adopted)
        return self._recorder
