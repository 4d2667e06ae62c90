"""Commands on their way to the task that owns the call."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

from ari_app.ari.dispatch import Inbox
from ari_app.ari.errors import AriNotFound
from ari_app.ari.events import Event
from ari_app.calls.control.errors import CallOutOfReach, NoCall
from ari_app.calls.control.model import AnyCommand, CallCommand
from ari_app.desk.call_states import CallAction

ANSWER_S = 6.0
"""Longer than one request to Asterisk takes at most."""

OPEN_S = 2.0
"""How long a command waits for a conversation that begins, or that another process is adopting."""


class Commanded(Event, frozen=True, kw_only=True, gc=True):
    """A command, in one order with the events of the call's legs."""

    command: AnyCommand
    answer: "asyncio.Future[None]"


class CommandInbox:
    """Door of one call's conversation: closed while there is none."""

    def __init__(self) -> None:
        self._inbox: Inbox | None = None
        self._waiting: set[asyncio.Future[None]] = set()
        self._opened = asyncio.Event()
        self._end_ring: dict[str, Callable[[], Awaitable[None]]] = {}
        self.rung_anew: set[str] = set()
        """Agents with a page that was reloaded while it rang, and has asked for another ring."""

    @property
    def is_open(self) -> bool:
        return self._inbox is not None

    @contextmanager
    def opened(self, inbox: Inbox) -> Iterator[None]:
        """Take commands into an inbox; afterwards refuse those without an answer."""
        self._inbox = inbox
        self._opened.set()
        try:
            yield
        finally:
            self._inbox = None
            self._opened.clear()
            for answer in self._waiting:
                if not answer.done():
                    answer.set_exception(NoCall("the call ended"))

    @contextmanager
    def ringing(self, agent_id: str, end_ring: Callable[[], Awaitable[None]]) -> Iterator[None]:
        """Take a reconnection while the agent's phone rings unheard."""
        self._end_ring[agent_id] = end_ring
        self.rung_anew.discard(agent_id)
        try:
            yield
        finally:
            del self._end_ring[agent_id]

    async def give(self, command: AnyCommand) -> None:
        """Have a command carried out.

        Raises:
            Problem: it was refused, or the conversation is over.
            CallOutOfReach: it was not carried out in time; it may be later.
        """
        if isinstance(command, CallCommand) and command.action is CallAction.RECONNECT:
            end_ring = self._end_ring.get(command.agent_id)
            if end_ring is not None:
                self.rung_anew.add(command.agent_id)
                with suppress(AriNotFound):
                    await end_ring()
                return
        try:
            async with asyncio.timeout(OPEN_S):
                await self._opened.wait()
        except TimeoutError:
            raise NoCall("the call has no conversation now") from None
        assert self._inbox is not None, "opened"
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(answer)
        self._inbox.put(Commanded(command=command, answer=answer))
        try:
            async with asyncio.timeout(ANSWER_S):
                await answer
        except TimeoutError:
            raise CallOutOfReach("the call did not answer in time") from None
        finally:
            self._waiting.discard(answer)
