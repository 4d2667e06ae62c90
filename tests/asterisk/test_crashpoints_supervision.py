"""The service dies while a supervisor acts, or rules change (I1–I4)."""

from collections.abc import Iterator
from contextlib import suppress

import aiohttp
import pytest

from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, Hotline
from tests.asterisk.test_call_control import CALLER_HZ, conversation
from tests.asterisk.test_crashpoints import doomed
from tests.asterisk.test_crashpoints_queues import CALLER, invited, served, waits
from tests.asterisk.test_supervision import SUPERVISOR_HZ, order, supervisor_of
from tests.asterisk.test_transfers import answered, talk_alone
from tests.asterisk.whole import is_free_again, nothing_is_left, stack_with_points

DOCUMENT = "/api/v1/queue-documents"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Stack with a service that can be ordered to die."""
    running = stack_with_points(tmp_path_factory.mktemp("doomed-supervision"))
    running.start()
    yield running
    running.stop()


@pytest.mark.parametrize("point", ["ringing", "answered"])
async def test_pulled_caller_talks_with_the_supervisor(hotline: Hotline, point: str) -> None:
    caller, phone = await hotline.phone(CALLER), await hotline.phone(f"supervisor{SUPERVISOR}")
    await hotline.into_queue(caller)
    desk = await waits(hotline, "repair")
    (waiting,) = await desk.get("/api/v1/live-calls")
    async with doomed(hotline, point):
        with suppress(aiohttp.ClientError):
            await desk.post(f"/api/v1/live-calls/{waiting['call_id']}/pull", None)
        await answered(phone)
    await talk_alone(caller, CALLER_HZ, phone, SUPERVISOR_HZ)
    assert invited(phone) == 1
    await phone.hang_up()
    await caller.ended()
    await nothing_is_left(hotline.stack)


async def test_call_that_is_taken_over_becomes_the_supervisors(hotline: Hotline) -> None:
    async with conversation(hotline) as talk:
        desk, phone = await supervisor_of(talk, "listen")
        async with doomed(hotline, "taking-over"):
            with suppress(aiohttp.ClientError):
                await order(desk, talk, "take-over")
        await talk.agent.ended()
        await talk_alone(talk.caller, CALLER_HZ, phone, SUPERVISOR_HZ)
        await talk.caller.hang_up()
        await phone.ended()
        await nothing_is_left(hotline.stack)
        await is_free_again(talk.desk)


async def test_other_rules_reach_who_waits_though_the_service_died(hotline: Hotline) -> None:
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    supervisor = await waits(hotline, "repair")
    newest, *_ = await supervisor.get(DOCUMENT)
    text = (await supervisor.get(f"{DOCUMENT}/{newest['version']}"))["text"]
    changed = text.replace("name: repair\n", "name: repair\n  strategy: linear\n")
    async with doomed(hotline, "queues-changing"):
        with suppress(aiohttp.ClientError):
            body = {"text": changed, "follows": newest["version"], "note": "in line"}
            await supervisor.post(DOCUMENT, body)
    await waits(hotline, "repair")
    assert (await supervisor.get(DOCUMENT))[0]["version"] == newest["version"] + 1
    await served(hotline, caller)
