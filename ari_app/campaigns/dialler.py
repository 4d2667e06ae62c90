"""The dialler: takes what is due, as many at once as allowed, and sleeps until something is."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from ari_app.campaigns.model import AttemptOutcome
from ari_app.campaigns.service import CampaignService, Dialling
from foundation.clock import utc_now

LONGEST_SLEEP_S = 300.0

log = structlog.get_logger()


class Dialler:
    """Owns one task per call it places. `place` carries out an attempt and returns what came of it."""

    def __init__(
        self, campaigns: CampaignService, place: Callable[[Dialling], Awaitable[tuple[AttemptOutcome, datetime | None]]]
    ) -> None:
        self._campaigns = campaigns
        self._place = place
        self._wake = asyncio.Event()
        self._calls: set[asyncio.Task[None]] = set()
        campaigns.on_planned = self._wake.set

    async def run(self) -> None:
        """Dial until cancelled; calls under way are cancelled with it."""
        try:
            while True:
                self._wake.clear()
                free = self._campaigns.rules.parallel - len(self._calls)
                if free > 0:
                    for dialling in await self._campaigns.lease(free):
                        call = asyncio.create_task(self._carry_out(dialling), name=f"dial:{dialling.attempt_id}")
                        self._calls.add(call)
                        call.add_done_callback(self._finished)
                await self._sleep()
        finally:
            for call in self._calls:
                call.cancel()
            await asyncio.gather(*self._calls, return_exceptions=True)

    def _finished(self, call: asyncio.Task[None]) -> None:
        self._calls.discard(call)
        self._wake.set()

    async def _sleep(self) -> None:
        seconds = LONGEST_SLEEP_S
        if len(self._calls) < self._campaigns.rules.parallel and (due := await self._campaigns.next_due()) is not None:
            seconds = min(seconds, max(0.0, (due - utc_now()).total_seconds()))
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _carry_out(self, dialling: Dialling) -> None:
        try:
            outcome, call_again_at = await self._place(dialling)
        except Exception:
            log.exception("dialling_failed", attempt_id=dialling.attempt_id)
            outcome, call_again_at = AttemptOutcome.FAILED, None
        await self._campaigns.finished(dialling.attempt_id, outcome, call_again_at)
