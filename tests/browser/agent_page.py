"""An agent at the page of the desk."""

import asyncio
from typing import Any

from playwright.async_api import BrowserContext, ConsoleMessage, Locator, Page, expect

from dev.stack import SAMPLE_PASSWORD

WAIT_MS = 30_000
"""Longer than anything takes on two busy cores."""
# What the page hears is listened to beside it: the browser's own peer connections, and the moments of a call.
_INSTRUMENTS = """
window.peers = []
window.moments = []
const note = (name) => window.moments.push({ name, at: performance.now() })
const Peer = window.RTCPeerConnection
window.RTCPeerConnection = class extends Peer {
  constructor(...given) { super(...given); window.peers.push(this) }
}
const Socket = window.WebSocket
window.WebSocket = class extends Socket {
  constructor(...given) {
    super(...given)
    this.addEventListener('message', ({ data }) => {
      if (typeof data !== 'string') return
      if (data.startsWith('INVITE ')) note('invite')
      if (data.startsWith('{') && JSON.parse(data).type === 'pop') note('pop')
    })
  }
  send(data) {
    if (typeof data === 'string' && data.includes('"pop_seen"')) note('painted')
    super.send(data)
  }
}
window.hears = async (hertz, seconds) => {
  const peer = window.peers.findLast((one) => one.connectionState === 'connected')
  if (!peer) return null
  const context = new AudioContext()
  const source = context.createMediaStreamSource(new MediaStream([peer.getReceivers()[0].track]))
  const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 })
  source.connect(analyser)
  const bins = new Float32Array(analyser.frequencyBinCount)
  const end = performance.now() + seconds * 1000
  try {
    while (performance.now() < end) {
      await new Promise((next) => setTimeout(next, 50))
      analyser.getFloatFrequencyData(bins)
      const loudest = bins.reduce((best, level, at) => (level > bins[best] ? at : best), 0)
      const found = (loudest * context.sampleRate) / analyser.fftSize
      if (bins[loudest] > -60 && (hertz === 0 || Math.abs(found - hertz) < 25)) return found
    }
    return null
  } finally {
    await context.close()
  }
}
"""

_CONNECTED = "peers.some((one) => one.connectionState === 'connected')"
_EXPECTED = "the server responded with a status of 401"
"""The page asks whether there is a session, and before the sign-in there is none."""


class AgentPage:
    """A page, with everything it complained about."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        """Errors of the page, violations of its policy among them."""
        self._url = url
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    @classmethod
    async def open(cls, context: BrowserContext, url: str) -> "AgentPage":
        """Open a page with instruments."""
        page = await context.new_page()
        page.set_default_timeout(WAIT_MS)
        await page.add_init_script(_INSTRUMENTS)
        return cls(page, url)

    async def sign_in(self, staff_number: str) -> None:
        """Sign in; the desk is open then."""
        await self.page.goto(f"{self._url}/desk")
        await self.page.get_by_label("工号").fill(staff_number)
        await self.page.get_by_label("密码").fill(SAMPLE_PASSWORD)
        await self.button("登录").click()
        await expect(self.button("开始上班")).to_be_visible(timeout=WAIT_MS)

    async def start_shift(self) -> None:
        """Start the shift with one click: ready, and registered."""
        await self.button("开始上班").click()
        await self.state("就绪")

    async def state(self, words: str) -> None:
        """Wait until the desk shows the agent's state."""
        await expect(self.page.locator(".shift-state")).to_contain_text(words, timeout=WAIT_MS)

    def button(self, name: str) -> Locator:
        """Return a button by the words on it."""
        return self.page.get_by_role("button", name=name)

    async def rung(self) -> None:
        """Wait until the phone rings."""
        await expect(self.button("接听")).to_be_visible(timeout=WAIT_MS)

    async def answer(self) -> None:
        """Answer with a click; both talk then."""
        await self.rung()
        await self.button("接听").click()
        await self.state("通话中")

    async def hears(self, hertz: float = 0.0, *, seconds: float = 20.0) -> float | None:
        """Return the frequency that the page plays; None in silence.

        Without a frequency any sound will do.
        """
        async with asyncio.timeout(2 * seconds):
            while True:
                found: float | None = await self.page.evaluate(f"hears({hertz}, {seconds})")
                if found is not None or await self.page.evaluate(_CONNECTED):
                    return found
                await asyncio.sleep(0.1)

    async def codec(self) -> str:
        """Return the codec of what arrives."""
        return str(
            await self.page.evaluate(
                """async () => {
                  const report = await peers.findLast((one) => one.connectionState === 'connected').getStats()
                  const inbound = [...report.values()].find((one) => one.type === 'inbound-rtp')
                  return report.get(inbound.codecId).mimeType
                }"""
            )
        )

    async def moments(self) -> dict[str, float]:
        """Return the first time of each moment, in milliseconds."""
        noted: list[dict[str, Any]] = await self.page.evaluate("moments")
        return {one["name"]: one["at"] for one in reversed(noted)}

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and _EXPECTED not in message.text:
            self.complaints.append(message.text)
