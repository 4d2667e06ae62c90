"""Virtual days on the real Redis: Erlang's formulas hold."""

import heapq
from collections.abc import Mapping, Sequence
from random import Random

import pytest
from redis.asyncio import Redis

from ari_app.queues.errors import SimulationBusy
from ari_app.queues.rules import NeedStep, RoutingRule
from ari_app.queues.settings import QueueSettings, WrapUpMode
from ari_app.queues.simulation.figures import figures_by_queue
from ari_app.queues.simulation.model import AgentEvent, DayCall, Fared, SimulatedQueue
from ari_app.queues.simulation.replay import LOCK, Replay
from ari_app.queues.simulation.service import calls_under
from crm.reports.staffing.erlang import Flow, expected

START_MS = 1_800_000_000_000
HOUR_MS = 3_600_000


def queue(name: str = "repair", **changes: object) -> QueueSettings:
    return QueueSettings.model_validate(
        {"name": name, "title_zh": "报修", "title_en": "Repair", "wrap_up": WrapUpMode.TIMED, "wrap_up_s": 0} | changes
    )


def signed_in(agents: int, hours: float, skills: Mapping[str, int] | None = None) -> list[AgentEvent]:
    events = []
    for number in range(agents):
        name = f"agent-{number}"
        events += [
            AgentEvent(at=START_MS, kind="sign_in", agent=name, queues=["repair"], skills=skills or {}),
            AgentEvent(at=START_MS, kind="ready", agent=name),
            AgentEvent(at=START_MS + round(hours * HOUR_MS), kind="sign_out", agent=name),
        ]
    return events


def poisson(calls: int, hours: float, talk_s: float, patience_s: float | None) -> list[DayCall]:
    random = Random(17)
    at, found = float(START_MS), []
    for number in range(calls):
        at += random.expovariate(calls / (hours * HOUR_MS))
        patience = 10 * HOUR_MS if patience_s is None else round(random.expovariate(1 / patience_s) * 1000) + 1
        talk = round(random.expovariate(1 / talk_s) * 1000)
        found.append(
            DayCall(id=f"call-{number}", at=round(at), queue="repair", patience=patience, talk=talk, ring=0, wrap=0)
        )
    return found


async def fared(
    redis: Redis, rules: Sequence[QueueSettings], calls: Sequence[DayCall], agents: Sequence[AgentEvent]
) -> Fared:
    return await Replay(redis, {one.name: one for one in rules}).run(calls, agents)


def of(found: Fared, agents: Sequence[AgentEvent], name: str = "repair") -> SimulatedQueue:
    queues_of = {one.agent: one.queues for one in agents if one.kind == "sign_in"}
    return next(one for one in figures_by_queue(found, [name], queues_of) if one.queue == name)


CALLS, RATE, TALK_S, AGENTS = 6000, 100 / 1800, 180, 14


@pytest.mark.parametrize("patience_s", [None, 120.0])
async def test_a_steady_flow_fares_as_erlang_says(redis: Redis, patience_s: float | None) -> None:
    hours = CALLS / RATE / 3600
    calls = poisson(CALLS, hours, TALK_S, patience_s)
    at_desks = signed_in(AGENTS, hours + 2)

    found = await fared(redis, [queue()], calls, at_desks)

    figures = of(found, at_desks)
    should_be = expected(Flow(RATE, TALK_S, patience_s), AGENTS, 20)
    assert figures.offered == CALLS
    assert figures.level_of_offered == pytest.approx(100 * should_be.level, abs=2)
    assert figures.abandoned / CALLS == pytest.approx(should_be.abandoned, abs=0.005)
    # Two hours more than calls come.
    assert figures.occupancy == pytest.approx(100 * should_be.occupancy * hours / (hours + 2), abs=1.5)
    if patience_s is None:
        assert sorted(end.wait_ms for end in found.ends) == sorted(first_come(calls, AGENTS))


def first_come(calls: Sequence[DayCall], agents: int) -> list[int]:
    """Return the waits of a plain line before so many agents."""
    free_at, waits = [START_MS] * agents, []
    for call in calls:
        begins = max(call.at, heapq.heappop(free_at))
        waits.append(begins - call.at)
        heapq.heappush(free_at, begins + call.talk)
    return waits


async def test_nothing_is_left_in_redis(redis: Redis) -> None:
    before = set(await redis.keys("hotline:*"))
    libraries = len(await redis.function_list())

    await fared(redis, [queue()], poisson(50, 1, 60, 60), signed_in(2, 2))

    assert set(await redis.keys("hotline:*")) == before
    assert len(await redis.function_list()) == libraries


async def test_changed_rules_count(redis: Redis) -> None:
    """Callers who ask for Cantonese wait for an agent with it."""
    calls = [
        DayCall(id=f"c-{n}", at=START_MS + n * 60_000, queue="repair", patience=600_000, talk=30_000, ring=2000, wrap=0,
                asks=["cantonese"] if n % 2 else [])
        for n in range(20)
    ]  # fmt: skip
    agents = [*signed_in(1, 2), *[one for one in signed_in(2, 2, skills={"cantonese": 3}) if one.agent == "agent-1"]]
    rule = RoutingRule(asks=("cantonese",), steps=(NeedStep(skills={"cantonese": 3}, for_s=300),))

    anyone = await fared(redis, [queue()], calls, agents)
    skilled = await fared(redis, [queue(rules=(rule,))], calls, agents)

    assert {end.agent_id for end in anyone.ends} == {"agent-0", "agent-1"}
    assert [end.agent_id for end in skilled.ends][1::2] == ["agent-1"] * 10


async def test_wrap_ups_misses_and_limits_are_those_of_the_rules(redis: Redis) -> None:
    calls = [
        DayCall(id="a", at=START_MS + 1000, queue="repair", patience=600_000, talk=10_000, ring=2000, wrap=60_000),
        DayCall(id="b", at=START_MS + 2000, queue="repair", patience=600_000, talk=10_000, ring=2000, wrap=60_000),
        DayCall(id="c", at=START_MS + 3000, queue="repair", patience=600_000, talk=1000, ring=0, wrap=0, misses=1),
    ]
    agents = signed_in(1, 2)
    slow = queue(wrap_up_s=30, ring_s=10, retry_same_agent_s=5)

    ends = {end.outcome: end for end in (await fared(redis, [slow], calls[:2], agents)).ends}
    missed = await fared(redis, [slow], [calls[2]], agents)
    limited = await fared(redis, [slow], calls_under(calls[:2], {"repair": queue(longest_wait_s=20)}), agents)

    # Rung 2 s, talked 10 s and wrapped up 30 s with the first; then 2 s of ringing: b came a second after a.
    assert ends["answered"].wait_ms == 2000 + 10_000 + 30_000 + 2000 - 1000
    # Rung 10 s in vain, and again after the back-off.
    assert [(end.outcome, end.wait_ms) for end in missed.ends] == [("answered", 15_000)]
    assert [(end.outcome, end.wait_ms) for end in limited.ends] == [("answered", 2000), ("timed_out", 20_000)]


async def test_callers_overflow_to_another_queue_after_their_wait(redis: Redis) -> None:
    there = queue("consult")
    here = queue(overflow=[{"waited_s": 30, "to": {"queue": "consult"}}])
    agents = [
        AgentEvent(at=START_MS, kind="sign_in", agent="anna", queues=["consult"]),
        AgentEvent(at=START_MS, kind="ready", agent="anna"),
        AgentEvent(at=START_MS + HOUR_MS, kind="sign_out", agent="anna"),
    ]
    call = DayCall(id="a", at=START_MS, queue="repair", patience=600_000, talk=1000, ring=2000, wrap=0)

    found = await fared(redis, [here, there], calls_under([call], {"repair": here, "consult": there}), agents)

    # The joining time goes along.
    assert [(end.queue, end.outcome, end.wait_ms) for end in found.ends] == [("consult", "answered", 32_000)]


async def test_agents_come_pause_and_go(redis: Redis) -> None:
    at = START_MS
    agents = [
        AgentEvent(at=at, kind="sign_in", agent="anna", queues=["repair"]),
        AgentEvent(at=at, kind="ready", agent="anna"),
        AgentEvent(at=at + 60_000, kind="not_ready", agent="anna", reason="meal"),
        AgentEvent(at=at + 600_000, kind="ready", agent="anna"),
        AgentEvent(at=at + 900_000, kind="sign_out", agent="anna"),
    ]
    calls = [
        DayCall(id=f"c-{n}", at=at + ms, queue="repair", patience=700_000, talk=30_000, ring=0, wrap=0)
        for n, ms in enumerate((30_000, 90_000, 880_000, 950_000))
    ]

    found = await fared(redis, [queue()], calls, agents)

    assert [(end.outcome, end.wait_ms) for end in found.ends] == [
        ("answered", 0),
        ("answered", 510_000),
        # The sign-out waits for the end of the call.
        ("answered", 0),
        ("abandoned", 700_000),
    ]
    assert found.times["anna"]["not_ready"] == 540_000
    assert found.times["anna"]["talking"] == 90_000


async def test_one_simulation_runs_at_a_time(redis: Redis) -> None:
    await redis.set(LOCK, "other", px=5000)
    try:
        with pytest.raises(SimulationBusy):
            await fared(redis, [queue()], [], [])
    finally:
        await redis.delete(LOCK)
