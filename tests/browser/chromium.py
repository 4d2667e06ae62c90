"""Chromium with a microphone that plays a tone, driven by Playwright."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy
import soundfile
from playwright.async_api import Browser, async_playwright

from dev.programs import browser_program

MICROPHONE_HZ = 700.0
_RATE = 48_000
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    # Both ends of a call are on this machine.
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets",
)


@asynccontextmanager
async def chromium(folder: Path, *, asks: bool = False, microphone: bool = True) -> AsyncIterator[Browser]:
    """A browser; one that `asks` for the microphone is refused it.

    Its microphone, if it has one, plays a tone of `MICROPHONE_HZ` without end.
    """
    spoken = folder / "microphone.wav"
    times = numpy.arange(_RATE * 10) / _RATE
    soundfile.write(spoken, 0.3 * numpy.sin(2 * numpy.pi * MICROPHONE_HZ * times), _RATE, subtype="PCM_16")
    unwanted = {"--use-fake-ui-for-media-stream": asks, "--use-fake-device-for-media-stream": not microphone}
    flags = [one for one in _FLAGS if not unwanted.get(one)]
    if microphone:
        flags.append(f"--use-file-for-fake-audio-capture={spoken}")
    program = browser_program()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program.command[0],
            env={**program.environ()},
            args=flags,
        )
        try:
            yield browser
        finally:
            await browser.close()
