"""A supervisor's leg and ear: rung, seated, removed."""

from contextlib import suppress

from ari_app.ari.client import AriClient
from ari_app.ari.errors import AriConflict, AriError, AriNotFound
from ari_app.calls.control.model import Supervisor
from ari_app.desk.call_states import SupervisionMode
from foundation.ids import new_id

SUPERVISOR_LEG = "supervisor-leg"
EAR = "ear"
"""Beginning of the names of snoop channels."""


class Ear:
    """Snoop channel through which a supervisor hears an agent, and whispers.

    It hangs on the agent's leg, so that a customer can never hear a whisper. Its mode is fixed: another mode is
    another ear. It ends with the agent's leg, and goes on while the service is away.
    """

    def __init__(self, ari: AriClient, application_argument: str) -> None:
        self._ari = ari
        self._argument = application_argument
        self._open: tuple[str, SupervisionMode] | None = None
        """The ear that this process made or found, with its mode."""

    def wanted(self, supervisor: Supervisor) -> bool:
        """Tell whether the supervisor's mode needs another ear."""
        return self._open is None or self._open != (supervisor.ear_id, supervisor.mode)

    def choose(self, supervisor: Supervisor) -> str:
        """Choose the next ear's name, which is stored before the request."""
        supervisor.ear_id = new_id(EAR)
        return supervisor.ear_id

    async def make(self, supervisor: Supervisor, agent_channel_id: str) -> None:
        """Make the chosen ear and give the supervisor a bridge with it.

        The ear is seated with `join` once it is in our application.

        Raises:
            AriError: Asterisk refused, or a leg is gone.
        """
        assert supervisor.ear_id is not None, "chosen"
        with suppress(AriConflict):  # made for the former ear
            await self._ari.create_bridge(supervisor.bridge_id, types=["mixing"], name=self._argument)
        await self._ari.add_to_bridge(supervisor.bridge_id, [supervisor.channel_id])
        whisper = supervisor.mode is SupervisionMode.WHISPER
        await self._ari.snoop(
            agent_channel_id,
            snoop_id=supervisor.ear_id,
            spy="both",
            # Towards the agent's phone alone.
            whisper="out" if whisper else "none",
            app_args=[EAR, self._argument],
        )
        self._open = (supervisor.ear_id, supervisor.mode)

    async def join(self, supervisor: Supervisor) -> None:
        """Seat the ear beside the supervisor's leg.

        Raises:
            AriError: one of both is gone.
        """
        assert supervisor.ear_id is not None, "made"
        await self._ari.add_to_bridge(supervisor.bridge_id, [supervisor.channel_id, supervisor.ear_id])

    async def resume(self, supervisor: Supervisor) -> None:
        """Find the ear of a former process, and seat it.

        Raises:
            AriError: Asterisk did not respond.
        """
        if supervisor.ear_id is None:
            return
        try:
            await self._ari.channel(supervisor.ear_id)
            await self.join(supervisor)
        except AriNotFound:
            return
        self._open = (supervisor.ear_id, supervisor.mode)

    async def close(self, supervisor: Supervisor) -> None:
        """Remove the ear: the supervisor hears nothing through it.

        Raises:
            AriError: Asterisk did not respond; the ear may still be there.
        """
        if supervisor.ear_id is not None:
            with suppress(AriNotFound):
                await self._ari.hang_up(supervisor.ear_id)
        self._open, supervisor.ear_id = None, None

    async def drop(self, supervisor: Supervisor, *, keeps_leg: bool = False) -> None:
        """Remove ear, bridge and leg at any stage. Never raises."""
        with suppress(AriError):
            await self.close(supervisor)
        if not keeps_leg:
            with suppress(AriError):
                await self._ari.hang_up(supervisor.channel_id)
        with suppress(AriError):
            await self._ari.destroy_bridge(supervisor.bridge_id)
