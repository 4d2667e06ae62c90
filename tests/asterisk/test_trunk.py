"""The shipped template of a trunk on the real Asterisk."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ari_app.operations.trunks.commands import AsteriskAccess, reports_of
from ari_app.operations.trunks.files import WrittenTrunk, written_trunks
from dev.ports import free_port
from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, Hotline, stack_in
from tests.asterisk.whole import asked

NOTHING_LISTENS = free_port(socket.SOCK_DGRAM)
CALLER, TRUNK, CARRIER_ADDRESS = "13800000006", "national-carrier", "127.0.0.9"
OWN_FILE = f"""
[{TRUNK}](trunk)

[{TRUNK}-addresses]
type = identify
endpoint = {TRUNK}
match = {CARRIER_ADDRESS}

; Written without the template.
[careless]
type = endpoint
context = agents
aors = careless
outbound_auth = careless

[careless]
type = aor
contact = sip:127.0.0.1:{NOTHING_LISTENS}

[careless]
type = auth
auth_type = userpass
username = careless
password = secret

[careless]
type = registration
outbound_auth = careless
server_uri = sip:127.0.0.1:{NOTHING_LISTENS}
client_uri = sip:careless@127.0.0.1
contact_user = 96001
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack with a trunk, as an operator writes it."""
    running = stack_in(tmp_path_factory.mktemp("trunk"))
    running.pjsip["trunk"] = OWN_FILE
    running.start()
    yield running
    running.stop()


async def test_name_of_the_trunk_in_from_is_not_the_trunk(hotline: Hotline) -> None:
    """The carrier is known by its address only."""
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(CALLER, shown_as=f"<sip:{TRUNK}@carrier.invalid>")
    await hotline.into_queue(caller)
    await hotline.waiting(supervisor, "repair", 1)

    async with asked(hotline.stack) as ari:
        (channel,) = await ari.channels()
    assert channel.name.startswith(f"PJSIP/{CALLER}-")
    assert TRUNK in hotline.stack.asterisk.command("pjsip show endpoints")

    await caller.hang_up()
    await hotline.waiting(supervisor, "repair", 0)


async def test_check_names_what_is_missing(hotline: Hotline, tmp_path: Path) -> None:
    """Settings, addresses, contact, registration, in words."""
    file = tmp_path / "pjsip.d" / "trunk.conf"
    file.parent.mkdir()
    file.write_text(OWN_FILE)
    trunks = written_trunks(tmp_path)
    assert [(one.name, one.registrations) for one in trunks] == [(TRUNK, ("careless",)), ("careless", ("careless",))]
    at = hotline.stack.at
    access = AsteriskAccess(at.address, at.ami_port, at.user, at.password, "PJSIP/{number}@other")
    careless, unknown = await reports_of(access, [trunks[1], WrittenTrunk("nowhere", file, ())])
    wrong = [finding.text.split(":")[0] for finding in careless.findings if not finding.ok]
    assert wrong == [
        "identify_by=ip is missing",
        "allow_transfer=no is missing",
        "direct_media=no is missing",
        "context=hotline is missing",
        "rtp_timeout is missing",
        "rtp_timeout_hold is missing",
        "no address is the carrier's",
        "qualify_frequency is missing",
        "sip",
        "not registered as sip",
    ]
    assert not careless.ok
    assert [finding.text for finding in unknown.findings] == [
        "Asterisk does not know the endpoint. Asterisk reads the file at its start: restart it while no call runs"
    ]
