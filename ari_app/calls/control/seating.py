"""Places of a call's parties: in the conversation's bridge, or with music."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

from ari_app.ari.client import AriClient
from ari_app.calls.holding import HOLD_BRIDGE, Hold, HoldingBridges
from ari_app.queues.settings import QueueSettings

HELD_WITHIN_S = 1.0
"""How long a command waits for the music; trying goes on afterwards."""

PAIR = 2


class Seating:
    """Moves channels between one bridge and the queue's music.

    A channel is moved out of the bridge before another one comes in, so that no party hears one it must not hear.
    """

    def __init__(self, ari: AriClient, holding: HoldingBridges, bridge_id: str, settings: QueueSettings) -> None:
        self._ari = ari
        self._holding = holding
        self._bridge_id = bridge_id
        self._settings = settings
        self._talking: set[str] = set()
        self._holds: dict[str, Hold] = {}

    def begin(self, talking: Iterable[str]) -> None:
        """Note the channels that are in the bridge already."""
        self._talking.update(talking)

    async def take_over(self, channel_ids: Iterable[str]) -> None:
        """Find the channels of an adopted call.

        Raises:
            AriError: Asterisk did not respond.
        """
        wanted = set(channel_ids)
        for bridge in await self._ari.bridges():
            found = wanted & set(bridge.channels)
            if bridge.id == self._bridge_id:
                self._talking |= found
            elif bridge.id.startswith(f"{HOLD_BRIDGE}-"):
                for channel_id in found:
                    self._hold(channel_id, adopted=True)

    async def seat(self, *, talking: Iterable[str], held: Iterable[str]) -> None:
        """Seat every channel; those that are placed already stay.

        Raises:
            AriError: Asterisk did not let them talk. Music is tried again until it plays.
        """
        for channel_id in held:
            if channel_id not in self._holds:
                self._talking.discard(channel_id)
                self._hold(channel_id, adopted=False)
        holds = [self._holds[channel_id] for channel_id in held]
        await _within(HELD_WITHIN_S, [hold.moved() for hold in holds])
        wanted = list(talking)
        joining = [channel_id for channel_id in wanted if channel_id not in self._talking]
        if joining and len(wanted) > PAIR:
            # Measured on Asterisk 22.10: two that were a pair before a third came hear nothing until they join again.
            joining = wanted
        for channel_id in joining:
            if (hold := self._holds.pop(channel_id, None)) is not None:
                await hold.leave()
        if joining:
            await self._ari.add_to_bridge(self._bridge_id, joining)
            self._talking.update(joining)
        await _within(HELD_WITHIN_S, [hold.begun() for hold in holds])

    def forget(self, channel_id: str) -> None:
        """Forget a channel that is gone."""
        self._talking.discard(channel_id)
        if (hold := self._holds.pop(channel_id, None)) is not None:
            hold.stop()

    def stop(self) -> None:
        """Try nothing more."""
        for hold in self._holds.values():
            hold.stop()

    def _hold(self, channel_id: str, *, adopted: bool) -> None:
        hold = self._holds[channel_id] = Hold(self._holding, channel_id, self._settings, adopted=adopted)
        hold.begin()


async def _within(seconds: float, waits: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Wait for all, no longer than these seconds."""
    tasks = [asyncio.ensure_future(one) for one in waits]
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
