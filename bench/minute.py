"""minute: the first minute of a call, dialled as a person would.

The whole sample stack runs. Every figure comes from the sound at the caller's phone, the INVITE at the agent's phone,
or the call's record.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

import numpy

from bench.harness import Context, Row, note
from dev.paths import PROJECT
from dev.stack import SAMPLE_PASSWORD, Stack, private_stack, sample_phones
from ivr.prompts import read_catalogue
from tests.desk_client import Desk
from tests.phones.phone import QUIET, Phone, PhoneEvent
from tests.phones.sound import FRAME, RATE, Samples, begins_at, level, said
from tests.words import words

AGENT, SUPERVISOR = "1001", "3001"
SILENT, SILENT_WITH_TICKET, LISTENING, BY_HEART, HASTY = (f"1380000000{last}" for last in (5, 1, 2, 4, 3))
"""Residents of the sample data. Two customers share the number of SILENT: the longest menu is said to it."""
MENU, OFFER = "main_menu", "urge_hint"
"""The prompts that begin with the first choice, without and with an open ticket."""
MATTER = {"kind": "fault", "subject": "三单元暖气不热"}

HASTY_KEY_S = 0.5
BY_HEART_KEY_S = 1.3
THINKING_S = 1.0
"""From the end of a choice to the key of a caller who listens to it."""
IN_QUEUE_S = 12.0
"""How long a silent caller waits after the latest moment at which the queue should be reached."""
MOST_OF_IT = 0.75
"""A prompt of which so much was heard was said: packets that came late cost a syllable."""
LOOK_AGAIN_S = 0.1
LONGEST_S = 60.0
"""Of the wait for a record."""
SETUP_MS = 3000
"""A call begins at most so long before its answer."""

AIMS: dict[str, tuple[float, str]] = {
    "first_choice": (5, "s from the answer to the first choice"),
    "key_to_phone": (2, "s from a key, 0.5 s after the answer, to the INVITE at a free agent's phone"),
    "silence_to_queue": (20, "s from the answer to the queue, caller says nothing"),
    "silence_to_queue_with_ticket": (25, "s from the answer to the queue, caller with an open ticket says nothing"),
    "urge_listening": (18, "s from the answer to the end of a call that urges a ticket, after listening"),
    "urge_by_heart": (10, "s from the answer to the end of a call that urges a ticket, by heart"),
    "characters": (14, "characters spoken before the first choice"),
    "longest_silence": (2, "s of the longest silence at the phone of any of these callers"),
}
"""By figure: the aim and the unit."""


async def run(context: Context) -> list[Row]:
    """Dial in rounds; of each figure the worst round counts."""
    async with _stack(context.folder) as stack:
        rounds = []
        for number in range(context.rounds):
            rounds.append(await _round(stack))
            note(f"minute: round {number + 1} of {context.rounds}: {rounds[-1]}")
    rows = [_row(figure, [one[figure] for one in rounds]) for figure in AIMS]
    context.keep("minute", {"rows": rows, "rounds": rounds})
    return rows


def _row(figure: str, measured: list[float]) -> Row:
    aim, unit = AIMS[figure]
    worst = max(measured)
    return Row(
        "minute", worst, None, None, f"<= {aim:g}", worst <= aim, {"figure": figure, "unit": unit, "rounds": measured}
    )


@asynccontextmanager
async def _stack(folder: Path) -> AsyncIterator[Stack]:
    """Run the sample stack with an open ticket for callers who urge."""
    stack = private_stack(folder, pjsip=sample_phones())
    try:
        await asyncio.to_thread(stack.start)
        async with Desk(stack.url, AGENT, SAMPLE_PASSWORD, socket=False) as desk:
            for number in (LISTENING, BY_HEART):
                await desk.post("/api/v1/tickets", {**MATTER, "reporter": {"number": number}})
        yield stack
    finally:
        await asyncio.to_thread(stack.stop)


async def _round(stack: Stack) -> dict[str, float]:
    """Measure every figure once."""
    key_to_phone, hasty = await _hasty(stack)
    silent, offered, listening, by_heart = await asyncio.gather(
        _silent(stack, SILENT), _silent(stack, SILENT_WITH_TICKET), _listening(stack), _by_heart(stack)
    )
    choices = {MENU: silent, OFFER: offered}
    begins = {prompt: await _begins(call.sound, prompt) for prompt, call in choices.items()}
    measured = {
        "first_choice": max(begins.values()),
        "key_to_phone": key_to_phone,
        "silence_to_queue": await _queued_after(stack, silent),
        "silence_to_queue_with_ticket": await _queued_after(stack, offered),
        "urge_listening": listening.seconds,
        "urge_by_heart": by_heart.seconds,
        "characters": max([await _characters(call.sound, begins[prompt]) for prompt, call in choices.items()]),
        "longest_silence": max(_longest_silence(call.sound) for call in (hasty, silent, offered, listening, by_heart)),
    }
    return {figure: round(value, 2) for figure, value in measured.items()}


@dataclass
class Dialled:
    """One call from its answer on."""

    phone: Phone
    answered: PhoneEvent
    sound: Samples
    """Everything the caller heard, once the call is over."""
    seconds: float = 0.0

    async def until(self, seconds: float) -> None:
        """Wait until so many seconds after the answer."""
        await asyncio.sleep(max(0.0, seconds - (time.monotonic_ns() - self.answered.at_ns) / 1e9))

    async def over(self, ended: PhoneEvent) -> None:
        """Take what was heard until the call ended, counted from the answer."""
        self.seconds = (ended.at_ns - self.answered.at_ns) / 1e9
        heard = await self.phone.hear()
        before = round((time.monotonic_ns() - self.answered.at_ns) / 1e9 * RATE) - heard.size
        whole = numpy.concatenate([numpy.zeros(max(0, before), dtype=numpy.int16), heard[max(0, -before) :]])
        self.sound = whole[: round(self.seconds * RATE)]


@asynccontextmanager
async def _dialled(stack: Stack, user: str) -> AsyncIterator[Dialled]:
    async with _phone(stack, user) as phone:
        await phone.call(stack.at.hotline_number)
        yield Dialled(phone, await phone.answered(), numpy.empty(0, dtype=numpy.int16))


def _phone(stack: Stack, user: str) -> Phone:
    return Phone(user, user, SAMPLE_PASSWORD, stack.at.address, stack.at.sip_port)


async def _hasty(stack: Stack) -> tuple[float, Dialled]:
    """Press a key at once; return seconds until a phone rings."""
    async with Desk(stack.url, AGENT, SAMPLE_PASSWORD) as desk, _phone(stack, f"agent{AGENT}") as agent:
        await desk.say(type="ready")
        await desk.message("agent", state="ready")
        async with _dialled(stack, HASTY) as call:
            await call.until(HASTY_KEY_S)
            pressed_ns = time.monotonic_ns()
            await call.phone.press("0")
            rung = await agent.ringing()
            await call.phone.hang_up()
            await call.over(await call.phone.ended())
        await desk.post("/api/v1/agents/me/not-ready", {"reason": "measured"})
    return (rung.at_ns - pressed_ns) / 1e9, call


async def _silent(stack: Stack, user: str) -> Dialled:
    """Say nothing, wait in the queue for a while, and hang up."""
    async with _dialled(stack, user) as call:
        await call.until(AIMS["silence_to_queue_with_ticket"][0] + IN_QUEUE_S)
        await call.phone.hang_up()
        await call.over(await call.phone.ended())
    return call


async def _listening(stack: Stack) -> Dialled:
    """Listen to the offer to urge a ticket, then take it."""
    choice = await words(OFFER)
    async with _dialled(stack, LISTENING) as call:
        await call.phone.hears_words(choice)
        await asyncio.sleep(THINKING_S)
        await call.phone.press("1")
        await call.over(await call.phone.ended())
    return call


async def _by_heart(stack: Stack) -> Dialled:
    """Take the offer to urge a ticket before it is made."""
    async with _dialled(stack, BY_HEART) as call:
        await call.until(BY_HEART_KEY_S)
        await call.phone.press("1")
        await call.over(await call.phone.ended())
    return call


async def _queued_after(stack: Stack, call: Dialled) -> float:
    """Return the seconds from answer to queue by the call's record."""
    async with Desk(stack.url, SUPERVISOR, SAMPLE_PASSWORD, socket=False) as desk, asyncio.timeout(LONGEST_S):
        while True:
            for line in await desk.get("/api/v1/calls"):
                if str(line["number"]).endswith(call.phone.name):
                    record = await desk.get(f"/api/v1/calls/{line['id']}")
                    started = datetime.fromisoformat(record["started_at"]).timestamp() * 1000
                    if started > call.answered.at_ms - SETUP_MS:
                        queued, answered = (datetime.fromisoformat(record[at]) for at in ("queued_at", "answered_at"))
                        return (queued - answered).total_seconds()
            await asyncio.sleep(LOOK_AGAIN_S)


async def _begins(sound: Samples, prompt: str) -> float:
    """Return the second at which a prompt begins.

    Raises:
        ValueError: the caller did not hear it.
    """
    found = begins_at(sound, await words(prompt))
    if found is None:
        raise ValueError(f"the caller did not hear {prompt}")
    return found


async def _characters(sound: Samples, choice_s: float) -> int:
    """Count the characters of all prompts heard before the first choice."""
    catalogue, _ = read_catalogue(PROJECT / "callflows")
    before = sound[: round(choice_s * RATE)]
    heard = [
        text.text
        for name, text in catalogue.texts["zh"].items()
        if not text.fields and said(before, await words(name)) > MOST_OF_IT
    ]
    return sum(character.isalnum() for text in heard for character in text)


def _longest_silence(sound: Samples) -> float:
    frames = [level(sound[at : at + FRAME]) < QUIET for at in range(0, sound.size, FRAME)]
    runs = (len(list(frames)) for is_quiet, frames in groupby(frames) if is_quiet)
    return max(runs, default=0) * FRAME / RATE
