"""Bad days of a desk: reload, crash, killed service, lost network."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import CDPSession, expect

from tests.asterisk.hotline import AGENT, OTHER_AGENT, Hotline
from tests.browser.agent_page import AgentPage
from tests.browser.chromium import MICROPHONE_HZ
from tests.browser.conftest import OpenPage
from tests.browser.looks import WAIT_MS
from tests.browser.web_caller import WebCaller, softphone
from tests.phones.phone import QUIET, Phone
from tests.phones.sound import level, tone_share

CALLER_HZ, THIRD_HZ = 1000.0, 1700.0
CALLER = "13800000002"
MOSTLY_OTHER = 0.2
"""Share of the agent's tone in what is music."""
OFFLINE = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0, "packetLoss": 100}
ONLINE = {"offline": False, "latency": 1, "downloadThroughput": -1, "uploadThroughput": -1, "packetLoss": 0}
POOR = {**ONLINE, "latency": 150, "packetLoss": 5}
"""300 ms there and back."""
ROUND_TRIP_S = """async () => {
  const report = await peers.at(-1).getStats()
  return Math.max(...[...report.values()].map((one) => one.currentRoundTripTime ?? 0))
}"""
CONSULT = """(id) => fetch('/api/v1/agents/me/call/consult', {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ target: { kind: 'agent', id } }),
})"""


@dataclass
class Scene:
    """An agent's page, a caller, and a colleague's phone."""

    hotline: Hotline
    agent: AgentPage
    caller: Phone
    third: Phone | None = None

    async def both_talk(self) -> None:
        """Listen at both ears."""
        await self.agent.hears(CALLER_HZ)
        await self.caller.hears_tone(MICROPHONE_HZ)

    async def control(self, stage: str) -> None:
        """Wait until the desk shows the call's stage."""
        await expect(self.agent.page.locator(f".bar[data-stage={stage}]")).to_be_visible(timeout=WAIT_MS)

    async def press(self, words: str) -> None:
        """Press a button of the call by the word on it."""
        await self.agent.page.locator(".buttons").get_by_role("button", name=words).click()


async def ringing(scene: Scene) -> None:
    await scene.agent.sign_in(AGENT)
    await scene.agent.start_shift()
    await scene.hotline.into_queue(scene.caller)
    await scene.agent.rung()


async def talking(scene: Scene) -> None:
    await ringing(scene)
    await scene.agent.answer()
    scene.hotline.speaks(scene.caller, CALLER_HZ)
    await scene.both_talk()


async def held(scene: Scene) -> None:
    await talking(scene)
    await scene.press("保持")
    await scene.control("held")


async def consulting(scene: Scene) -> None:
    await talking(scene)
    scene.third = await scene.hotline.phone(f"agent{OTHER_AGENT}")
    desk = await scene.hotline.desk(OTHER_AGENT)
    await desk.say(type="not_ready", reason="paperwork")
    state = await desk.message("agent", state="not_ready", reason="paperwork")
    await scene.agent.page.evaluate(CONSULT, state["agent_id"])
    await scene.third.ringing()
    await scene.third.answer()
    await scene.third.answered()
    scene.hotline.speaks(scene.third, THIRD_HZ)
    await scene.agent.hears(THIRD_HZ)


async def wrap_up(scene: Scene) -> None:
    await talking(scene)
    await scene.caller.hang_up()
    await scene.agent.state("wrap_up")


async def still_ringing(scene: Scene) -> None:
    await scene.agent.rung()


async def still_talking(scene: Scene) -> None:
    await scene.both_talk()


async def still_held(scene: Scene) -> None:
    await scene.control("held")
    await scene.caller.hears()


async def still_consulting(scene: Scene) -> None:
    await scene.agent.hears(THIRD_HZ)
    assert scene.third is not None
    await scene.third.hears_tone(MICROPHONE_HZ)
    await scene.caller.hears()


async def still_in_wrap_up(scene: Scene) -> None:
    await scene.agent.state("wrap_up")


async def answer(scene: Scene) -> None:
    await scene.agent.answer()
    scene.hotline.speaks(scene.caller, CALLER_HZ)
    await scene.both_talk()


async def hang_up(scene: Scene) -> None:
    await scene.press("挂断")
    await scene.caller.ended()
    await scene.agent.state("wrap_up")


async def resume(scene: Scene) -> None:
    await scene.press("恢复通话")
    await scene.both_talk()


async def cancel(scene: Scene) -> None:
    await scene.press("取消咨询")
    await scene.both_talk()


async def finish(scene: Scene) -> None:
    await scene.agent.button("desk.finish").click()
    await scene.agent.state("ready")


Step = Callable[[Scene], Awaitable[None]]
STAGES: dict[str, tuple[Step, Step, Step]] = {
    "ringing": (ringing, still_ringing, answer),
    "talking": (talking, still_talking, hang_up),
    "held": (held, still_held, resume),
    "consulting": (consulting, still_consulting, cancel),
    "wrap_up": (wrap_up, still_in_wrap_up, finish),
}
"""How a call gets to a stage, what is there, and how it goes on."""


@pytest.mark.parametrize("stage", list(STAGES))
async def test_killed_service_and_reloaded_page_change_nothing(
    hotline: Hotline, open_page: OpenPage, stage: str
) -> None:
    scene = Scene(hotline, await open_page(), await hotline.phone(CALLER))
    lead, is_there, go_on = STAGES[stage]
    await lead(scene)

    killed = hotline.stack.service_id()
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    await hotline.whole()
    await expect(scene.agent.page.locator(".link")).to_have_count(0, timeout=WAIT_MS)
    await is_there(scene)

    await scene.agent.page.reload()
    await is_there(scene)
    await go_on(scene)


async def test_crashed_page_gives_music_and_the_next_one_the_voice(hotline: Hotline, open_page: OpenPage) -> None:
    scene = Scene(hotline, await open_page(), await hotline.phone(CALLER))
    await talking(scene)
    context = scene.agent.page.context
    await scene.agent.page.close()
    await music(scene.caller)
    scene.agent = await AgentPage.open(context, hotline.stack.url)
    await scene.agent.page.goto(f"{hotline.stack.url}/desk")
    await scene.both_talk()
    await hang_up(scene)


async def test_lost_network_gives_music_and_the_found_one_the_voice(hotline: Hotline, open_page: OpenPage) -> None:
    scene = Scene(hotline, await open_page(), await hotline.phone(CALLER))
    network = await emulated(scene.agent, ONLINE)
    await talking(scene)
    await network.send("Network.emulateNetworkConditions", OFFLINE)
    await music(scene.caller)
    await expect(scene.agent.text("phone.problem.network-lost.title")).to_be_visible(timeout=WAIT_MS)
    await network.send("Network.emulateNetworkConditions", ONLINE)
    await scene.both_talk()
    await expect(scene.agent.text("phone.problem.network-lost.title")).to_have_count(0, timeout=WAIT_MS)
    await hang_up(scene)


async def test_call_over_a_poor_network(hotline: Hotline, open_page: OpenPage) -> None:
    scene = Scene(hotline, await open_page(), await hotline.phone(CALLER))
    await emulated(scene.agent, POOR)
    await talking(scene)
    assert await scene.agent.page.evaluate(ROUND_TRIP_S) > 0.1, "the network is poor"
    await hang_up(scene)
    assert await scene.agent.page.evaluate("peers.length") == 1, "the voice was never missed"


async def test_page_that_calls_talks_with_a_page_in_opus(hotline: Hotline, open_page: OpenPage, tmp_path: Path) -> None:
    agent, calling = await open_page(), await open_page(bypass_csp=True)
    caller = await WebCaller.open(calling.page.context, hotline.stack, softphone(tmp_path))
    await agent.sign_in(AGENT)
    await agent.start_shift()
    await caller.call(hotline.stack)
    await caller.ear.hears()
    await caller.press("3")
    await agent.answer()
    await agent.hears(MICROPHONE_HZ)
    await caller.ear.hears(MICROPHONE_HZ)
    assert {await agent.codec(), await caller.ear.codec()} == {"audio/opus"}
    await caller.hang_up()
    await agent.state("wrap_up")


async def emulated(agent: AgentPage, conditions: dict[str, Any]) -> CDPSession:
    """Return the session that emulates the network of later calls."""
    session = await agent.page.context.new_cdp_session(agent.page)
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", conditions)
    return session


async def music(caller: Phone) -> None:
    """Wait until a caller hears a sound without the agent's tone."""
    async with asyncio.timeout(WAIT_MS / 1000):
        while True:
            heard = await caller.hear(0.5)
            if level(heard) > QUIET and tone_share(heard, MICROPHONE_HZ) < MOSTLY_OTHER:
                return
            await asyncio.sleep(0.05)
