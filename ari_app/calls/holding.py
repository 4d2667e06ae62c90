"""Holding bridges: where callers wait for an agent and hear music."""

import asyncio
from contextlib import suppress

import structlog

from ari_app.ari.client import AriClient
from ari_app.ari.errors import AriConflict, AriError, AriNotFound, AriResponseError
from ari_app.queues.settings import QueueSettings
from foundation.tasks import log_failure

HOLD_BRIDGE = "hold"
HOLD_AGAIN_S = 1.0
"""Until the next try, where Asterisk did not hold the caller: the longest silence allowed is two seconds."""

log = structlog.get_logger()


class HoldingBridges:
    """The holding bridge of each queue, with the queue's music.

    A holding bridge that ARI made is silent until music is started on it. The music then plays on without this process,
    and ends when the last caller leaves: it is started for every caller, which goes on where it is for the others.
    """

    def __init__(self, ari: AriClient) -> None:
        self._ari = ari

    async def hold(self, channel_id: str, settings: QueueSettings) -> None:
        """Move a caller into the queue's bridge, with music.

        Raises:
            AriError: Asterisk refused, or the channel is gone.
        """
        await self.move(channel_id, settings)
        await self.play(settings)

    async def move(self, channel_id: str, settings: QueueSettings) -> None:
        """Move a caller into the queue's bridge, out of any other.

        Raises:
            AriError: as `hold`.
        """
        bridge_id = f"{HOLD_BRIDGE}-{settings.name}"
        try:
            await self._ari.add_to_bridge(bridge_id, [channel_id])
        except AriNotFound:
            with suppress(AriConflict):  # made for another caller meanwhile
                await self._ari.create_bridge(bridge_id, types=["holding"], name=settings.name)
            await self._ari.add_to_bridge(bridge_id, [channel_id])

    async def play(self, settings: QueueSettings) -> None:
        """Have the queue's bridge play its music.

        Raises:
            AriError: Asterisk refused.
        """
        await self._ari.start_bridge_music(f"{HOLD_BRIDGE}-{settings.name}", settings.music)

    async def hold_again(self, channel_id: str, settings: QueueSettings) -> None:
        """Hold an adopted caller; one who is in a bridge stays there.

        Raises:
            AriError: as `hold`.
        """
        bridges = [bridge.id for bridge in await self._ari.bridges() if channel_id in bridge.channels]
        if not bridges:
            await self.hold(channel_id, settings)
        elif (bridge_id := f"{HOLD_BRIDGE}-{settings.name}") in bridges:
            await self._ari.start_bridge_music(bridge_id, settings.music)

    async def release(self, channel_id: str, settings: QueueSettings) -> None:
        """Take a caller out of the queue's bridge, if there."""
        try:
            await self._ari.remove_from_bridge(f"{HOLD_BRIDGE}-{settings.name}", [channel_id])
        except AriResponseError as error:
            log.info("caller_not_released", error=str(error))


class Hold:
    """Puts one caller into the holding bridge; tries again until it succeeds."""

    def __init__(self, bridges: HoldingBridges, channel_id: str, settings: QueueSettings, *, adopted: bool) -> None:
        self._bridges = bridges
        self._channel_id = channel_id
        self._settings = settings
        self._adopted = adopted
        self._task: asyncio.Task[None] | None = None
        self._left = asyncio.Event()
        self._moved = asyncio.Event()

    def begin(self) -> None:
        """Begin to hold the caller, once; not any more after `stop`."""
        if self._task is None and not self._left.is_set():
            self._task = asyncio.create_task(self._hold(self._settings), name=f"hold:{self._channel_id}")
            self._task.add_done_callback(log_failure)

    async def begun(self) -> None:
        """Wait until the caller is held, if that has begun."""
        if self._task is not None:
            await asyncio.wait({self._task})

    async def moved(self) -> None:
        """Wait until the caller left any other bridge; music follows."""
        await self._moved.wait()

    def stop(self) -> None:
        """Try no more."""
        self._left.set()

    async def leave(self) -> None:
        """Try no more, and wait for a request under way.

        A request that arrived later would pull the caller back out of the conversation.
        """
        self.stop()
        await self.begun()

    async def release(self) -> None:
        """End the holding: the machine speaks to the caller again, without music."""
        await self.leave()
        await self._bridges.release(self._channel_id, self._settings)

    async def _hold(self, settings: QueueSettings) -> None:
        while not self._left.is_set():
            try:
                if self._adopted:
                    await self._bridges.hold_again(self._channel_id, settings)
                else:
                    await self._bridges.move(self._channel_id, settings)
                    self._moved.set()
                    await self._bridges.play(settings)
            except AriError as error:
                log.warning("caller_not_held", error=str(error))
            else:
                self._moved.set()
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(HOLD_AGAIN_S):
                    await self._left.wait()
