"""A hotline that serves its pages, and browsers at it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from dev import console
from dev.stack import Stack
from tests.asterisk.hotline import Hotline, people, stack_in
from tests.browser.agent_page import AgentPage
from tests.browser.chromium import chromium
from tests.browser.web_caller import web_account

PROMPT = """
[prompt]
exten => s,1,Playback(@PROMPTS@/fallback_wait)
 same => n,Hangup()
"""
"""A prompt for whichever channel is led there."""
OpenPage = Callable[..., Awaitable[AgentPage]]


@pytest.fixture(scope="session")
def pages() -> Path:
    """The built pages: the first worker builds them."""
    return console.build()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, pages: Path) -> Iterator[Stack]:
    """A running stack that serves the pages, and is supervised."""
    folder = tmp_path_factory.mktemp("hotline")
    # The machine leaves the customers of finished work to the agents.
    running = stack_in(folder, supervised=True, CONSOLE=str(pages), SURVEY_DELAY_S="3600")
    running.asterisk.extensions["prompt"] = PROMPT
    running.pjsip["web-caller"] = web_account()
    running.start()
    yield running
    running.stop()


@pytest.fixture
async def hotline(stack: Stack) -> AsyncIterator[Hotline]:
    """The hotline and the people around it."""
    async for opened in people(stack):
        yield opened


@pytest.fixture
async def open_page(stack: Stack, tmp_path: Path) -> AsyncIterator[OpenPage]:
    """Open a page in a browser profile of its own."""
    async with AsyncExitStack() as opened:
        browser = await opened.enter_async_context(chromium(tmp_path))

        async def page(**options: Any) -> AgentPage:
            given = {"locale": "zh-CN", "permissions": ["microphone", "notifications"], **options}
            context = await browser.new_context(**given)
            return await AgentPage.open(context, stack.url)

        yield page
