"""Whereabouts of a channel: gone, in the dialplan, or lost with Asterisk."""

import asyncio

import structlog

from ari_app.ari.errors import AriError, AriNotFound
from ari_app.calls.call_services import CallServices
from ari_app.calls.model import CallState
from foundation.clock import milliseconds

LEAVING_S = 1.0
LEAVING_LOOKS = 20
"""Time, and number of looks, for finding a channel that left us in the dialplan."""
STARTING_S = 10.0
"""An Asterisk that starts knows no channel before it takes requests."""

log = structlog.get_logger()


class Whereabouts:
    """Finds out where the other party of a call is."""

    def __init__(self, services: CallServices, state: CallState) -> None:
        self._services = services
        self._state = state

    async def in_dialplan(self) -> bool:
        """Tell whether the other party went on in the dialplan.

        Asterisk reports this a moment after it reports that the channel left us.
        """
        for _ in range(LEAVING_LOOKS):
            try:
                channel = await self._services.ari.channel(self._state.channel_id)
            except AriNotFound:
                return await self.was_led_away()
            except AriError:
                return False
            if channel.stasis_arguments(self._services.ari.application) is None:
                return True
            await asyncio.sleep(LEAVING_S / LEAVING_LOOKS)
        return False

    async def was_led_away(self) -> bool:
        """Tell whether the fallback noted the other party's channel."""
        try:
            return self._state.channel_id in await self._services.in_fallback()
        except AriError as error:
            log.warning("fallback_not_asked", error=str(error))
            return False

    async def outlived_asterisk(self) -> bool:
        """Tell whether the Asterisk that had the call died.

        The Asterisk that followed knows none of its channels.
        """
        try:
            await self._services.ari.wait_until_ready(STARTING_S)
            return milliseconds(await self._services.ari.started_at()) > self._state.started_at_ms
        except (AriError, TimeoutError):
            return False
