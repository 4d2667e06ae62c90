"""Queues that overflow, on the whole hotline."""

from collections.abc import Iterator

import pytest

from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, Hotline, stack_in
from tests.asterisk.test_call_control import AGENT_HZ, CALLER_HZ
from tests.asterisk.test_transfers import OUTSIDE, THIRD_HZ, answered, talk_alone
from tests.words import words

RULES = {
    "consult": "{ waited_s: 2, to: { number: '+8613800000003' } }",
    "complaint": "{ unstaffed_s: 1, to: { queue: repair } }",
    "repair": "{ waited_s: 1, to: call_back }",
}
CALLER = "13800000002"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("overflow")
    running = stack_in(folder)
    queues = folder / "callflows" / "queues.yaml"
    text = queues.read_text(encoding="utf-8").replace("    - { waited_s: 120, to: call_back }\n", "")
    for name, rule in RULES.items():
        text = text.replace(f"name: {name}\n", f"name: {name}\n  overflow: [{rule}]\n").replace("  overflow:\n", "")
    queues.write_text(text, encoding="utf-8")
    running.start()
    yield running
    running.stop()


async def test_number_answers_for_a_queue_and_the_caller_is_found_in_the_records(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    duty, caller = await hotline.phone(OUTSIDE), await hotline.phone(CALLER)
    await hotline.into_queue(caller, "1")
    await answered(duty)
    await hotline.waiting(supervisor, "consult", 0)
    await talk_alone(caller, CALLER_HZ, duty, THIRD_HZ)
    (call,) = await supervisor.get("/api/v1/live-calls")
    assert call["third_number"].endswith(OUTSIDE)
    await caller.hang_up()
    await duty.ended()

    record = await hotline.call_record(supervisor, call["call_id"])
    assert (record["outcome"], record["agent_id"]) == ("answered", None)
    assert [one["step"] for one in record["story"]] == ["overflowed", "answered"]
    (recording,) = await hotline.sealed(supervisor, call["call_id"])
    assert recording["duration_ms"] > 0


async def test_caller_of_a_queue_without_agents_is_answered_from_another(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller, "2")
    await hotline.waiting(supervisor, "repair", 1)
    await caller.hears_words(await words("call_back_offer"))

    desk, agent = await hotline.ready_agent(idle=False)
    await answered(agent)
    await talk_alone(caller, CALLER_HZ, agent, AGENT_HZ)
    call = await desk.message("call", state="talking")
    await caller.hang_up()
    record = await hotline.call_record(supervisor, call["call_id"])
    assert (record["queue"], record["outcome"]) == ("repair", "answered")
    assert [(one["step"], one["target"]) for one in record["story"]] == [("overflowed", "repair"), ("overflowed", None)]
