"""The shipped template of a trunk on the real Asterisk."""

from collections.abc import Iterator

import pytest

from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, Hotline, stack_in
from tests.asterisk.whole import asked

CALLER, TRUNK, CARRIER_ADDRESS = "13800000006", "national-carrier", "127.0.0.9"
OWN_FILE = f"""
[{TRUNK}](trunk)

[{TRUNK}-addresses]
type = identify
endpoint = {TRUNK}
match = {CARRIER_ADDRESS}
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
