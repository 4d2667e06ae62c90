"""Announcements to a caller who waits: greeting, place, keys, own prompts."""

import asyncio
import math
from collections.abc import Mapping
from pathlib import Path

from ari_app.calls.call_services import CallServices
from ari_app.calls.model import CallState
from ari_app.calls.queue_keys import CALL_BACK_OFFER, key_prompts, usable_keys
from ari_app.calls.voice import ChannelVoice
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.model import Place
from ari_app.queues.overflow import QueueLoad
from ari_app.queues.settings import KeyAction, QueueSettings

POSITION_PROMPT = "queue_position"
WAIT_PROMPT = "queue_expected_wait"
MUSIC_BREAK_S = 8.0
"""Shortest time of music between two announcements."""


class Announcements:
    """Says what one caller of a queue hears beside the music."""

    def __init__(self, services: CallServices, state: CallState, voice: ChannelVoice, language: str) -> None:
        self._services = services
        self._state = state
        self._voice = voice
        self._language = language
        self.greeted = False
        """The greeting was said, by this process or the one before."""
        self.offers_call_back = False
        """The key for a call back is offered next."""
        self._turn = 0
        """Which of the queue's own prompts comes next."""
        self._due_s: float | None = None
        """When it comes, by the loop's time: an offer that fails does not begin the time again."""

    async def run(self, settings: QueueSettings) -> None:
        """Greet the caller once, then say position and own prompts regularly."""
        if self.offers_call_back:
            self.offers_call_back = False
            await self._say_keys(settings, CALL_BACK_OFFER)
            await asyncio.sleep(settings.announce_every_s)
        if not self.greeted:
            self.greeted = True
            await self._say(settings.greeting)
            if settings.announce_every_s == 0:
                await self._say_keys(settings)
        now_s = asyncio.get_running_loop().time
        place_s = now_s() if settings.announce_every_s > 0 else math.inf
        own = settings.announcements
        if own is None:
            self._due_s = math.inf
        else:
            self._due_s = max(self._due_s or now_s() + own.every_s, now_s() + MUSIC_BREAK_S)
        while (due_s := min(place_s, self._due_s)) < math.inf:
            await asyncio.sleep(max(0.0, due_s - now_s()))
            if due_s == place_s:
                await self._say_where(settings)
                place_s = now_s() + settings.announce_every_s
                self._due_s = max(self._due_s, now_s() + MUSIC_BREAK_S)
            elif own is not None:
                await self._say(own.prompts[self._turn % len(own.prompts)])
                self._turn += 1
                self._due_s = now_s() + own.every_s
                place_s = max(place_s, now_s() + MUSIC_BREAK_S)

    async def _say_where(self, settings: QueueSettings) -> None:
        try:
            place = await self._services.queues.position(self._state.id)
        except QueuesUnavailable:
            return
        if place is not None and not place.offered:
            await self._say_place(settings, place)
            await self._say_keys(settings)

    async def _say_place(self, settings: QueueSettings, place: Place) -> None:
        """Say the position, and the expected wait where it is known."""
        audio = [await self._audio(POSITION_PROMPT, queue={"position": place.position})]
        waits, state = self._services.waits, self._state
        if waits is not None:
            try:
                load = await self._services.queues.loads.of(settings.name)
            except QueuesUnavailable:
                load = QueueLoad(0, 0)
            if state.expected_wait_ms is None:
                mean_ms = await waits.mean_ms(settings.name, place.position, load)
                state.expected_wait_ms = None if mean_ms is None else place.waited_ms + mean_ms
            likely = await waits.range_at(settings.name, place.position, load) if settings.say_expected_wait else None
            if likely is not None:
                least, most = likely.least_min, likely.most_min
                audio.append(await self._audio(WAIT_PROMPT, queue={"wait_least": least, "wait_most": most}))
        if found := [file for file in audio if file is not None]:
            await self._voice.say(found, barge_in=False)

    async def closed(self, settings: QueueSettings, opens: str | None) -> None:
        """Say that the queue is closed, and until when."""
        assert settings.closed is not None, "closed"
        title = settings.title_zh if self._language == "zh" else settings.title_en
        await self._say(settings.closed.say, queue={"title": title, "opens": opens or ""})

    async def _say_keys(self, settings: QueueSettings, offer: str | None = None) -> None:
        """Say what the caller may press; an offer comes before its key."""
        keys = usable_keys(settings, self._state)
        if offer is not None:
            keys = {key: use for key, use in keys.items() if use.action is KeyAction.CALL_BACK}
        found = [await self._audio(offer)] if offer is not None and keys else []
        found += [
            await self._audio(prompt, queue=values)
            for prompt, values in key_prompts(keys, self._language, self._services.queues.settings_of)
        ]
        if audio := [file for file in found if file is not None]:
            await self._voice.say(audio, barge_in=False)

    async def _say(self, prompt: str | None, **more: Mapping[str, int | str]) -> None:
        if prompt is not None and (audio := await self._audio(prompt, **more)) is not None:
            await self._voice.say([audio], barge_in=False)

    async def _audio(self, prompt: str, **more: Mapping[str, int | str]) -> Path | None:
        variables = {**(self._state.cursor.variables if self._state.cursor is not None else {}), **more}
        return await self._services.prompts.audio(prompt, self._language, variables)
