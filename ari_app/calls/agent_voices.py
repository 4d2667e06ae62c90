"""Watch over the voices of agents in browsers."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn

import structlog

from ari_app.ari.client import AriClient
from ari_app.ari.dispatch import Dispatcher
from ari_app.ari.errors import AriError, AriNotFound
from ari_app.ari.events import Event
from ari_app.calls.model import CallState

LOOK_EVERY_S = 0.4
"""Twice within a second, which is what the caller may hear nothing.

A look costs 0.06 ms of CPU for each leg (Asterisk 22.10: 0.027, service: 0.033): 90 talks cost 1.4 % of one core. No
event tells of a network that is gone, and one of a closed page would save less than it adds.
"""
SILENT_S = 0.5
"""A browser sends a packet every 20 ms, also while its user is silent or muted: this is more than a network loses."""
AT_ONCE = 8
"""Questions to Asterisk at a time."""

log = structlog.get_logger()


class VoiceEvent(Event, frozen=True, kw_only=True):
    """Something that happened to the voice of an agent's leg."""

    leg_id: str

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.leg_id,)


class VoiceLost(VoiceEvent, frozen=True, kw_only=True):
    """No sound arrives from an agent's leg; said at each look."""


class VoiceBack(VoiceEvent, frozen=True, kw_only=True):
    """Sound arrives again."""


class AgentVoices:
    """Tells conversations that no sound arrives from an agent's browser.

    A page that was reloaded, crashed or lost its network ends no SIP dialog, and Asterisk would notice after
    `rtp_timeout` only. Phones on tables are left alone: some send nothing while their user is silent.
    """

    def __init__(
        self,
        ari: AriClient,
        dispatcher: Dispatcher,
        in_browser: Callable[[str], bool],
        live: Callable[[], Iterable[CallState]],
    ) -> None:
        """`in_browser` says whether an agent's phone is in a page."""
        self._ari = ari
        self._dispatcher = dispatcher
        self._in_browser = in_browser
        self._live = live
        self._received: dict[str, tuple[int, float]] = {}
        """Of each leg the packets received, and since when there were no more."""
        self._lost: set[str] = set()
        self._asking = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> NoReturn:
        """Look at every voice, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Compare the packets of every leg with those of the last look."""
        legs = set(self._legs())
        self._received = {leg_id: seen for leg_id, seen in self._received.items() if leg_id in legs}
        self._lost &= legs
        await asyncio.gather(*(self._listen(leg_id) for leg_id in legs))

    async def _listen(self, leg_id: str) -> None:
        try:
            async with self._asking:
                received = (await self._ari.rtp_statistics(leg_id)).rxcount
        except AriNotFound:
            return  # it ended, or rings
        except AriError as error:
            # Nothing is known about the voice: the look says nothing, and the silence is counted anew.
            log.debug("voice_not_heard", leg_id=leg_id, error=repr(error))
            self._received.pop(leg_id, None)
            return
        now_s = asyncio.get_running_loop().time()
        before, since_s = self._received.get(leg_id, (-1, now_s))
        if received != before:
            self._received[leg_id] = received, now_s
            if leg_id in self._lost:
                self._lost.discard(leg_id)
                self._dispatcher.dispatch(VoiceBack(leg_id=leg_id))
        elif received > 0 and now_s - since_s >= SILENT_S:
            # Without a first packet it is still being connected.
            self._lost.add(leg_id)
            self._dispatcher.dispatch(VoiceLost(leg_id=leg_id))

    def _legs(self) -> Iterator[str]:
        """Yield the agents' legs of conversations."""
        for state in self._live():
            talk = state.talk
            if talk is not None and state.bridged and not talk.released and self._in_browser(talk.agent_id):
                yield talk.channel_id
            party = state.control.party if state.control is not None else None
            if party is not None and party.up and self._in_browser(party.target.id):
                yield party.channel_id
