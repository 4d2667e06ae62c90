"""Every order of two commands: FFT at each ear, and recordings."""

import asyncio
import io
from itertools import pairwise
from typing import Any

import numpy
import soundfile

from tests.asterisk.hotline import SUPERVISOR, WAIT_S, Hotline
from tests.call_walk import Place, walk
from tests.desk_client import Desk
from tests.phones.phone import Phone
from tests.phones.sound import Samples, level, tone_share

HZ = {"C": 712.0, "A": 1087.0, "B": 1663.0}
WINDOW_S = 0.4
SHARE = 0.2
"""Of the energy in a window: two tones have about a half each, music has less at each of the three."""
QUIET = -50.0
MILLISECONDS = len("2026-01-01T00:00:00.000")
SHARES = 3
"""Calls at once: each walks its share of the orders."""
AGENTS = (("1001", "1002"), ("1003", "1004"), ("1005", "1006"))
CALLERS = ("13800000002", "13800000003", "13800000006")
OWN_CALL = "/api/v1/agents/me/call"


def heard_in(sound: Samples) -> str:
    """Name what a window of sound holds."""
    return "+".join(sorted(tones_in(sound))) or ("music" if level(sound) > QUIET else "silence")


class Walker:
    """One call that is led through its share of the orders."""

    def __init__(self, hotline: Hotline, number: int) -> None:
        self._hotline = hotline
        self._number = number
        self.phones: dict[str, Phone] = {}
        self.desks: dict[str, Desk] = {}
        self.ids: dict[str, str] = {}
        self.call_id = ""
        self.place = Place()
        self.recorded = [self.place.recorded()]

    async def step(self, command: str) -> None:
        """Carry out one step."""
        await self._step(command)
        self.place.follow(command)

    async def begin(self) -> None:
        """Bring a caller and the first agent together."""
        hotline, (agent, other) = self._hotline, AGENTS[self._number]
        self.desks["A"], self.phones["A"] = await hotline.ready_agent(agent)
        caller = self.phones["C"] = await hotline.phone(CALLERS[self._number])
        await hotline.into_queue(caller)
        self.call_id = (await self.desks["A"].message("pop"))["pop"]["call_id"]
        await self._answer("A")
        self.phones["B"] = await hotline.phone(f"agent{other}")
        self.desks["B"] = await hotline.desk(other)
        await self.desks["B"].say(type="not_ready", reason="paperwork")
        await self.desks["B"].message("agent", state="not_ready", reason="paperwork")
        for name in "AB":
            self.ids[name] = (await self.desks[name].get("/api/v1/session"))["staff_id"]
        hotline.speaks(caller, HZ["C"])
        await self.listen("the first talk")

    async def go(self) -> None:
        """Walk, and listen at every ear after each step."""
        for command in walk(self._number, SHARES):
            before = self.place.stage
            await self.step(command)
            await self.listen(f"{before} {command}")
            if self.place.recorded() != self.recorded[-1]:
                self.recorded.append(self.place.recorded())

    async def listen(self, after: str) -> None:
        """Wait until each ear hears what it should."""
        wanted = {name: sound for name, sound in self.place.ears().items() if sound != "-"}
        heard: dict[str, str] = {}
        try:
            async with asyncio.timeout(WAIT_S):
                while heard != wanted:
                    sounds = await asyncio.gather(*(self.phones[name].hear(WINDOW_S) for name in wanted))
                    heard = {name: heard_in(sound) for name, sound in zip(wanted, sounds, strict=True)}
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"after {after}: heard {heard}, not {wanted}") from None

    async def _step(self, command: str) -> None:
        agent, other = self.desks[self.place.agent], self.desks[self.place.other]
        target = {"target": {"kind": "agent", "id": self.ids[self.place.other]}}
        if command == "answer":
            await self._answer(self.place.other)
        elif command == "pick_up":
            await other.post(f"/api/v1/calls/{self.call_id}/pick-up", None)
        else:
            body = target if command in {"transfer", "consult"} else None
            await agent.post(f"{OWN_CALL}/{command.replace('_', '-')}", body)
        if (self.place.stage, command) == ("ringing", "cancel"):
            phone = self.phones[self.place.other]
            await phone.ringing()
            await phone.ended()

    async def _answer(self, name: str) -> None:
        phone = self.phones[name]
        await phone.ringing()
        await phone.answer()
        await phone.answered()
        self._hotline.speaks(phone, HZ[name])

    async def check_recordings(self, supervisor: Desk) -> None:
        """Compare parties, order, times and voices with the walk."""
        found = await self._hotline.sealed(supervisor, self.call_id)
        names = {staff_id: name for name, staff_id in self.ids.items()}
        wanted = [one for one in self.recorded if one is not None]
        named = [(one["kind"], names[one["agent_id"]], names.get(one["other_agent_id"])) for one in found]
        assert named == wanted
        assert {one["status"] for one in found} == {"sealed"}
        for former, following in pairwise(found):
            assert former["ended_at"][:MILLISECONDS] <= following["started_at"][:MILLISECONDS]
        heard: dict[tuple[str, str, str | None], list[tuple[set[str], set[str]]]] = {}
        for segment, parties in zip(found, wanted, strict=True):
            heard.setdefault(parties, []).extend(await voices(supervisor, segment))
        for (kind, agent, with_other), windows in heard.items():
            present = ({with_other}, {agent}) if kind == "consult" else ({"C"}, {agent, with_other} - {None})
            assert present in windows, (kind, agent, with_other)


async def voices(supervisor: Desk, segment: dict[str, Any]) -> list[tuple[set[str], set[str]]]:
    """Return who speaks on each side of a recording, by windows.

    It begins before the parties are moved together, and may end a moment later: one of half a second may have music
    alone.
    """
    content = await supervisor.download(f"/api/v1/recordings/{segment['id']}/audio")
    sound, rate = soundfile.read(io.BytesIO(content), dtype="int16")
    left, right = numpy.asarray(sound).T
    size = round(WINDOW_S * rate)
    starts = range(0, max(1, left.size - size + 1), size // 4)
    return [(tones_in(left[at : at + size]), tones_in(right[at : at + size])) for at in starts]


def tones_in(sound: Samples) -> set[str]:
    """Return who is heard in a window."""
    return {name for name, hertz in HZ.items() if tone_share(sound, hertz) > SHARE}


async def test_every_order_of_two_commands_at_every_ear(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR)
    walkers = [Walker(hotline, number) for number in range(SHARES)]
    for walker in walkers:
        await walker.begin()
    await asyncio.gather(*(walker.go() for walker in walkers))
    for walker in walkers:
        await walker.phones["C"].hang_up()
        await walker.check_recordings(supervisor)
