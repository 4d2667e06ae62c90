"""An agent at the page of the desk."""

import asyncio
import contextlib
import json
import re
from functools import cache
from typing import Any

from playwright.async_api import BrowserContext, ConsoleMessage, Locator, Page, expect

from dev.paths import PROJECT
from dev.stack import SAMPLE_PASSWORD
from tests.browser.looks import WAIT_MS

# What the page hears is listened to beside it: the browser's own peer connections, and the moments of a call.
_INSTRUMENTS = r"""
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
      if (data.startsWith('ACK ')) note('connected')
      if (data.startsWith('SIP/2.0 200') && /^CSeq: *\d+ REGISTER/im.test(data)) note('registered')
      if (data.startsWith('{') && JSON.parse(data).type === 'pop') note('pop')
    })
  }
  send(data) {
    if (typeof data === 'string' && data.includes('"pop_seen"')) note('painted')
    if (typeof data === 'string' && data.startsWith('REGISTER ')) note('register')
    super.send(data)
  }
}
window.addEventListener('click', () => note('click'), { capture: true })
const connected = () => window.peers.findLast((one) => one.connectionState === 'connected')
const listen = (peer, context) => {
  const source = context.createMediaStreamSource(new MediaStream([peer.getReceivers()[0].track]))
  const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 })
  source.connect(analyser)
  return analyser
}
window.hearsNo = async (hertz, limit) => {
  const context = new AudioContext()
  const analyser = listen(connected(), context)
  const bins = new Float32Array(analyser.frequencyBinCount)
  const end = performance.now() + limit
  let quiet = 0
  // The first window is not full yet.
  await new Promise((next) => setTimeout(next, 250))
  while (quiet < 10 && performance.now() < end) {
    await new Promise((next) => setTimeout(next, 50))
    analyser.getFloatFrequencyData(bins)
    quiet = bins[Math.round((hertz * analyser.fftSize) / context.sampleRate)] > -70 ? 0 : quiet + 1
  }
  await context.close()
  return quiet === 10
}
window.hears = async (hertz, seconds) => {
  const peer = connected()
  if (!peer) return { found: null, heard: [], state: window.peers.map((one) => one.connectionState).join() }
  const context = new AudioContext()
  const analyser = listen(peer, context)
  const bins = new Float32Array(analyser.frequencyBinCount)
  const end = performance.now() + seconds * 1000
  const heard = new Set()
  try {
    while (performance.now() < end) {
      await new Promise((next) => setTimeout(next, 50))
      analyser.getFloatFrequencyData(bins)
      const loudest = bins.reduce((best, level, at) => (level > bins[best] ? at : best), 0)
      const found = (loudest * context.sampleRate) / analyser.fftSize
      if (bins[loudest] > -60 && (hertz === 0 || Math.abs(found - hertz) < 25)) return { found }
      heard.add(`${Math.round(found)} Hz at ${Math.round(bins[loudest])} dB`)
    }
    return { found: null, heard: [...heard].slice(-8), state: `${peer.connectionState}, ${context.state}` }
  } finally {
    await context.close()
  }
}
"""

_EXPECTED = re.compile(r"status of 401 .*/session\)|status of 404 .*/disposition\)|status of 403 .*/api/v1/calls\)")
"""Questions to which no is an answer: a session before the sign-in, a result not given, a number not allowed."""


@cache
def said(key: str) -> str:
    """Return a text of the pages in Chinese, such as `desk.answer`."""
    part, *names = key.split(".")
    sources = PROJECT / "console" / "src"
    folder = sources / part if part in {"phone", "shared"} else sources / "features" / part
    # Some words come with their pages.
    files = [one for one in (folder / "messages", folder / "words" / "messages") if one.exists()]
    words = {name: text for one in files for name, text in json.loads((one / "zh-CN.json").read_text("utf-8")).items()}
    for name in names:
        words = words[name]
    return str(words).partition("{")[0].strip()


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
        await self.sign_in_again(staff_number)
        await expect(self.button("desk.start_shift")).to_be_visible(timeout=WAIT_MS)

    async def sign_in_again(self, staff_number: str) -> None:
        """Fill in the sign-in page that is open."""
        await self.page.get_by_label(said("session.staff_number")).fill(staff_number)
        await self.page.get_by_label(said("session.password")).fill(SAMPLE_PASSWORD)
        await self.button("session.sign_in").click()

    async def start_shift(self) -> None:
        """Start the shift with one click: ready, and registered."""
        await self.button("desk.start_shift").click()
        await self.state("ready")

    async def state(self, wanted: str) -> None:
        """Wait until the desk shows the agent's state."""
        await expect(self.page.locator(f".shift-state[data-state={wanted}]")).to_be_visible(timeout=WAIT_MS)

    def button(self, words: str) -> Locator:
        """Return a button by the key of the words on it."""
        return self.page.get_by_role("button", name=said(words)).first

    def action(self, action: str) -> Locator:
        """Return the button of an action on the call."""
        return self.page.locator(f".buttons > [data-action={action}]")

    async def stage(self, wanted: str) -> None:
        """Wait until the bar of the call shows a state of it."""
        await expect(self.page.locator(f".bar[data-state={wanted}]")).to_be_visible(timeout=WAIT_MS)

    def text(self, words: str) -> Locator:
        """Return a text by its key."""
        return self.page.get_by_text(said(words)).first

    async def rung(self) -> None:
        """Wait until the phone rings."""
        await expect(self.button("desk.answer")).to_be_visible(timeout=WAIT_MS)

    async def answer(self) -> None:
        """Answer with a click; both talk then."""
        await self.rung()
        await self.button("desk.answer").click()
        await self.state("talking")

    async def hears(self, hertz: float = 0.0, *, seconds: float = 30.0) -> None:
        """Wait until the page plays a tone; without a frequency, any sound.

        Raises:
            AssertionError: it played something else; the message says what.
        """
        last: dict[str, Any] = {}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    last = await self.page.evaluate(f"hears({hertz}, 5)")
                    if last["found"] is not None:
                        return
                    await asyncio.sleep(0.1)
        raise AssertionError(f"no {hertz} Hz: {last}")

    async def hears_no(self, hertz: float) -> None:
        """Wait until half a second passes without a tone.

        Raises:
            AssertionError: the tone went on.
        """
        assert await self.page.evaluate(f"hearsNo({hertz}, {WAIT_MS})"), f"{hertz} Hz is still heard"

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
        """Return the first time of each moment, in milliseconds; begin anew."""
        noted: list[dict[str, Any]] = await self.page.evaluate("moments.splice(0)")
        return {one["name"]: one["at"] for one in reversed(noted)}

    def _console(self, message: ConsoleMessage) -> None:
        complaint = f"{message.text} ({message.location['url']})"
        if message.type == "error" and _EXPECTED.search(complaint) is None:
            self.complaints.append(complaint)
