"""Times of call control: commands done, transfers ringing.

The peer of the transfer is Asterisk's own: AMI `BlindTransfer` into a dialplan that dials the same phone.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from ari_app.ari.ami import AmiClient
from bench.harness import Context, Row, paired_rounds, percentile, ratio_row, summary
from bench.load import caller_numbers
from bench.ours import FIRST_AGENT, PASSWORD, OurSystem, our_system
from bench.sip_peer import AgentCall, AgentPhones, CallerCall, Callers
from bench.systems import NUMBER, NativeSystem, System
from tests.desk_client import Desk, Refused

AGENTS = ["agent-1", "agent-2"]
TALK_SECONDS = 3600.0
COMMANDS = 40
TRANSFERS = 12
WAIT_S = 30.0
DONE_AIM_MS = 50.0
RING_AIM = 1.5
OWN_CALL = "/api/v1/agents/me/call"


class Talk:
    """One caller with an agent, and a second agent's phone."""

    def __init__(self, system: System, random: Random) -> None:
        self._system = system
        self._numbers = caller_numbers(random)
        self.calls: asyncio.Queue[AgentCall] = asyncio.Queue()

    async def start(self) -> None:
        """Start the system, and bring the two together."""
        self.callers, self.phones = Callers(), AgentPhones(TALK_SECONDS)
        await self._system.start(
            AGENTS, callers_port=self.callers.socket.local[1], agents_port=self.phones.socket.local[1]
        )
        self.callers.socket.server = self.phones.socket.server = self._system.sip
        self.phones.on_offer = self.calls.put_nowait
        self.caller: CallerCall = self.callers.call(NUMBER, next(self._numbers))
        self.present = await self.next_call()

    async def next_call(self) -> AgentCall:
        """Return the next call at a phone, which answers at once."""
        async with asyncio.timeout(WAIT_S):
            return await self.calls.get()

    async def stop(self) -> None:
        """Hang up and stop everything."""
        self.callers.hang_up(self.caller)
        await self._system.stop()
        self.callers.close()
        self.phones.close()


class OurTalk(Talk):
    """The hotline's commands, over HTTP."""

    def __init__(self, system: OurSystem, random: Random) -> None:
        super().__init__(system, random)
        self._ours = system
        self._desks: dict[str, Desk] = {}
        self._ids: dict[str, str] = {}

    async def start(self) -> None:
        """Start, and sign both agents in."""
        await super().start()
        for index, phone in enumerate(self._ours.phones()):
            desk = Desk(self._ours.stack.url, str(FIRST_AGENT + index), PASSWORD, socket=False)
            self._desks[phone] = await desk.__aenter__()
            self._ids[phone] = (await desk.get("/api/v1/session"))["staff_id"]
        await self.until("talking")

    async def stop(self) -> None:
        """Sign out, and stop."""
        for desk in self._desks.values():
            await desk.__aexit__(None, None, None)
        await super().stop()

    @property
    def other(self) -> str:
        """Return the phone of the agent who is not in the call."""
        return next(phone for phone in self._desks if phone != self.present.agent)

    async def until(self, state: str) -> None:
        """Wait until the present agent's call is in a state."""
        async with asyncio.timeout(WAIT_S):
            while True:
                try:
                    if (await self._desks[self.present.agent].get(OWN_CALL))["state"] == state:
                        return
                except Refused:
                    pass  # the call has just been handed over
                await asyncio.sleep(0.02)

    async def order(self, command: str, body: dict[str, Any] | None = None) -> float:
        """Give a command; return the milliseconds until it is done."""
        began = time.perf_counter()
        await self._desks[self.present.agent].post(f"{OWN_CALL}/{command}", body)
        return (time.perf_counter() - began) * 1000

    def target(self) -> dict[str, Any]:
        """Return the other agent as a target."""
        return {"target": {"kind": "agent", "id": self._ids[self.other]}}

    async def commands(self) -> dict[str, list[float]]:
        """Time hold, resume and swap, each many times."""
        found: dict[str, list[float]] = {"hold": [], "resume": [], "swap": []}
        for _ in range(COMMANDS):
            found["hold"].append(await self.order("hold"))
            found["resume"].append(await self.order("resume"))
        await self.order("consult", self.target())
        await self.next_call()
        await self.until("consulting")
        for _ in range(COMMANDS):
            found["swap"].append(await self.order("swap"))
        await self.order("cancel")
        return found

    async def transfer(self) -> float:
        """Transfer the call; return the milliseconds until it rings."""
        began_ns = time.time_ns()
        await self.order("transfer", self.target())
        self.present = await self.next_call()
        await self.until("talking")
        return (self.present.offered_ns - began_ns) / 1e6


class TransferringAmi(AmiClient):
    """AMI with Asterisk's own transfer."""

    async def channel_of(self, phone: str) -> str:
        """Return the name of a phone's channel."""
        found = await self._ask_list("CoreShowChannels", {})
        return next(one["Channel"] for one in found if one.get("Channel", "").startswith(f"PJSIP/{phone}-"))

    async def blind_transfer(self, channel: str, extension: str) -> None:
        """Transfer the party that is bridged with a channel."""
        await self._ask("BlindTransfer", {"Channel": channel, "Context": "agents", "Exten": extension})


class NativeTalk(Talk):
    """Asterisk's own transfer between the same phones."""

    def __init__(self, system: NativeSystem, random: Random) -> None:
        super().__init__(system, random)
        at = system.at
        self._ami = TransferringAmi(at.address, at.ami_port, at.user, at.password)

    async def start(self) -> None:
        """Start, and connect."""
        await super().start()
        await self._ami.start()

    async def stop(self) -> None:
        """Disconnect, and stop."""
        await self._ami.aclose()
        await super().stop()

    async def transfer(self) -> float:
        """Transfer the call; return the milliseconds until it rings."""
        other = next(agent for agent in AGENTS if agent != self.present.agent)
        channel = await self._ami.channel_of(self.present.agent)
        began_ns = time.time_ns()
        await self._ami.blind_transfer(channel, other)
        self.present = await self.next_call()
        await asyncio.sleep(0.1)  # until the bridge of the two is Asterisk's present one
        return (self.present.offered_ns - began_ns) / 1e6


async def run(context: Context) -> list[Row]:
    """Time the commands of one call, then transfers side by side."""
    random = Random(context.seed)
    ours, peer = OurTalk(our_system(context.folder), random), NativeTalk(NativeSystem(context.folder), random)
    try:
        await ours.start()
        await peer.start()
        done = await ours.commands()
        pairs = await paired_rounds(context.rounds, _transfers(ours.transfer), _transfers(peer.transfer))
    finally:
        await ours.stop()
        await peer.stop()
    rows = [_done(done), _rings(pairs)]
    context.keep("control", {"rows": rows, "done_ms": done, "rounds": pairs})
    return rows


def _transfers(transfer: Callable[[], Awaitable[float]]) -> Callable[[int], Awaitable[list[float]]]:
    async def measure(_: int) -> list[float]:
        return [await transfer() for _ in range(TRANSFERS)]

    return measure


def _done(done: dict[str, list[float]]) -> Row:
    slowest = max(percentile(samples, 0.95) for samples in done.values())
    return Row(
        "control",
        round(slowest, 3),
        None,
        None,
        f"<= {DONE_AIM_MS:g}",
        slowest <= DONE_AIM_MS,
        {
            "unit": "ms from the command's request to its response, when it is done; p95 of the slowest command",
            **{command: summary(samples) for command, samples in done.items()},
        },
    )


def _rings(pairs: list[tuple[list[float], list[float]]]) -> Row:
    return ratio_row(
        "transfer",
        [percentile(one, 0.5) for one, _ in pairs],
        [percentile(other, 0.5) for _, other in pairs],
        RING_AIM,
        "ms from the request to the INVITE at the target's phone, p50 of a round",
        {
            "ours": summary([ms for one, _ in pairs for ms in one]),
            "peer": {
                "what": "AMI BlindTransfer into Dial(PJSIP/...), nothing recorded, no rules, no story",
                **summary([ms for _, other in pairs for ms in other]),
            },
        },
    )
