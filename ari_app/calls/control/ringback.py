"""Ringing tone at the agent's ear while a third party's phone rings."""

from contextlib import suppress

from ari_app.ari.client import AriClient
from ari_app.ari.errors import AriError
from ari_app.calls.model import CallState
from ari_app.desk.call_states import ControlStage


class RingbackTone:
    """Plays the ringing tone to the agent of one conversation.

    It ends before the parties are seated for another stage, and begins when they are: a channel with a tone hears
    nothing else.
    """

    def __init__(self, ari: AriClient, state: CallState) -> None:
        self._ari = ari
        self._state = state

    async def begin(self, stage: ControlStage) -> None:
        """Begin the tone where the stage has one."""
        control, talk = self._state.control, self._state.talk
        if stage is ControlStage.CONSULT_RINGING and control is not None and talk is not None:
            control.hears_ringing = True
            with suppress(AriError):
                await self._ari.ring(talk.channel_id)

    async def end_before(self, stage: ControlStage) -> None:
        """End the tone before another stage."""
        control, talk = self._state.control, self._state.talk
        if stage is ControlStage.CONSULT_RINGING or control is None or talk is None or not control.hears_ringing:
            return
        control.hears_ringing = False
        with suppress(AriError):
            await self._ari.stop_ringing(talk.channel_id)
