"""Reactions of the hotline to its desks."""

from typing import Protocol

from ari_app.desk.command_model import AgentCommand
from ari_app.desk.model import DeskSnapshot
from foundation.routes import Principal


class DeskHandler(Protocol):
    """Reactions to desks: commands, presence, first state."""

    async def command(self, agent_id: str, command: AgentCommand, /) -> None:
        """Carry out an agent's command.

        Raises:
            Problem: it is refused.
        """

    async def presence(self, agent_id: str, connected: bool, /) -> None:
        """Note that an agent's desk is open or gone.

        A desk that reconnects is reported open again.
        """

    async def signed_out(self, agent_id: str, /) -> None:
        """Take an agent out of the queues: the session ended."""

    async def snapshot(self, who: Principal, /) -> DeskSnapshot:
        """Return the first state of a new desk."""
