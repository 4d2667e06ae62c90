"""Watchdog process that leads callers of a vanished service to the fallback."""

import asyncio
import signal
import time
from collections.abc import Mapping

import structlog

from ari_app.ari.client import AriClient
from ari_app.ari.errors import AriError, AriNotFound, NotInStasis
from ari_app.ari.model import Channel
from ari_app.calls.dialling import CONTACT
from ari_app.calls.reconciliation import TALK
from ari_app.calls.service import INBOUND
from ari_app.fallback.model import ALIVE, AWAY_S, CONTEXT, EXTENSION
from ari_app.settings import Settings
from foundation.tasks import keep_running

LOOK_EVERY_S = 2.0
EXTENSIONS = {INBOUND: EXTENSION, CONTACT: CONTACT}
"""Extension of the fallback by the kind of channel; agents' legs have none."""

log = structlog.get_logger()


class Watchdog:
    """Watchdog of the service.

    It leads waiting callers to the fallback, in the order in which they came, when the service is away for too long.

    A talk is not touched. A party without the other one, whether caller or agent, is hung up. A customer who was being
    called hears an apology, and is called again another time.
    """

    def __init__(self, ari: AriClient) -> None:
        self._ari = ari

    async def run(self) -> None:
        """Watch the service until cancelled."""
        while True:
            try:
                if await self.service_away():
                    await self.lead_to_fallback()
            except AriError as error:
                log.warning("watchdog_blind", error=str(error))
            await asyncio.sleep(LOOK_EVERY_S)

    async def service_away(self) -> bool:
        """Tell whether the service's last beat is too old.

        A service that never came is not missed.
        """
        try:
            beat = await self._ari.global_variable(ALIVE)
        except AriNotFound:
            return False
        return beat.isdecimal() and time.time() - int(beat) > AWAY_S

    async def lead_to_fallback(self) -> int:
        """Lead all waiting callers to the fallback; return how many."""
        bridged = {
            channel_id: len(bridge.channels)
            for bridge in await self._ari.bridges()
            if bridge.id.startswith(TALK)
            for channel_id in bridge.channels
        }
        moved = 0
        for channel in sorted(await self._ari.channels(), key=lambda one: one.creationtime):
            arguments = channel.stasis_arguments(self._ari.application)
            if arguments is None or bridged.get(channel.id, 0) > 1:
                continue
            try:
                moved += await self._led(channel, EXTENSIONS.get(arguments[0]) if arguments else None, bridged)
            except (AriNotFound, NotInStasis):  # gone, or led elsewhere, since the list was made
                continue
            except AriError as error:
                # The callers behind this one must not wait for a channel that takes no requests.
                log.warning("caller_not_led_to_fallback", channel_id=channel.id, error=str(error))
        if moved:
            log.warning("callers_led_to_fallback", moved=moved)
        return moved

    async def _led(self, channel: Channel, extension: str | None, bridged: Mapping[str, int]) -> bool:
        if extension is None or channel.id in bridged:
            await self._ari.hang_up(channel.id)
            return False
        await self._ari.continue_in_dialplan(channel.id, context=CONTEXT, extension=extension, priority=1)
        return True


async def watch(settings: Settings) -> None:
    """Run until a SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    password = settings.ari_password.get_secret_value()
    ari = AriClient(settings.ari_url, settings.ari_user, password, application=settings.application)
    await ari.start()
    watching = asyncio.create_task(keep_running("watchdog", Watchdog(ari).run), name="watchdog")
    try:
        await stop.wait()
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await ari.aclose()
