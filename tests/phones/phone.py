"""A simulated phone for tests and the demo.

SIP and sound happen in a process of its own.
"""

import asyncio
import base64
import itertools
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import numpy

from tests.phones.sound import RATE, Samples, level, longest_silence, parts, said, tone_share

PROJECT = Path(__file__).resolve().parents[2]
LINE_LIMIT = 1 << 26
"""Bytes of one line of the phone's output: minutes of what it heard."""
WAIT_SECONDS = 30.0
END_SECONDS = 15.0
WORDS_WAIT_SECONDS = 75.0
"""Within this time the place in the queue is said twice."""
WORDS_LATE_SECONDS = 4.0
"""On a busy machine they are looked for so long after they were said."""
LISTEN_PAUSE_SECONDS = 0.1
QUIET = -60.0
"""dB below full scale under which a phone hears silence."""


class PhoneProblem(Exception):
    """The phone refused a command or could not start."""


class CallEnded(PhoneProblem):
    """The call ended before it was answered; `event` carries the SIP status."""

    def __init__(self, event: "PhoneEvent") -> None:
        super().__init__(f"the call ended with {event.details.get('status')}")
        self.event = event


class NothingHappened(PhoneProblem, TimeoutError):
    """An expected event did not happen in time.

    The message lists the events that did.
    """


@dataclass(frozen=True)
class PhoneEvent:
    """Something that happened at the phone.

    `registered` · `calling` (call, number) · `progress` (call, status) · `invite` (call, caller, caller_name) ·
    `answered` (call) · `notified` (text) · `dtmf` (key) · `ended` (call, by: us|them, status, reason) · `error` (text).
    """

    name: str
    at_ns: int
    """The monotonic clock of the machine, which all processes share."""
    at_ms: int
    """The epoch."""
    details: Mapping[str, Any]


class Phone:
    """One SIP account on one phone without call waiting.

    `async with Phone(…) as phone` registers it.

    Args:
        name: for messages only.
        answers_after: answer calls after so many seconds of ringing; None leaves it to `answer`.
        rejects: refuse calls at once with this SIP status, such as "486 Busy Here".
        shown_as: a From header of its own, such as `"Mr Li" <sip:13800138000@example>`.
    """

    def __init__(
        self,
        name: str,
        user: str,
        password: str,
        sip_server: str,
        sip_port: int,
        *,
        answers_after: float | None = None,
        rejects: str | None = None,
        shown_as: str = "",
    ) -> None:
        self.name = name
        self.events: list[PhoneEvent] = []
        self._opening = {
            "server": sip_server,
            "port": sip_port,
            "user": user,
            "password": password,
            "address": "127.0.0.1",
            "shown_as": shown_as,
        }
        self._manners = {"answers_after": answers_after, "rejects": rejects}
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._happened = asyncio.Condition()
        self._replies: dict[int, asyncio.Future[Any]] = {}
        self._numbers = itertools.count(1)
        self._seen = 0

    async def __aenter__(self) -> Self:
        """Start the process and register.

        Raises:
            PhoneProblem: the registration was refused or not answered.
        """
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.phones.phone_process",
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_LIMIT,
        )
        self._reader = asyncio.create_task(self._read())
        try:
            await self._do("open", **self._opening)
            await self._do("manners", **self._manners)
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    @property
    def process_id(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def kill(self) -> None:
        """Kill the phone: the other end hears no goodbye."""
        assert self._process is not None
        self._process.kill()

    async def behave(self, *, answers_after: float | None = None, rejects: str | None = None) -> None:
        """Set the automatic behaviour for calls from now on."""
        await self._do("manners", answers_after=answers_after, rejects=rejects)

    async def call(self, number: str) -> PhoneEvent:
        """Dial; return once the INVITE is out.

        `answered` or `ended` report its result.
        """
        self._seen = len(self.events)
        await self._do("dial", number=number)
        return await self._next("calling")

    async def ringing(self, seconds: float = WAIT_SECONDS) -> PhoneEvent:
        """Return the next incoming call, with its `caller`."""
        return await self._next("invite", seconds=seconds)

    async def answer(self) -> None:
        """Take the ringing call."""
        await self._do("answer")

    async def reject(self, status: str = "486 Busy Here") -> None:
        """Refuse the ringing call."""
        await self._do("reject", status=status)

    async def answered(self, seconds: float = WAIT_SECONDS) -> PhoneEvent:
        """Wait until the call is up.

        Raises:
            CallEnded: it was refused or ended instead.
        """
        event = await self._next("answered", "ended", seconds=seconds)
        if event.name == "ended":
            raise CallEnded(event)
        return event

    async def ended(self, seconds: float = WAIT_SECONDS) -> PhoneEvent:
        """Wait until the call is over; details say by which side."""
        return await self._next("ended", seconds=seconds)

    async def key_heard(self, seconds: float = WAIT_SECONDS) -> str:
        """The next key the other end pressed."""
        return str((await self._next("dtmf", seconds=seconds)).details["key"])

    async def hang_up(self) -> None:
        """End the call in any stage: BYE, CANCEL or a refusal."""
        await self._do("hang_up")

    async def refer(self, number: str, *, joining: str = "") -> int:
        """Press the phone's key for a transfer; return the server's status."""
        return int(await self._do("refer", number=number, joining=joining))

    async def notified(self, seconds: float = WAIT_SECONDS) -> str:
        """Return the server's news of a transfer, such as `SIP/2.0 100 Trying`."""
        return str((await self._next("notified", seconds=seconds)).details["text"])

    async def press(self, keys: str) -> None:
        """Press keys one after the other, 160 ms each."""
        await self._do("press", keys=keys)

    async def play(self, path: Path) -> None:
        """Say a sound file, resampled to 8 kHz, to its end."""
        await self._do("play", path=str(path))

    async def play_tone(self, frequency: float, seconds: float) -> None:
        """Play a sine that the other end can recognise."""
        await self._do("play_tone", frequency=frequency, seconds=seconds)

    async def reaches(self, other: "Phone", frequency: float) -> None:
        """Play a tone until the other end hears it.

        Raises:
            NothingHappened: it was never heard.
        """
        async with self.speaking(frequency):
            await other.hears_tone(frequency)

    @asynccontextmanager
    async def speaking(self, frequency: float) -> AsyncIterator[None]:
        """Play a tone meanwhile."""
        playing = asyncio.create_task(self.play_tone(frequency, 2 * WAIT_SECONDS))
        try:
            yield
        finally:
            await self._do("hush")
            await playing

    async def hear(self, seconds: float | None = None) -> Samples:
        """Return the sound that arrived in the latest call.

        All of it, or its last seconds, with silence where nothing came.
        """
        sound: str = await self._do("hear", seconds=seconds)
        return numpy.frombuffer(base64.b64decode(sound), dtype=numpy.int16)

    async def held_up(self, seconds: float) -> float:
        """Return the longest time that the machine held it up."""
        return float(await self._do("held_up", seconds=seconds))

    async def hears(self, *, min_level: float = -40.0, seconds: float = 0.5, within: float = WAIT_SECONDS) -> float:
        """Wait for `seconds` of sound above a level; return the level.

        Levels are in dB below full scale.

        Raises:
            NothingHappened: it stayed quieter all the time.
        """
        return await self._listen(level, min_level, seconds, within, "dB")

    async def hears_tone(self, frequency: float, *, seconds: float = 0.5, within: float = WAIT_SECONDS) -> float:
        """Wait for `seconds` of this tone; return its share of energy.

        Raises:
            NothingHappened: never more than half of what was heard was this tone.
        """
        return await self._listen(lambda sound: tone_share(sound, frequency), 0.5, seconds, within, "of the energy")

    async def hears_just(self, wanted: set[float], unwanted: set[float], *, within: float = WAIT_SECONDS) -> None:
        """Wait for a second with some tones and without others.

        Raises:
            NothingHappened: it was never so.
        """

        def fits(sound: Samples) -> float:
            heard = all(tone_share(sound, frequency) > 0.05 for frequency in wanted)
            return float(heard and all(tone_share(sound, frequency) < 0.005 for frequency in unwanted))

        await self._listen(fits, 1.0, 1.0, within, "of the tones wanted")

    async def hears_words(self, words: Samples, *, within: float = WORDS_WAIT_SECONDS) -> float:
        """Wait for these very words; return the share that was heard.

        The words are as they were recorded or synthesised.

        Raises:
            NothingHappened: less than three quarters of them were; packets that came late may cost a syllable.
        """
        seconds = words.size / RATE + WORDS_LATE_SECONDS
        return await self._listen(lambda sound: said(sound, words), 0.75, seconds, within, "of the words")

    async def hears_silence(self, *, seconds: float = 0.5, within: float = WAIT_SECONDS) -> float:
        """Wait for `seconds` of silence; the level.

        Raises:
            NothingHappened: it never was silent for so long.
        """
        return -await self._listen(lambda sound: -level(sound), -QUIET, seconds, within, "dB of quiet")

    async def hears_no_pause(self, *, seconds: float, pause: float = 2.0) -> None:
        """Listen for `seconds` from now on.

        Raises:
            NothingHappened: a silence longer than `pause` was among them.
        """
        await asyncio.sleep(seconds)
        longest = longest_silence(await self.hear(seconds))
        if longest > pause:
            raise NothingHappened(f"{self.name} heard nothing for {longest:.1f} of {seconds} s")

    async def _listen(self, measure: Any, wanted: float, seconds: float, within: float, unit: str) -> float:
        loop = asyncio.get_running_loop()
        deadline = (looked := loop.time()) + within
        most = float("-inf")
        while looked < deadline:
            # On a busy machine a sound may come and go between two looks.
            before, looked = looked, loop.time()
            sound = await self.hear(seconds + looked - before)
            if sound.size:
                heard = max(float(measure(part)) for part in parts(sound, seconds))
                if heard >= wanted:
                    return heard
                most = max(most, heard)
            await asyncio.sleep(LISTEN_PAUSE_SECONDS)
        raise NothingHappened(f"{self.name} waited {within} s for {wanted} {unit} and heard {most:.2f} at most")

    async def _next(self, *names: str, seconds: float = WAIT_SECONDS) -> PhoneEvent:
        """Return the first event of these kinds after the last one.

        Those before it are passed over.
        """
        try:
            async with asyncio.timeout(seconds), self._happened:
                while True:
                    for index in range(self._seen, len(self.events)):
                        if self.events[index].name in names:
                            self._seen = index + 1
                            return self.events[index]
                    await self._happened.wait()
        except TimeoutError:
            happened = [(event.name, dict(event.details)) for event in self.events]
            raise NothingHappened(f"{self.name}: no {' or '.join(names)} within {seconds} s; {happened}") from None

    async def _do(self, command: str, **arguments: Any) -> Any:
        process = self._process
        if process is None or process.stdin is None:
            raise PhoneProblem(f"{self.name} is not running")
        number = next(self._numbers)
        reply = self._replies[number] = asyncio.get_running_loop().create_future()
        process.stdin.write(msgspec.json.encode({"id": number, "do": command, **arguments}) + b"\n")
        return await reply

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            message: dict[str, Any] = msgspec.json.decode(line)
            if "reply" in message:
                self._settle(message)
            else:
                event = PhoneEvent(message.pop("event"), message.pop("at_ns"), message.pop("at_ms"), message)
                async with self._happened:
                    self.events.append(event)
                    self._happened.notify_all()
        for reply in self._replies.values():
            if reply.done():
                continue
            reply.set_exception(PhoneProblem(f"{self.name}'s process ended"))
        self._replies.clear()

    def _settle(self, message: dict[str, Any]) -> None:
        reply = self._replies.pop(message["reply"])
        if reply.done():
            return
        if "error" in message:
            reply.set_exception(PhoneProblem(f"{self.name}: {message['error']}"))
        else:
            reply.set_result(message.get("result"))

    async def _end(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._reader is not None
        if not self._reader.done():
            # Who leaves in the middle of a call says goodbye first; there may be none.
            with suppress(PhoneProblem, OSError):
                await self._do("hang_up")
        self._process.stdin.close()
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await self._reader
