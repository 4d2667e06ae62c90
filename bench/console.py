"""console: an agent's desk in Chromium, on the real service.

Callers dial, the desk pops, rings and is answered by a click; every moment is noted in the page. Aims are budgets: a
busy machine misses them without any fault of the pages.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from playwright.async_api import Browser

from bench.console_board import board_changes, board_keys
from bench.console_pages import DESK, first_load, heap_growth, largest_paint, other_chunks, throttled
from bench.harness import Context, Row, note, percentile
from dev import console
from tests.asterisk.hotline import AGENT, Hotline, stack_in
from tests.browser.agent_page import AgentPage
from tests.browser.chromium import chromium
from tests.phones.phone import Phone

CALLS = 4
"""Calls of a round, at each speed."""
CALLERS = ("13800000002", "13800000003")
SLOW = 4
"""How many times slower the processor is made."""

AIMS: dict[str, tuple[float, str]] = {
    "pop_to_painted": (50, "ms, p95"),
    "pop_to_painted_slow": (100, f"ms at {SLOW}x CPU, p95"),
    "painted_before_invite": (0.99, "share of the calls, at full speed"),
    "register": (300, "ms, p95"),
    "click_to_answer": (300, "ms from the click to Asterisk's ACK, p95"),
    "first_load": (180, "KiB as transferred to an agent, with the phone"),
    "largest_chunk": (80, "KiB gz of any other page"),
    "largest_paint": (1200, f"ms at {SLOW}x CPU and 10 Mbit/s, worst"),
    "key": (50, f"ms from a key to the next picture, 300 agents, 5 changes/s, {SLOW}x CPU, p98"),
    "change": (200, "ms from an agent's word to its picture on a board of 200, p95"),
    "board_share": (0.05, "of one core for a board of 200 agents, 5 changes/s"),
    "heap": (1.2, "times the heap before, after 200 pops"),
    "violations": (0, "violations of the pages' policy in all of this"),
}
"""By figure: the aim and the unit."""
AT_LEAST = frozenset({"painted_before_invite"})


async def run(context: Context) -> list[Row]:
    """Measure every figure; the samples of all rounds count together."""
    async with _browser(context) as (hotline, browser, complaints):
        moments = {
            speed: await _calls(hotline, browser, complaints, speed, context.rounds * CALLS) for speed in (1, SLOW)
        }
        measured = _of_calls(moments)
        measured["first_load"] = await first_load(browser, hotline.stack.url)
        measured["largest_chunk"] = other_chunks()
        paints = [await largest_paint(browser, hotline.stack.url, SLOW) for _ in range(context.rounds)]
        measured["largest_paint"] = max(paints)
        keys = await board_keys(browser, hotline.stack.url, SLOW)
        measured["key"] = percentile(keys, 0.98)
        changes, measured["board_share"] = await board_changes(hotline, browser)
        measured["change"] = percentile(changes, 0.95)
        measured["heap"] = await _heap(hotline, browser, complaints)
        measured["violations"] = float(sum("Content Security Policy" in one for one in complaints))
    rows = [_row(figure, measured[figure]) for figure in AIMS]
    context.keep(
        "console",
        {"rows": rows, "calls": moments, "paints": paints, "keys": keys, "changes": changes, "complaints": complaints},
    )
    return rows


def _row(figure: str, measured: float) -> Row:
    aim, unit = AIMS[figure]
    at_least = figure in AT_LEAST
    met = measured >= aim if at_least else measured <= aim
    sign = ">=" if at_least else "<="
    return Row("console", round(measured, 3), None, None, f"{sign} {aim:g}", met, {"figure": figure, "unit": unit})


def _of_calls(moments: dict[int, list[dict[str, float]]]) -> dict[str, float]:
    full, slow = moments[1], moments[SLOW]
    return {
        "pop_to_painted": _p95(full, "pop", "painted"),
        "pop_to_painted_slow": _p95(slow, "pop", "painted"),
        "painted_before_invite": sum(one["painted"] < one["invite"] for one in full) / len(full),
        "register": _p95([one for one in full if "register" in one], "register", "registered"),
        "click_to_answer": _p95(full, "click", "connected"),
    }


def _p95(moments: list[dict[str, float]], begin: str, end: str) -> float:
    return percentile([one[end] - one[begin] for one in moments], 0.95)


@asynccontextmanager
async def _browser(context: Context) -> AsyncIterator[tuple[Hotline, Browser, list[str]]]:
    stack = stack_in(context.folder / "hotline", CONSOLE=str(await asyncio.to_thread(console.build)))
    complaints: list[str] = []
    try:
        await asyncio.to_thread(stack.start)
        async with chromium(context.folder) as browser, AsyncExitStack() as opened:
            yield Hotline(stack, opened), browser, complaints
    finally:
        await asyncio.to_thread(stack.stop)


async def _shift(hotline: Hotline, browser: Browser, complaints: list[str]) -> AgentPage:
    context = await browser.new_context(locale="zh-CN", permissions=["microphone", "notifications"])
    agent = await AgentPage.open(context, hotline.stack.url)
    agent.complaints = complaints
    await agent.sign_in(AGENT)
    return agent


async def _calls(
    hotline: Hotline, browser: Browser, complaints: list[str], slower: int, count: int
) -> list[dict[str, float]]:
    """Take calls at one page; return the moments of each.

    The page is loaded anew before every round: one call of it runs code that the browser has not compiled.
    """
    found = []
    callers = [await hotline.phone(number) for number in CALLERS]
    agent = await _shift(hotline, browser, complaints)
    await agent.start_shift()
    # The desk of the speed before may have left the agent ready: the shift has begun once the phone is registered.
    await _after(agent, "registered")
    async with throttled(agent.page, slower):
        for number in range(count):
            registered: dict[str, float] = {}
            if number % CALLS == 0:
                await agent.page.reload()
                await agent.state("ready")
                registered = await _after(agent, "registered")
            found.append({**registered, **await _call(hotline, agent, callers[number % len(callers)])})
            note(f"console: call {number + 1} of {count} at {slower}x CPU: {found[-1]}")
    await agent.page.context.close()
    return found


async def _after(agent: AgentPage, moment: str) -> dict[str, float]:
    """Wait for a moment of the page; return it with those before."""
    await agent.page.wait_for_function("(name) => moments.some((one) => one.name === name)", arg=moment)
    return await agent.moments()


async def _call(hotline: Hotline, agent: AgentPage, caller: Phone) -> dict[str, float]:
    await hotline.into_queue(caller)
    await agent.rung()
    await agent.answer()
    moments = await _after(agent, "connected")
    await caller.hang_up()
    await agent.state("wrap_up")
    await agent.button("desk.finish").click()
    await agent.state("ready")
    await agent.moments()
    return moments


async def _heap(hotline: Hotline, browser: Browser, complaints: list[str]) -> float:
    """Ring once, and show that pop again and again."""
    agent = await _shift(hotline, browser, complaints)
    await agent.start_shift()
    caller = await hotline.phone(CALLERS[0])
    await hotline.into_queue(caller)
    await agent.rung()
    pop = await agent.page.evaluate(f"{DESK}.pop")
    await caller.hang_up()
    await agent.state("ready")
    growth = await heap_growth(agent.page, pop)
    await agent.page.context.close()
    return growth
