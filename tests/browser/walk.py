"""A call led through its states, with an ear on every phone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from playwright.async_api import expect

from tests.asterisk.hotline import AGENT, OTHER_AGENT, Hotline
from tests.browser.agent_page import AgentPage
from tests.browser.chromium import MICROPHONE_HZ
from tests.browser.hands import Hand
from tests.browser.looks import WAIT_MS
from tests.phones.phone import Phone
from tests.phones.sound import level, tone_share

CALLER_HZ, COLLEAGUE_HZ = 1000.0, 1700.0
LI_JIANGUO = "13800000002"
QUEUE, COLLEAGUE = "故障报修", "cj"
"""Targets by name, and by the first letters of the pinyin."""
MUSIC_LEVEL = -40.0
_PART = 0.03
"""Share of the energy that a tone has which is no accident."""
_UNDER_ANOTHER = 0.005
"""Share of a tone beside a louder one: a browser's echo canceller turns its microphone down while others speak."""
_NO_TONE_HZ = 1250.0


async def hears_both(phone: Phone, one: float, other: float) -> None:
    """Wait until a phone hears two tones at once."""
    shares: list[float] = []
    noise = 1.0
    with suppress(TimeoutError):
        async with asyncio.timeout(WAIT_MS / 1000):
            while True:
                sound = await phone.hear(0.5)
                if sound.size:
                    shares = [tone_share(sound, hertz) for hertz in (one, other)]
                    noise = tone_share(sound, _NO_TONE_HZ)
                if shares and min(shares) > max(_UNDER_ANOTHER, 5 * noise):
                    return
                await asyncio.sleep(0.1)
    raise AssertionError(f"{phone.name} hears {one} and {other} Hz with shares of {shares}, noise of {noise}")


async def hears_music(phone: Phone, *tones: float) -> None:
    """Wait until a phone hears something that is none of these tones."""
    async with asyncio.timeout(WAIT_MS / 1000):
        while True:
            sound = await phone.hear(0.5)
            if sound.size and level(sound) > MUSIC_LEVEL and max(tone_share(sound, one) for one in tones) < _PART:
                return
            await asyncio.sleep(0.1)


async def hears_nothing_of(phone: Phone, hertz: float) -> None:
    """Wait until a phone no longer hears a tone."""
    async with asyncio.timeout(WAIT_MS / 1000):
        while tone_share(await phone.hear(0.5), hertz) > _PART:
            await asyncio.sleep(0.1)


class Walk:
    """Caller, agent at the page, and a colleague with a telephone."""

    def __init__(self, hotline: Hotline, agent: AgentPage, hand: Hand) -> None:
        self.hotline = hotline
        self.agent = agent
        self.hand = hand
        self.caller: Phone
        self.colleague: Phone

    async def begin(self) -> None:
        """Open the desk, ready for calls."""
        self.caller = await self.hotline.phone(LI_JIANGUO)
        self.colleague = await self.hotline.phone(f"agent{OTHER_AGENT}")
        other = await self.hotline.desk(OTHER_AGENT)
        await other.say(type="not_ready", reason="paperwork")
        await other.message("agent", state="not_ready", reason="paperwork")
        await self.agent.sign_in(AGENT)
        await self.agent.start_shift()

    async def states(self) -> AsyncIterator[str]:
        """Lead one call through every state; yield the name of each."""
        await self.hotline.into_queue(self.caller)
        await self.agent.rung()
        yield "ringing"
        await self.hand.answer()
        self.hotline.speaks(self.caller, CALLER_HZ)
        await self._talk()
        yield "talking"
        await self._hold()
        yield "held"
        await self.hand.do("resume")
        await self._talk()
        await self.hand.do("pause_recording")
        await expect(self.agent.text("desk.not_recorded")).to_be_visible(timeout=WAIT_MS)
        yield "not-recorded"
        await self.hand.do("resume_recording")
        await expect(self.agent.text("desk.not_recorded")).to_have_count(0, timeout=WAIT_MS)
        await self._into_queue_and_back()
        async for state in self._three():
            yield state

    async def _hold(self) -> None:
        await self.hand.do("hold")
        await self.agent.stage("held")
        await hears_music(self.caller, MICROPHONE_HZ)
        await self.agent.hears_no(CALLER_HZ)

    async def _into_queue_and_back(self) -> None:
        """Hand the call to its queue; it comes back after the wrap-up."""
        await self.hand.transfer(QUEUE)
        await self.agent.state("wrap_up")
        await hears_music(self.caller, MICROPHONE_HZ)
        await self.hand.finish()
        await self.agent.rung()
        await self.hand.answer()
        await self._talk()

    async def _three(self) -> AsyncIterator[str]:
        await self.hand.consult(COLLEAGUE)
        await self.colleague.ringing()
        await self.agent.stage("consult_ringing")
        yield "consult-ringing"
        await self.hand.do("cancel")
        await self._talk()
        await self.colleague.ended()
        await self.hand.consult(COLLEAGUE)
        await self.colleague.ringing()
        await self.colleague.answer()
        self.hotline.speaks(self.colleague, COLLEAGUE_HZ)
        await self._consult()
        yield "consulting"
        await self.hand.do("swap")
        await self.agent.stage("swapped")
        await self.agent.hears(CALLER_HZ)
        await self.caller.hears_tone(MICROPHONE_HZ)
        await hears_nothing_of(self.colleague, MICROPHONE_HZ)
        await self.hand.do("swap")
        await self._consult()
        await self.hand.do("three_party")
        await self.agent.stage("three_party")
        await hears_both(self.caller, MICROPHONE_HZ, COLLEAGUE_HZ)
        await hears_both(self.colleague, MICROPHONE_HZ, CALLER_HZ)
        yield "three-party"
        await self.hand.do("leave")
        await self.agent.state("wrap_up")
        await self.caller.hears_tone(COLLEAGUE_HZ)
        await self.colleague.hears_tone(CALLER_HZ)
        yield "wrap-up"
        await self.caller.hang_up()
        await self.colleague.ended()
        await self.hand.finish()
        await self.agent.state("ready")

    async def _talk(self) -> None:
        await self.agent.stage("talking")
        await self.agent.hears(CALLER_HZ)
        await self.caller.hears_tone(MICROPHONE_HZ)

    async def _consult(self) -> None:
        await self.agent.stage("consulting")
        await self.agent.hears(COLLEAGUE_HZ)
        await self.colleague.hears_tone(MICROPHONE_HZ)
        await hears_music(self.caller, MICROPHONE_HZ, COLLEAGUE_HZ)
