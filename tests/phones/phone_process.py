"""One simulated phone as a process: JSON lines in, JSON lines out.

In: `{"id": 1, "do": "dial", "number": "96001"}`. Out: a reply `{"reply": 1, …}` or `{"reply": 1, "error": "…"}` for
each, and events `{"event": "invite", "at_ns": …, "at_ms": …, …}` as they happen. `at_ns` is the monotonic clock, which
all processes of a machine share; `at_ms` is the epoch. The phone signs off and ends when its input ends.
"""

import asyncio
import base64
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from tests.phones.line import Line, Manners
from tests.phones.media import Media
from tests.phones.sound import load, tone

SIGN_OFF_SECONDS = 10.0


class PhoneProcess:
    """Runs the commands of one phone."""

    def __init__(self) -> None:
        self._line: Line | None = None
        self._playing: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Obey until the input ends, then leave nothing behind."""
        reader = asyncio.StreamReader(limit=1 << 20)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            # Each command runs by itself: one can hang up while another is still playing.
            task = asyncio.create_task(self._obey(msgspec.json.decode(line)))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        if self._line is not None:
            async with asyncio.timeout(SIGN_OFF_SECONDS):
                await self._line.close()

    async def _obey(self, command: dict[str, Any]) -> None:
        number, name = command.pop("id"), command.pop("do")
        try:
            result = await getattr(self, f"do_{name}")(**command)
        except asyncio.CancelledError:
            write(reply=number, error="the call ended first")
        except Exception as problem:  # noqa: BLE001 - every refusal goes back to the test
            write(reply=number, error=f"{type(problem).__name__}: {problem}")
        else:
            write(reply=number, result=result)

    async def do_open(self, server: str, port: int, user: str, password: str, address: str, shown_as: str) -> None:
        self._line = Line((server, port), user, password, shown_as, tell)
        await self._line.open(address)

    async def do_manners(self, answers_after: float | None, rejects: str | None) -> None:
        self._opened.manners = Manners(answers_after, rejects)

    async def do_dial(self, number: str) -> None:
        await self._opened.dial(number)

    async def do_answer(self) -> None:
        self._opened.answer()

    async def do_reject(self, status: str) -> None:
        self._opened.reject(status)

    async def do_hang_up(self) -> None:
        await self._opened.hang_up()

    async def do_refer(self, number: str, joining: str) -> int:
        return await self._opened.refer(number, joining)

    async def do_press(self, keys: str) -> None:
        for key in keys:
            await self._media.press(key)

    async def do_play(self, path: str) -> None:
        await self._media.play(load(Path(path)))

    async def do_play_tone(self, frequency: float, seconds: float) -> None:
        await self._media.play(tone(frequency, seconds))

    async def do_hush(self) -> None:
        self._media.hush()

    async def do_hear(self, seconds: float | None) -> str:
        return base64.b64encode(self._media.heard(seconds).tobytes()).decode()

    async def do_held_up(self, seconds: float) -> float:
        return self._media.held_up(seconds)

    @property
    def _opened(self) -> Line:
        if self._line is None:
            raise ValueError("the phone is not open")
        return self._line

    @property
    def _media(self) -> Media:
        if self._opened.media is None:
            raise ValueError("this phone has had no call")
        return self._opened.media


def tell(event: str, *, at_ns: int | None = None, **details: Any) -> None:
    """Write an event with both clocks.

    `at_ns`: when it happened, where that was earlier.
    """
    now = time.monotonic_ns()
    happened = at_ns if at_ns is not None else now
    write(event=event, at_ns=happened, at_ms=(time.time_ns() - (now - happened)) // 1_000_000, **details)


def write(**line: Any) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(PhoneProcess().run())
