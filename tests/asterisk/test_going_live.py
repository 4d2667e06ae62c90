"""Going live from nothing to a first call, as README says."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import aiohttp
import pytest
from typer.testing import CliRunner

from ari_app.cli import app
from ari_app.operations.trunks.templates import TrunkKind
from dev.asterisk import Asterisk
from dev.processes import ChildProcess, ManagedProcess
from dev.programs import Program
from dev.stack import PYTHON, Stack
from tests.asterisk.carrier import (
    ACCOUNT,
    ADDRESS,
    HOTLINE_ADDRESS,
    PASSWORD,
    RESIDENT,
    RESIDENT_PASSWORD,
    Manner,
    carrier_of,
    tls_ports,
)
from tests.asterisk.hotline import WAIT_S, Hotline, people, stack_in
from tests.desk_client import Desk
from tests.phones.phone import Phone

OWN = "a password of my own"
MANNER = Manner(TrunkKind.REGISTRATION, shows="88888888", reads="e164", dialled="+8613800000002")
"""An account at the carrier, which leaves out the own city's area code."""
KEY = "HOTLINE_TRUNK_PASSWORD"


@dataclass
class AsteriskOfUnit(Asterisk):
    """Asterisk as its systemd unit runs it."""

    environment: Callable[[], dict[str, str]] = dict

    def start(self, started: Callable[[ManagedProcess], object] = lambda _: None) -> None:
        """Start it and wait until it listens."""
        options = ["--sip-address", HOTLINE_ADDRESS, "--state", str(self.at.state), "--site", str(self.site)]
        program = Program((sys.executable, "-m", "ari_app.cli", "asterisk"), {**self.environment(), **PYTHON})
        self.at.state.mkdir(parents=True, exist_ok=True)
        log = self.at.state / "console.log"
        self.process = ChildProcess("hotline asterisk", program, options, log=log, folder=self.at.state)
        started(self.process)
        self.process.wait_until(self._ready)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A hotline of the production profile, with an empty database."""
    folder = tmp_path_factory.mktemp("production")
    running = stack_in(
        folder,
        PROFILE="production",
        SAMPLE_PASSWORD="",
        TRUNK="PJSIP/{number}@carrier",
        TRUNK_NUMBER_FORMAT=MANNER.reads,
        TRUNK_PASSWORD=PASSWORD,
        AREA_CODE="0451",
    )
    at = running.at
    ports = {"SIP_PORT": at.sip_port, "RTP_START": at.rtp_start, "RTP_END": at.rtp_end}
    running.settings = {**running.settings, **{name: str(port) for name, port in ports.items()}}
    running.asterisk = AsteriskOfUnit(at, site=folder / "site", environment=running.environment)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def carrier(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    running = carrier_of(MANNER, tmp_path_factory.mktemp("carrier"), stack.at, tls_ports())
    running.start()
    yield running
    running.stop()


@pytest.fixture
async def hotline(stack: Stack) -> AsyncIterator[Hotline]:
    async for opened in people(stack):
        yield opened


async def command(stack: Stack, *arguments: str) -> str:
    """Run a `hotline` command beside the running service; return what it prints.

    In this process: starting another one takes seconds.
    """
    result = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=stack.environment())
    assert result.exit_code == 0, result.output
    return result.output


async def add_staff(stack: Stack, *arguments: str) -> str:
    printed = await command(stack, "staff", "add", *arguments)
    assert "the running service takes the account over at once" in printed
    return printed


def secret(printed: str, of: str) -> str:
    match = re.search(rf"^{of}: \S+ / (\S+)", printed, re.MULTILINE)
    assert match is not None, printed
    return match[1]


async def set_password(stack: Stack, staff_number: str, one_time: str) -> None:
    async with aiohttp.ClientSession(stack.url) as http:
        async with http.post("/api/v1/session", json={"staff_number": staff_number, "password": one_time}) as answer:
            assert answer.status == 201, await answer.text()
            http.headers["Authorization"] = f"Bearer {(await answer.json())['token']}"
        async with http.get("/api/v1/staff") as answer:
            assert answer.status == 403
        async with http.put("/api/v1/session/password", json={"present": one_time, "new": OWN}) as answer:
            assert answer.status == 204


async def test_from_nothing_to_a_first_call(hotline: Hotline, carrier: Asterisk) -> None:
    """Administrator, departments, agent, trunk, call."""
    stack = hotline.stack
    printed = await add_staff(stack, "9001", "陈静", "--role", "administrator")
    await set_password(stack, "9001", secret(printed, "desk"))

    printed = await command(stack, "starter", "load")
    assert "database: " in printed
    assert "added: 城东维修工区, " in printed
    async with Desk(stack.url, "9001", OWN, socket=False) as administrator:
        assert [one["staff_number"] for one in await administrator.get("/api/v1/staff")] == ["9001"]
        assert len(await administrator.get("/api/v1/departments")) == 4
        assert len(await administrator.get("/api/v1/categories")) == 13

    printed = await add_staff(
        stack, "1007", "王芳", "--role", "agent", "--queue", "repair", "--department", "客户服务科"
    )
    await set_password(stack, "1007", secret(printed, "desk"))
    phone_secret = secret(printed, "phone")

    await _connect_trunk(stack, carrier)
    async with AsyncExitStack() as opened:
        at = stack.at
        phone = Phone("agent1007", "agent1007", phone_secret, at.address, at.sip_port, answers_after=0)
        await opened.enter_async_context(phone)
        desk = await opened.enter_async_context(Desk(stack.url, "1007", OWN))
        await desk.say(type="ready")
        await desk.message("agent", state="ready")
        caller = await opened.enter_async_context(
            Phone("resident", RESIDENT, RESIDENT_PASSWORD, ADDRESS, carrier.at.sip_port)
        )
        await hotline.into_queue(caller)
        pop = (await desk.message("pop"))["pop"]
        assert (pop["queue"], pop["number"]["display"]) == ("repair", "+8645188888888")
        await desk.message("agent", state="talking")
        await caller.reaches(phone, 700)
        await phone.reaches(caller, 1100)
        await caller.hang_up()
        record = await hotline.call_record(desk, pop["call_id"])
        assert record["outcome"] == "answered"


async def _connect_trunk(stack: Stack, carrier: Asterisk) -> None:
    """Write the trunk's file, restart Asterisk, check the trunk."""
    site = str(stack.asterisk.site)
    server = f"{ADDRESS}:{carrier.at.sip_port}"
    await command(
        stack, "trunk", "template", "registration", "--server", server, "--user", ACCOUNT, "--write", "--site", site
    )
    await asyncio.to_thread(stack.asterisk.stop)
    await asyncio.to_thread(stack.asterisk.start)
    async with asyncio.timeout(WAIT_S):
        while "Registered" not in stack.asterisk.command("pjsip show registrations"):
            await asyncio.sleep(0.1)
        while not await asyncio.to_thread(stack.ready):
            await asyncio.sleep(0.1)
    printed = await command(stack, "trunk", "check", "--site", site)
    assert f"registered as sip:{ACCOUNT}@{ADDRESS}" in printed
    assert f"calls from {ADDRESS} are the carrier's" in printed
