"""Channels of phones that vanished without a word (F18)."""

import asyncio
from collections.abc import Iterator

import structlog

from ari_app.ari.client import AriClient
from ari_app.ari.dispatch import Dispatcher
from ari_app.ari.errors import AriError, AriNotFound
from ari_app.ari.events import ChannelHold, ChannelUnhold
from ari_app.calls.service import CallService

LOOK_EVERY_S = 30.0
SILENT_S = 120.0
"""Longer than the `rtp_timeout` that we ship: this ends calls only where an operator's endpoint lacks that setting."""

log = structlog.get_logger()


class VanishedPhones:
    """Hangs up callers without RTP for too long.

    Phones send RTP also while their user is silent. A call that the caller's phone put on hold is left alone. Agents'
    phones are ours and always have `rtp_timeout`.
    """

    def __init__(self, ari: AriClient, dispatcher: Dispatcher, calls: CallService) -> None:
        self._ari = ari
        self._calls = calls
        self._received: dict[str, tuple[int, float]] = {}
        """Of each channel the packets received, and since when there were no more."""
        dispatcher.listen(ChannelHold, lambda event: calls.put_on_hold(event.channel.id, True))
        dispatcher.listen(ChannelUnhold, lambda event: calls.put_on_hold(event.channel.id, False))

    async def run(self) -> None:
        """Look from time to time, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> int:
        """Hang up callers with a vanished phone; return how many.

        A check that fails does not stop the others.
        """
        channels = set(self._watched_channels())
        self._received = {channel_id: seen for channel_id, seen in self._received.items() if channel_id in channels}
        ended = 0
        for channel_id in channels:
            try:
                ended += await self._ended(channel_id)
            except AriNotFound:
                continue  # it ended meanwhile
            except AriError as error:
                log.warning("phone_not_checked", channel_id=channel_id, error=str(error))
        return ended

    async def _ended(self, channel_id: str) -> bool:
        """Hang up the channel of a vanished phone; False for others."""
        now_s = asyncio.get_running_loop().time()
        received = (await self._ari.rtp_statistics(channel_id)).rxcount
        before, since_s = self._received.get(channel_id, (-1, now_s))
        if received != before:
            self._received[channel_id] = received, now_s
            return False
        if now_s - since_s < SILENT_S:
            return False
        log.warning("phone_vanished", channel_id=channel_id, silent_s=round(now_s - since_s))
        await self._ari.hang_up(channel_id)
        return True

    def _watched_channels(self) -> Iterator[str]:
        """Yield the channels of answered callers that are not on hold."""
        for call in self._calls.calls.values():
            if call.state.answered_at_ms is not None and not call.state.held_by_phone:
                yield call.state.channel_id
