"""Dialler: leases due attempts and sleeps until the next."""

import asyncio
from collections.abc import Callable

from ari_app.campaigns.rules import Dialling
from ari_app.campaigns.service import CampaignService
from foundation.clock import utc_now

LONGEST_SLEEP_S = 300.0


class Dialler:
    """Dialler of due attempts.

    `under_way` returns the number of calls, adopted ones included.
    """

    def __init__(
        self, campaigns: CampaignService, place: Callable[[Dialling], None], under_way: Callable[[], int]
    ) -> None:
        self._campaigns = campaigns
        self._place = place
        self._under_way = under_way
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look again for attempts that are due."""
        self._wake.set()

    async def run(self) -> None:
        """Dial until cancelled; calls under way go on."""
        while True:
            self._wake.clear()
            free = self._free()
            if free > 0:
                for dialling in await self._campaigns.lease(free):
                    self._place(dialling)
            await self._sleep()

    def _free(self) -> int:
        return self._campaigns.rules.parallel - self._under_way()

    async def _sleep(self) -> None:
        """Until something is due, or was planned, or a call ended."""
        seconds = LONGEST_SLEEP_S
        if self._free() > 0 and (due := await self._campaigns.next_due()) is not None:
            seconds = min(seconds, max(0.0, (due - utc_now()).total_seconds()))
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
