"""Shipped templates of a trunk, with a second Asterisk as the carrier."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import pytest
from typer.testing import CliRunner

from ari_app.cli import app
from ari_app.operations.trunks.templates import TrunkKind
from dev.stack import Stack, private_stack
from tests.asterisk.carrier import (
    ADDRESS,
    OPENSSL,
    PASSWORD,
    RESIDENT,
    RESIDENT_PASSWORD,
    Manner,
    carrier_of,
    make_certificates,
    tls_ports,
    write_trunk,
)
from tests.asterisk.hotline import AGENT, SUPERVISOR, Hotline, callflows_in, people
from tests.asterisk.whole import WORKER
from tests.phones.phone import Phone

KEY = "HOTLINE_TRUNK_PASSWORD"
SETTINGS = {
    "AREA_CODE": "0451",
    "TRUNK": "PJSIP/{number}@carrier",
    "SURVEY_DELAY_S": "0",
    "SURVEY_FROM_HOUR": "0",
    "SURVEY_UNTIL_HOUR": "24",
}
# With an account: test_going_live.py.
MANNERS = [
    Manner(TrunkKind.IP, shows="+8613800000002", reads="national", dialled="13800000002"),
    Manner(TrunkKind.TLS, shows="013800000002", reads="digits", dialled="8613800000002"),
]
UNDERSTOOD = {"88888888": "+8645188888888", "+8613800000002": "+8613800000002", "013800000002": "+8613800000002"}


class Connected:
    """The hotline and the carrier."""

    def __init__(self, manner: Manner, stack: Stack, carrier_port: int) -> None:
        self.manner = manner
        self.stack = stack
        self.carrier_port = carrier_port

    async def trunk_check(self) -> tuple[int, str]:
        """Run `hotline trunk check` beside the service."""
        arguments = ("trunk", "check", "--site", str(self.stack.site))
        result = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=self.stack.environment())
        return result.exit_code, result.output


@pytest.fixture(scope="module", params=MANNERS, ids=lambda manner: str(manner.kind))
def connected(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    """A hotline with the trunk's file, and its carrier."""
    manner: Manner = request.param
    folder = tmp_path_factory.mktemp("carrier")
    site, ports = folder / "site", tls_ports()
    if manner.kind is TrunkKind.TLS:
        if OPENSSL is None:
            pytest.skip("openssl is not on this machine")
        make_certificates(site / "keys", folder / "carrier" / "keys")
    settings = {
        **SETTINGS,
        "TRUNK_NUMBER_FORMAT": manner.reads,
        "CALLFLOWS": str(callflows_in(folder / "callflows", "null")),
    }
    stack = private_stack(folder / "hotline", site=site, settings=settings)
    carrier = carrier_of(manner, folder / "carrier", stack.at, ports)
    port = ports["carrier"] if manner.kind is TrunkKind.TLS else carrier.at.sip_port
    write_trunk(manner, site, f"{ADDRESS}:{port}", ports["hotline"])
    with ExitStack() as started, pytest.MonkeyPatch.context() as environment:
        environment.setenv(KEY, PASSWORD)
        carrier.start()
        started.callback(carrier.stop)
        stack.start()
        started.callback(stack.stop)
        yield Connected(manner, stack, carrier.at.sip_port)


@pytest.fixture
async def hotline(connected: Connected) -> AsyncIterator[Hotline]:
    async for opened in people(connected.stack):
        yield opened


async def test_call_comes_in_and_callback_goes_out(connected: Connected, hotline: Hotline) -> None:
    """Both with the number as the carrier writes it."""
    manner = connected.manner
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    desk, agent = await hotline.ready_agent(AGENT, answers_after=0)
    async with Phone("resident", RESIDENT, RESIDENT_PASSWORD, ADDRESS, connected.carrier_port) as resident:
        await hotline.into_queue(resident)
        pop = await desk.message("pop")
        await desk.message("agent", state="talking")
        await resident.reaches(agent, 700)
        await agent.reaches(resident, 1100)
        await resident.hang_up()
        record = await hotline.call_record(supervisor, pop["pop"]["call_id"])
        assert (record["number"], record["outcome"]) == (UNDERSTOOD[manner.shows], "answered")
        await desk.message("agent", state="wrap_up")

        await _reply_to(hotline, RESIDENT)
        ringing = await resident.ringing()
        assert ringing.details["caller"] == ("heating" if manner.user else hotline.number)
        await resident.answer()
        await resident.answered()
        await resident.hears(seconds=0.6)
        await resident.hang_up()

    status, printed = await connected.trunk_check()
    assert status == 0, printed
    for expected in (
        "identify_by=ip",
        "allow_transfer=no",
        "rtp_timeout=60",
        f"calls from {ADDRESS} are",
        "answers after",
    ):
        assert expected in printed
    assert ("registered as" in printed) == (manner.kind is TrunkKind.REGISTRATION)
    assert ("the sound is encrypted: sdes" in printed) == (manner.kind is TrunkKind.TLS)


async def _reply_to(hotline: Hotline, number: str) -> None:
    """Create a replied ticket, so that its reporter is called back."""
    agent, worker = await hotline.desk(AGENT, socket=False), await hotline.desk(WORKER, socket=False)
    department = (await worker.get("/api/v1/session"))["department_id"]
    ticket = await agent.post(
        "/api/v1/tickets", {"kind": "complaint", "subject": "热线难打通", "reporter": {"number": number}}
    )
    path = f"/api/v1/tickets/{ticket['id']}"
    await agent.post(f"{path}/dispatch", {"department_id": department})
    await worker.post(f"{path}/sign", {})
    await worker.post(f"{path}/reply", {"text": "已增加坐席"})
