"""The board in the browser: a supervisor listens, whispers and barges."""

from playwright.async_api import Locator, expect

from dev.stack import SAMPLE_PASSWORD
from tests.asterisk.hotline import SUPERVISOR, Hotline
from tests.asterisk.test_call_control import AGENT_HZ, conversation
from tests.browser.agent_page import AgentPage, said
from tests.browser.chromium import MICROPHONE_HZ
from tests.browser.conftest import OpenPage
from tests.browser.looks import PAIRS, WAIT_MS, violations, wear

CUSTOMER_HZ = 1700.0


async def board(page: AgentPage) -> None:
    """Open the board as a supervisor, with the page's phone."""
    await page.page.goto(f"{page._url}/board")
    await page.page.get_by_label(said("session.staff_number")).fill(SUPERVISOR)
    await page.page.get_by_label(said("session.password")).fill(SAMPLE_PASSWORD)
    await page.button("session.sign_in").click()
    await page.button("board.phone.open").click()
    await expect(page.text("board.phone.online")).to_be_visible(timeout=WAIT_MS)


def order(page: AgentPage, call_id: str, words: str) -> Locator:
    """Return the button of an order about a call."""
    row = page.page.locator(f"tr[data-call={call_id}]")
    return row.get_by_role("button", name=said(f"board.order.{words}"), exact=True)


async def test_supervisor_listens_whispers_and_barges_with_a_browser(hotline: Hotline, open_page: OpenPage) -> None:
    page = await open_page()
    await board(page)
    async with conversation(hotline) as talk:
        await order(page, talk.call_id, "listen").click()
        await expect(order(page, talk.call_id, "leave")).to_be_visible(timeout=WAIT_MS)
        # One speaks at a time: the page's ear tells the loudest tone.
        async with talk.caller.speaking(CUSTOMER_HZ):
            await page.hears(CUSTOMER_HZ)
        async with talk.agent.speaking(AGENT_HZ):
            await page.hears(AGENT_HZ)
        # Both are silent from here: a browser turns its microphone down while it plays others' voices.
        await talk.agent.hears_just(set(), {MICROPHONE_HZ})
        await talk.caller.hears_just(set(), {MICROPHONE_HZ})
        for look in PAIRS:
            await wear(page.page, look)
            assert await violations(page.page) == [], look.name
        await wear(page.page, PAIRS[0])

        await order(page, talk.call_id, "whisper").click()
        await talk.agent.hears_tone(MICROPHONE_HZ)
        await talk.caller.hears_just(set(), {MICROPHONE_HZ})

        await order(page, talk.call_id, "barge").click()
        await talk.caller.hears_tone(MICROPHONE_HZ)
        await talk.agent.hears_tone(MICROPHONE_HZ)
        await order(page, talk.call_id, "leave").click()
        await talk.caller.hears_just(set(), {MICROPHONE_HZ})
        await expect(order(page, talk.call_id, "listen")).to_be_visible(timeout=WAIT_MS)
        await talk.caller.hang_up()
        await expect(page.page.locator(f"tr[data-call={talk.call_id}]")).to_have_count(0, timeout=WAIT_MS)
    assert page.complaints == []
