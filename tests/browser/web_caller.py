"""A caller with a softphone in a page: JsSIP, WebRTC, Opus."""

from pathlib import Path

from playwright.async_api import BrowserContext

from dev import console
from dev.stack import SAMPLE_PASSWORD, Stack
from tests.browser.agent_page import AgentPage
from tests.phones.accounts import account

USER = "13800000077"
WEBRTC = """
webrtc = yes
dtls_auto_generate_cert = yes
allow = !all,opus,ulaw
"""
_CALL = """([user, password, socket, number]) => new Promise((resolve, reject) => {
  const ua = new JsSIP.UA({
    sockets: [new JsSIP.WebSocketInterface(socket)],
    uri: `sip:${user}@hotline.invalid`,
    password,
    register: false,
    session_timers: false,
  })
  ua.on('connected', async () => {
    const mediaStream = await navigator.mediaDevices.getUserMedia({ audio: true })
    window.call = ua.call(`sip:${number}@hotline.invalid`, { mediaStream })
    // Chromium gives no sound of a call to WebAudio before an element plays it.
    window.ear = Object.assign(new Audio(), { autoplay: true })
    window.call.connection.addEventListener('track', ({ streams }) => (window.ear.srcObject = streams[0]))
    window.call.on('confirmed', () => resolve())
    window.call.on('failed', ({ cause }) => reject(new Error(cause)))
  })
  ua.start()
})"""


def web_account() -> str:
    """Return the account of the page that calls, for Asterisk's `pjsip.d`."""
    return account(USER, SAMPLE_PASSWORD).replace("allow = ulaw,alaw\n", WEBRTC, 1)


def softphone(folder: Path) -> str:
    """Return JsSIP as one script for a page."""
    console.install()
    script = folder / "jssip.js"
    entry = ("node_modules/jssip/lib/JsSIP.js", "--file", str(script))
    console.npm("exec", "--offline", "--", "rolldown", *entry, "--format", "iife", "--name", "JsSIP")
    return script.read_text(encoding="utf-8")


class WebCaller:
    """A page that calls; it hears as the agent's page does."""

    def __init__(self, page: AgentPage) -> None:
        self.ear = page

    @classmethod
    async def open(cls, context: BrowserContext, stack: Stack, script: str) -> "WebCaller":
        """Open the page; its context lets foreign scripts in."""
        page = await AgentPage.open(context, stack.url)
        await page.page.goto(f"{stack.url}/sign-in")
        await page.page.evaluate(script + "\nwindow.JsSIP = JsSIP")
        return cls(page)

    async def call(self, stack: Stack) -> None:
        """Dial the hotline, and wait for its answer."""
        at = stack.at
        socket = f"ws://{at.address}:{at.http_port}/ws"
        await self.ear.page.evaluate(_CALL, [USER, SAMPLE_PASSWORD, socket, at.hotline_number])

    async def press(self, key: str) -> None:
        """Press a key of the menu."""
        await self.ear.page.evaluate("(key) => call.sendDTMF(key, { transportType: 'RFC2833' })", key)

    async def hang_up(self) -> None:
        """End the call."""
        await self.ear.page.evaluate("call.terminate()")
