"""A soft tone in the pauses of a flow.

The caller hears that the call is still up.
"""

import asyncio
import math
import wave
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import structlog

from ari_app.ari.client import AriClient
from ari_app.ari.errors import AriError, AriNotFound
from foundation.ids import new_id
from foundation.tasks import log_failure
from ivr.audio_files import is_playable

PAUSE_S = 1.5
"""Silence before the tone; the longest silence allowed is two seconds."""
TONE_S = 0.12
TONE_HZ = 500
TONE_AMPLITUDE = 1000
"""Of 32767: about 30 dB below full scale."""
RATE = 8000

log = structlog.get_logger()


def write_pause_tone(path: Path) -> None:
    """Write the tone's sound file, unless there is one that plays."""
    if is_playable(path):
        return
    count = round(TONE_S * RATE)
    samples = (
        round(TONE_AMPLITUDE * math.sin(math.pi * at / count) * math.sin(2 * math.pi * TONE_HZ * at / RATE))
        for at in range(count)
    )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples))


class PauseTone:
    """Plays the tone on one channel while its flow waits."""

    def __init__(self, ari: AriClient, channel_id: str, tone: Path | None) -> None:
        self._ari = ari
        self._channel_id = channel_id
        self._tone = tone
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._quiet_since_s = 0.0

    @contextmanager
    def sounding(self) -> Iterator[None]:
        """Play no tone meanwhile: a prompt is heard, or the caller speaks."""
        self._quiet.clear()
        try:
            yield
        finally:
            self._quiet_since_s = asyncio.get_running_loop().time()
            self._quiet.set()

    @asynccontextmanager
    async def filling(self, answered: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
        """Fill the pauses of this block, from the answer on."""
        if self._tone is None:
            yield
            return
        task = asyncio.create_task(self._fill(answered, self._tone), name=f"pauses:{self._channel_id}")
        task.add_done_callback(log_failure)
        try:
            yield
        finally:
            task.cancel()

    async def _fill(self, answered: Callable[[], Awaitable[None]], tone: Path) -> None:
        loop = asyncio.get_running_loop()
        try:
            await answered()
        except AriError as error:
            log.warning("pause_not_filled", error=str(error))
            return
        self._quiet_since_s = max(self._quiet_since_s, loop.time())
        while True:
            await self._quiet.wait()
            if (left_s := self._quiet_since_s + PAUSE_S - loop.time()) > 0:
                await asyncio.sleep(left_s)
                continue
            self._quiet_since_s = loop.time() + TONE_S
            try:
                await self._ari.play(
                    self._channel_id, [f"sound:{tone.with_suffix('')}"], playback_id=new_id("playback")
                )
            except AriNotFound:
                return  # the channel is gone
            except AriError as error:
                # The next pause is filled again.
                log.warning("pause_not_filled", error=str(error))
