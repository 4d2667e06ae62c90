"""Two ways to lead a call: buttons, and keys alone."""

from typing import Protocol

from playwright.async_api import Locator, expect

from tests.browser.agent_page import AgentPage, said
from tests.browser.looks import WAIT_MS


class Hand(Protocol):
    """One way to give the commands of a call."""

    async def answer(self) -> None:
        """Answer the call that rings."""

    async def do(self, action: str) -> None:
        """Carry out an action that asks nothing."""

    async def consult(self, words: str) -> None:
        """Ask the one whom these words find."""

    async def transfer(self, words: str) -> None:
        """Hand the call to the one whom these words find."""

    async def finish(self) -> None:
        """End the wrap-up."""


class Buttons:
    """Clicks on what the page shows."""

    def __init__(self, agent: AgentPage) -> None:
        self._agent = agent

    async def answer(self) -> None:
        """Answer the call that rings."""
        await self._agent.button("desk.answer").click()

    async def do(self, action: str) -> None:
        """Carry out an action that asks nothing."""
        await self._agent.action(action).click()

    async def consult(self, words: str) -> None:
        """Ask the one whom these words find."""
        await self._send("consult", words)

    async def transfer(self, words: str) -> None:
        """Hand the call to the one whom these words find."""
        await self._send("transfer", words)

    async def finish(self) -> None:
        """End the wrap-up."""
        await self._agent.button("desk.finish").click()

    async def _send(self, action: str, words: str) -> None:
        await self._agent.button("desk.transfer").click()
        await self._agent.page.get_by_label(said("desk.transfer_to")).fill(words)
        await (await only(self._agent)).locator(f"[data-action={action}]").click()


KEYS = {
    "hold": "F4",
    "resume": "F4",
    "pause_recording": "Control+Alt+e",
    "resume_recording": "Control+Alt+e",
    "swap": "Control+Alt+s",
    "three_party": "Control+Alt+j",
    "cancel": "Control+Alt+b",
    "leave": "Control+Alt+x",
    "hang_up": "Control+Alt+h",
}


class Keys:
    """Keys alone; counts them, without those that write text."""

    def __init__(self, agent: AgentPage) -> None:
        self._agent = agent
        self.pressed = 0

    async def press(self, key: str) -> None:
        """Press a key."""
        self.pressed += 1
        await self._agent.page.keyboard.press(key)

    async def type(self, text: str) -> None:
        """Write text where the focus is."""
        await self._agent.page.keyboard.insert_text(text)

    async def answer(self) -> None:
        """Answer the call that rings."""
        await self.press("F2")

    async def do(self, action: str) -> None:
        """Carry out an action that asks nothing."""
        await expect(self._agent.action(action)).to_be_visible(timeout=WAIT_MS)
        await self.press(KEYS[action])

    async def consult(self, words: str) -> None:
        """Ask the one whom these words find."""
        await self._send("Enter", words)

    async def transfer(self, words: str) -> None:
        """Hand the call to the one whom these words find."""
        await self._send("Control+Enter", words)

    async def finish(self) -> None:
        """End the wrap-up."""
        await self.press("F10")

    async def _send(self, key: str, words: str) -> None:
        await self.press("Control+Alt+t")
        await expect(self._agent.page.get_by_label(said("desk.transfer_to"))).to_be_focused(timeout=WAIT_MS)
        await self.type(words)
        await only(self._agent)
        await self.press(key)


async def only(agent: AgentPage) -> Locator:
    """Return the row of the only target that is found."""
    row = agent.page.locator(".transfer li:has(button)")
    await expect(row).to_have_count(1, timeout=WAIT_MS)
    return row
