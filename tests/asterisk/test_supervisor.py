"""The supervisor process starts the next service at once.

Callers notice nothing when one dies or gives way.
"""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from signal import SIGHUP, SIGKILL

import pytest
from aiohttp import ClientSession

from dev.paths import PROJECT
from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, WAIT_S, Hotline, people, stack_in

CALLER = "13800000002"


@pytest.fixture(scope="module")
def callflows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the prompt texts as an operator may change them."""
    return shutil.copytree(PROJECT / "callflows", tmp_path_factory.mktemp("operator") / "callflows")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, callflows: Path) -> Iterator[Stack]:
    running = stack_in(tmp_path_factory.mktemp("supervised"), supervised=True, CALLFLOWS=str(callflows))
    running.start()
    yield running
    running.stop()


@pytest.fixture
async def hotline(stack: Stack) -> AsyncIterator[Hotline]:
    async for opened in people(stack):
        yield opened


async def next_service(stack: Stack, before: int) -> int:
    """The process id of the service after this one, once it serves."""
    async with asyncio.timeout(WAIT_S):
        while (after := stack.service_id()) in {None, before} or not await asyncio.to_thread(stack.ready):
            await asyncio.sleep(0.02)
    assert after is not None
    return after


async def alarms(stack: Stack) -> dict[str, str]:
    """Alarms of the service, as `/readyz` shows them on this machine."""
    async with ClientSession() as session, session.get(f"{stack.url}/readyz") as response:
        shown: dict[str, str] = (await response.json())["alarms"]
        return shown


@pytest.mark.parametrize("end", ["killed", "upgraded"])
async def test_waiting_caller_stays_in_place_while_one_service_follows_another(hotline: Hotline, end: str) -> None:
    stack = hotline.stack
    parent, before = stack.service, stack.service_id()
    assert parent is not None
    assert before is not None
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    await hotline.waiting(supervisor, "repair", 1)

    if end == "killed":
        os.kill(before, SIGKILL)
    else:
        parent.signal(SIGHUP)
    await next_service(stack, before)

    assert parent.running
    await hotline.waiting(supervisor, "repair", 1)
    await caller.hears(seconds=1.0)
    await caller.hang_up()
    await hotline.waiting(supervisor, "repair", 0)


async def test_flows_with_errors_do_not_replace_the_running_ones(hotline: Hotline, callflows: Path) -> None:
    stack = hotline.stack
    parent, before = stack.service, stack.service_id()
    assert parent is not None
    assert before is not None
    whole = (callflows / "hotline.yaml").read_text()
    log = stack.folder / "hotline.log"
    (callflows / "hotline.yaml").write_text(f"{whole}  lost: {{ goto: nowhere }}\n")
    parent.signal(SIGHUP)
    async with asyncio.timeout(WAIT_S):
        while "upgrade_refused" not in log.read_text():
            await asyncio.sleep(0.05)
    (refusal,) = (line for line in log.read_text().splitlines() if "upgrade_refused" in line)
    assert "hotline.yaml:" in refusal
    assert (stack.service_id(), parent.running) == (before, True)
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    await caller.hang_up()

    # A service that dies now is followed by one with the last good flows, which says so.
    os.kill(before, SIGKILL)
    after = await next_service(stack, before)
    assert "hotline.yaml" in (await alarms(stack))["configuration"]
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    await caller.hang_up()

    (callflows / "hotline.yaml").write_text(whole)
    parent.signal(SIGHUP)
    await next_service(stack, after)
    assert "configuration" not in await alarms(stack)
    assert parent.running


DIES_AT_ONCE = """
import os, signal
from ari_app.runtime.supervisor import ProcessSupervisor
raise SystemExit(ProcessSupervisor(lambda: os.kill(os.getpid(), signal.SIGKILL)).run())
"""
ENDS_BY_ITSELF = """
import sys
from ari_app.runtime.supervisor import ProcessSupervisor
raise SystemExit(ProcessSupervisor(lambda: sys.exit(2)).run())
"""


@pytest.mark.parametrize(("program", "status"), [(DIES_AT_ONCE, 128 + SIGKILL), (ENDS_BY_ITSELF, 2)])
async def test_service_with_a_permanent_error_is_not_started_again(program: str, status: int) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    async with asyncio.timeout(WAIT_S):
        assert await process.wait() == status


DIES_RIGHT_AFTER_TWO_STARTS = """
import os, signal, sys
from ari_app.runtime.supervisor import ProcessSupervisor

def run():
    print("started", flush=True)
    if lives.pop():
        os.kill(os.getpid(), signal.SIGKILL)
    sys.exit(0)

class Lives:
    def __init__(self):
        self.read, self.write = os.pipe()
        os.write(self.write, b"110")
    def pop(self):
        return os.read(self.read, 1) == b"1"

lives = Lives()
raise SystemExit(ProcessSupervisor(run).run())
"""


async def test_service_killed_right_after_its_start_is_followed_by_another() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DIES_RIGHT_AFTER_TWO_STARTS, cwd=PROJECT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(WAIT_S):
        output = await process.stdout.read()
        assert await process.wait() == 0
    assert output.count(b"started") == 3


ANNOUNCES_ITSELF = """
import os, signal, time
from ari_app.runtime.supervisor import ProcessSupervisor

def run():
    signal.signal(signal.SIGTERM, lambda *_: (print("ended", flush=True), os._exit(0)))
    print(os.getpid(), flush=True)
    while True:
        time.sleep(60)

raise SystemExit(ProcessSupervisor(run).run())
"""


@pytest.mark.parametrize("killed", [False, True], ids=["ended", "killed"])
async def test_supervisor_takes_its_service_along_in_order(killed: bool) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ANNOUNCES_ITSELF, cwd=PROJECT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(WAIT_S):
        assert int(await process.stdout.readline())
        if killed:
            process.kill()
        else:
            process.terminate()
        assert await process.stdout.readline() == b"ended\n"
        assert await process.stdout.read() == b"", "both are gone"
        assert await process.wait() == (-SIGKILL if killed else 0)
