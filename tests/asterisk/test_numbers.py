"""Numbers and their flows, unknown numbers, closed hours."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from signal import SIGHUP
from zoneinfo import ZoneInfo

import pytest

from dev.stack import Stack
from foundation.clock import utc_now
from tests.asterisk.hotline import SUPERVISOR, WAIT_S, Hotline, stack_in
from tests.callflows import edit
from tests.words import words

NO_CUSTOMER = "13800000006"
OTHER, UNKNOWN = "96002", "96003"
"""Numbers of another flow, and of none until it is added."""
AHEAD = timedelta(hours=6)
RELOAD_S = 180.0
"""A reload imports the whole code, which takes long on a busy machine."""
STATUS = """\
flow: status
start: by_number
fallback: closed
steps:
  # Digits are compared as text.
  by_number: { when: { call.access_number == 96002: closed }, next: replied }
  closed: { hangup: self_served, say: progress_closed }
  replied: { hangup: self_served, say: progress_replied }
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A supervised hotline with two numbers and two flows."""
    running = stack_in(tmp_path_factory.mktemp("numbers"), supervised=True)
    (folder_of(running) / "status.yaml").write_text(STATUS, encoding="utf-8")
    add_number(running, OTHER)
    running.start()
    yield running
    running.stop()


def folder_of(stack: Stack) -> Path:
    return Path(stack.settings["CALLFLOWS"])


def add_number(stack: Stack, number: str) -> None:
    """Make a number start the flow `status`."""
    entry = f'- {{ number: "{number}", flow: status }}'
    edit(folder_of(stack) / "numbers.yaml", '- number: "96001"', f'{entry}\n- number: "96001"')


def close(stack: Stack) -> str:
    """Close the service for some hours; return when it opens."""
    local = utc_now().astimezone(ZoneInfo("Asia/Shanghai")) + AHEAD
    span = f'[{{ opens: "{local:%H}:00", closes: "{local:%H}:59" }}]'
    edit(folder_of(stack) / "organisation.yaml", "{ round_the_clock: true }", f"{{ workday: {span}, day_off: {span} }}")
    return f"{local:%Y-%m-%dT%H}:00"


def refused(stack: Stack) -> list[str]:
    """Return the unknown numbers that the log names."""
    entries = [json.loads(line) for line in (stack.folder / "hotline.log").read_text().splitlines() if line[:1] == "{"]
    return [entry["access_number"] for entry in entries if entry["event"] == "number_unknown"]


async def test_each_number_starts_its_flow_and_an_unknown_one_is_refused_in_words(hotline: Hotline) -> None:
    caller = await hotline.phone(NO_CUSTOMER)
    for number, prompt in ((hotline.number, "main_menu"), (OTHER, "progress_closed"), (UNKNOWN, "unknown_number")):
        await caller.call(number)
        await caller.answered()
        await caller.hears_words(await words(prompt))
        if number == hotline.number:
            await caller.hang_up()
        else:
            await caller.ended()

    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    async with asyncio.timeout(WAIT_S):
        while len(calls := await supervisor.get("/api/v1/calls", limit=10)) < 3:
            await asyncio.sleep(0.05)
    records = [await hotline.call_record(supervisor, call["id"]) for call in calls]
    assert {record["access_number"]: record["outcome"] for record in records} == {
        hotline.number: "left_flow",
        OTHER: "self_served",
        UNKNOWN: "failed",
    }
    assert refused(hotline.stack) == [UNKNOWN]

    # A number is added while the hotline runs: Asterisk needs no change.
    service, before = hotline.stack.service, hotline.stack.service_id()
    assert service is not None
    add_number(hotline.stack, UNKNOWN)
    opens = close(hotline.stack)
    service.signal(SIGHUP)
    async with asyncio.timeout(RELOAD_S):
        while hotline.stack.service_id() in {before, None} or not await asyncio.to_thread(hotline.stack.ready):
            await asyncio.sleep(0.05)
    await caller.call(UNKNOWN)
    await caller.answered()
    await caller.hears_words(await words("progress_replied"))
    await caller.ended()

    await caller.call(hotline.number)
    await caller.answered()
    await caller.hears_words(await words("closed", hours={"opens": opens}))
    await caller.hears_words(await words("leave_message"))
    await caller.hang_up()
