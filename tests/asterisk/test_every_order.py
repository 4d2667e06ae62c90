"""Every order of two commands: FFT at each ear, and recordings."""

import asyncio
import io
import time
from itertools import pairwise
from typing import Any

import numpy
import soundfile

from tests.asterisk.hotline import SUPERVISOR, WAIT_S, Hotline
from tests.asterisk.whole import asked
from tests.call_walk import Place, walk
from tests.desk_client import Desk
from tests.phones.phone import Phone
from tests.phones.sound import RATE, Samples, level, parts, tone_share

HZ = {"C": 712.0, "A": 1087.0, "B": 1663.0}
WINDOW_S = 0.4
PIECE_S = 0.1
SETTLED_S = 1.0
"""How long after the command's answer an ear may still hear what it heard before, or nothing."""
STEADY_S = 0.6
"""How long it is listened to then."""
EDGE_S = 0.2
"""The newest sound at an ear, of which packets may still be on their way."""
HELD_UP_S = 0.04
"""A phone that speaks later than this leaves a hole in a piece."""
OWN = 0.5
"""A tone with this share of a piece's energy is a voice; less is the edge of a packet, or music."""
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
            before, ears, began_s = self.place.stage, self.place.ears(), time.monotonic()
            await self.step(command)
            await asyncio.sleep(SETTLED_S + STEADY_S + EDGE_S)
            await self.check_ears(f"{before} {command}", ears, began_s)
            if self.place.recorded() != self.recorded[-1]:
                self.recorded.append(self.place.recorded())

    async def check_ears(self, after: str, before: dict[str, str], began_s: float) -> None:
        """Check every ear during and after a command.

        During: no voice but those of both stages. After: what the stage has, without a hole. Where the machine kept a
        phone from speaking, it is listened to again.
        """
        wanted = {name: sound for name, sound in self.place.ears().items() if sound != "-"}
        async with asyncio.timeout(WAIT_S):
            while True:
                seconds = time.monotonic() - began_s
                sounds = await asyncio.gather(*(self.phones[name].hear(seconds) for name in wanted))
                wrong = []
                for (name, sound), heard in zip(wanted.items(), sounds, strict=True):
                    known = set(before[name].split("+")) | set(sound.split("+"))
                    if strangers := set().union(*(voices_in(piece) for piece in parts(heard, PIECE_S))) - known:
                        raise AssertionError(f"after {after}: {name} heard {sorted(strangers)} meanwhile")
                    said = steadily(heard[-round((STEADY_S + EDGE_S) * RATE) : -round(EDGE_S * RATE)], sound)
                    wrong += [f"{name} heard {said}, not {sound}"] if set(said) != {sound} else []
                if not wrong:
                    return
                late_s = max([await phone.held_up(seconds) for phone in self.phones.values()])
                if late_s < HELD_UP_S:
                    raise AssertionError(f"after {after}: {'; '.join(wrong)}; seats: {await self._seats()}")
                await asyncio.sleep(STEADY_S)

    async def _seats(self) -> list[str]:
        """Return each leg's bridge and packets, as Asterisk says."""
        found = []
        async with asked(self._hotline.stack) as ari:
            for bridge in await ari.bridges():
                for channel_id in bridge.channels:
                    counts = await ari.rtp_statistics(channel_id)
                    found.append(f"{bridge.id}: {channel_id} {counts.rxcount} in, {counts.txcount} out")
        return found

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


def steadily(sound: Samples, wanted: str) -> list[str]:
    """Name what the pieces of a steady sound hold, latest first.

    Music may be soft for a moment, and the tone of a ringing phone comes and goes: of those the voices count alone.
    """
    if wanted in {"music", "silence"}:
        return ["+".join(sorted(voices_in(piece))) or wanted for piece in parts(sound, PIECE_S)]
    return [heard_in(piece) for piece in parts(sound, PIECE_S)]


def voices_in(sound: Samples) -> set[str]:
    """Return the voices in a piece, beyond doubt."""
    return {name for name, hertz in HZ.items() if tone_share(sound, hertz) > OWN} if level(sound) > QUIET else set()


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
