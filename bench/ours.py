"""Our side of a comparison: the whole stack in full configuration.

Redis matches, the database is written, the history is looked up, pops go to desks that are open, both sides of every
call are recorded. Only two things differ from what is shipped: callers come to the queue without a menu, because the
peer has none, and agents have no wrap-up, because the peer has none.
"""

import asyncio
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bench.desk_socket import DeskSocket
from bench.systems import TRUNK
from dev.paths import PROJECT
from dev.stack import SAMPLE_PASSWORD, Stack, private_stack
from tests.desk_client import Desk

ADMINISTRATOR, SUPERVISOR = "9001", "3001"
QUEUE = "repair"
PASSWORD = "bench-agent-1"
FIRST_AGENT = 5001
WELCOME_SECONDS = 10.0
STRAIGHT_TO_THE_QUEUE = f"""\
flow: hotline
languages: [zh, en]
start: identify
fallback: person
steps:
  identify: {{ do: identify_caller, next: person, failed: person }}
  person: {{ queue: {QUEUE}, kind: fault, otherwise: nobody_there }}
  nobody_there: {{ hangup: unserved, say: [goodbye] }}
"""


@dataclass(frozen=True)
class Pop:
    """A screen pop that reached an agent's desk socket."""

    agent: str
    """The SIP user of the agent's phone."""
    caller: str
    at_ns: int
    """CLOCK_REALTIME, when the kernel received the frame: the clock that stamps the INVITE at the phone."""


class OurSystem:
    """The stack, with agents hired through the API at open desks."""

    def __init__(
        self,
        folder: Path,
        *,
        flow: str = STRAIGHT_TO_THE_QUEUE,
        queues: str | None = None,
        team: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
        supervised: bool = False,
    ) -> None:
        """Take the flow, the queues' document, and the last agents' queues.

        Without a document the queues are as shipped.
        """
        self.name = "hotline"
        self._flow = flow
        self._queues = queues
        self._team = team
        self._settings = settings or {}
        self._supervised = supervised
        self._hired: list[dict[str, Any]] = []
        self.pops: list[Pop] = []
        self._folder = folder / "ours"
        self._stack: Stack | None = None
        self._open = AsyncExitStack()
        self._desks: list[DeskSocket] = []

    @property
    def sip(self) -> tuple[str, int]:
        at = self.stack.at
        return at.address, at.sip_port

    async def start(
        self, agents: Sequence[str], *, callers_port: int, agents_port: int, outside_port: int | None = None
    ) -> None:
        """Start the stack, hire and seat the agents, make them ready.

        Numbers outside are rung at `outside_port`.
        """
        outside = {} if outside_port is None else {"TRUNK": f"PJSIP/trunk/sip:{{number}}@127.0.0.1:{outside_port}"}
        self._stack = private_stack(
            self._folder,
            pjsip={"bench": TRUNK.format(context="hotline", callers_port=callers_port)},
            settings={"CALLFLOWS": str(self._callflows()), **outside, **self._settings},
            supervised=self._supervised,
        )
        await asyncio.to_thread(self._stack.start)
        async with Desk(self._stack.url, ADMINISTRATOR, SAMPLE_PASSWORD, socket=False) as administrator:
            queues = [QUEUE] * (len(agents) - len(self._team)) + list(self._team)
            hired = [
                await self._hire(administrator, str(FIRST_AGENT + index), queue) for index, queue in enumerate(queues)
            ]
            people = await administrator.get("/api/v1/staff")
        supervisors = [one["endpoint"] for one in people if one["staff_number"] == SUPERVISOR]
        await self._plug_in([*(member["endpoint"] for member in hired), *supervisors], agents_port)
        self._hired = hired
        await self.seat()

    async def seat(self) -> None:
        """Open every desk and make its agent ready, again after losses."""
        for member in self._hired:
            await self._seat(member["staff_number"], member["endpoint"])

    def phones(self) -> list[str]:
        """Return the SIP users of the agents' phones."""
        return [member["endpoint"] for member in self._hired]

    def pids(self) -> dict[str, int]:
        """Asterisk, the service and Redis."""
        stack = self.stack
        processes = {"asterisk": stack.asterisk.process, "service": stack.service}
        if stack.redis is not None:
            processes["redis"] = stack.redis.process
        return {name: process.pid for name, process in processes.items() if process is not None}

    async def stop(self) -> None:
        for desk in self._desks:
            desk.close()
        await self._open.aclose()
        if self._stack is not None:
            await asyncio.to_thread(self._stack.stop)

    @property
    def stack(self) -> Stack:
        """The running processes."""
        assert self._stack is not None, "started"
        return self._stack

    def _callflows(self) -> Path:
        """Return the shipped call flows, changed for load and without wrap-up."""
        folder = self._folder / "callflows"
        shutil.copytree(PROJECT / "callflows", folder, dirs_exist_ok=True)
        (folder / "hotline.yaml").write_text(self._flow)
        queues = self._queues or (folder / "queues.yaml").read_text()
        (folder / "queues.yaml").write_text(re.sub(r"wrap_up_s: \d+", "wrap_up_s: 0", queues))
        return folder

    async def _hire(self, administrator: Desk, staff_number: str, queue: str) -> dict[str, Any]:
        hired: dict[str, Any] = await administrator.post(
            "/api/v1/staff",
            {
                "staff_number": staff_number,
                "name": f"Agent {staff_number}",
                "role": "agent",
                "password": PASSWORD,
                "queues": [queue],
            },
        )
        return hired

    async def _plug_in(self, endpoints: Sequence[str], agents_port: int) -> None:
        """Give each phone the load's address instead of a registration."""
        at = self.stack.at
        credentials = {"Authorization": aiohttp.encode_basic_auth(at.user, at.password)}
        async with aiohttp.ClientSession(headers=credentials) as http:
            for endpoint in endpoints:
                fields = {"contact": f"sip:{endpoint}@{at.address}:{agents_port}", "support_path": "no"}
                body = {"fields": [{"attribute": name, "value": value} for name, value in fields.items()]}
                url = f"{at.rest_url}/asterisk/config/dynamic/res_pjsip/aor/{endpoint}"
                async with http.put(url, json=body, raise_for_status=True):
                    pass

    async def _seat(self, staff_number: str, endpoint: str) -> None:
        welcomed = asyncio.Event()

        def heard(message: dict[str, Any], at_ns: int) -> None:
            if message["type"] == "welcome":
                welcomed.set()
            elif message["type"] == "pop":
                self.pops.append(Pop(endpoint, caller_of(message), at_ns))

        url = self.stack.url
        agent = await self._open.enter_async_context(Desk(url, staff_number, PASSWORD, socket=False))
        ticket = await agent.post("/api/v1/desk/ticket", None)
        desk = await DeskSocket.opened(url, ticket["ticket"], heard)
        self._desks.append(desk)
        async with asyncio.timeout(WELCOME_SECONDS):
            await welcomed.wait()
        desk.say(type="ready")


def caller_of(pop: dict[str, Any]) -> str:
    """The caller's number as the agent's phone shows it: the national number."""
    return str(pop["pop"]["number"]["display"]).removeprefix("+86")


def our_system(folder: Path) -> OurSystem:
    """One per benchmark."""
    return OurSystem(folder)
