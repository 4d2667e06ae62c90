"""Skills that callers need, relaxed while they wait."""

from redis.asyncio import Redis

from ari_app.queues.model import DeclineReason, WaitingCall
from ari_app.queues.rules import NeedStep, RoutingRule
from ari_app.queues.service import QueueService
from ari_app.queues.settings import QueueSettings
from tests.unit.queues.conftest import Clock, Floor

CANTONESE = RoutingRule(
    asks=("cantonese",),
    steps=(NeedStep(skills={"cantonese": 3}, for_s=30), NeedStep(skills={"cantonese": 1}, for_s=20)),
)
BILLS = RoutingRule(asks=("bills", "en"), steps=(NeedStep(skills={"bills": 2, "english": 2}),))


def skilled_floor(redis: Redis, *rules: RoutingRule) -> Floor:
    queue = QueueSettings(name="repair", title_zh="报修", title_en="Repair", rules=rules)
    clock = Clock()
    return Floor(QueueService(redis, {"repair": queue}, "node-1", deadline_s=10, now_ms=clock), clock)


async def ready(floor: Floor, agent_id: str, **skills: int) -> None:
    await floor.service.sign_in(agent_id, ["repair"], skills)
    await floor.service.ready(agent_id)


async def ask(floor: Floor, call_id: str, *asks: str) -> None:
    await floor.service.enter(call_id, "repair", asks=asks)


async def pass_s(floor: Floor, seconds: float) -> None:
    floor.clock.pass_s(seconds)
    await floor.service.sweep()


async def test_caller_gets_the_agent_with_the_level(redis: Redis) -> None:
    floor = skilled_floor(redis, CANTONESE)
    await ready(floor, "anna")
    await ready(floor, "bert", cantonese=2)
    await ready(floor, "cleo", cantonese=3)
    await ask(floor, "call-1", "cantonese")
    await ask(floor, "call-2")
    assert floor.taken() == [("call-1", "cleo"), ("call-2", "anna")]


async def test_need_relaxes_step_by_step_while_the_caller_waits(redis: Redis) -> None:
    floor = skilled_floor(redis, CANTONESE)
    await ready(floor, "anna")
    await ask(floor, "call-1", "cantonese")
    await pass_s(floor, 29.9)
    await ready(floor, "bert", cantonese=1)
    assert floor.taken() == []
    await pass_s(floor, 0.1)
    assert await floor.service.connected(floor.offers[-1].reservation_id)
    assert floor.taken() == [("call-1", "bert")]
    await ask(floor, "call-2", "cantonese")
    await pass_s(floor, 49.9)
    assert floor.taken() == []
    await pass_s(floor, 0.1)
    assert floor.taken() == [("call-2", "anna")]


async def test_last_step_without_an_end_stays(redis: Redis) -> None:
    floor = skilled_floor(redis, BILLS)
    await ready(floor, "anna", bills=10)
    await ask(floor, "call-1", "bills", "en")
    await ask(floor, "call-2", "bills")  # the rule wants both words
    assert floor.taken() == [("call-2", "anna")]
    await pass_s(floor, 3600)
    assert floor.taken() == []
    await ready(floor, "bert", bills=2, english=2)
    assert floor.taken() == [("call-1", "bert")]


async def test_caller_who_needs_a_skill_holds_up_no_other(redis: Redis) -> None:
    floor = skilled_floor(redis, CANTONESE)
    for number in range(30):
        await ask(floor, f"skilled-{number}", "cantonese")
    await ask(floor, "usual-1")
    await ready(floor, "anna")
    assert floor.taken() == [("usual-1", "anna")]
    await ready(floor, "cleo", cantonese=5)
    assert floor.taken() == [("skilled-0", "cleo")]


async def test_oldest_caller_comes_first_whatever_the_callers_need(redis: Redis) -> None:
    floor = skilled_floor(redis, CANTONESE)
    await ask(floor, "old")
    await ask(floor, "skilled", "cantonese")
    await ask(floor, "new")
    for agent in ("cleo", "dora", "elsa"):
        await ready(floor, agent, cantonese=4)
    assert floor.taken() == [("old", "cleo"), ("skilled", "dora"), ("new", "elsa")]


async def test_skills_given_to_a_ready_agent_count_at_once(redis: Redis) -> None:
    floor = skilled_floor(redis, CANTONESE)
    await ready(floor, "anna")
    await ask(floor, "call-1", "cantonese")
    await floor.service.sign_in("anna", ["repair"], {"cantonese": 3})
    assert floor.taken() == [("call-1", "anna")]


async def test_agent_who_declined_is_passed_over_within_the_skill(redis: Redis) -> None:
    floor = skilled_floor(redis, CANTONESE)
    await ready(floor, "anna")
    await ready(floor, "cleo", cantonese=3)
    await ready(floor, "dora", cantonese=3)
    await ask(floor, "call-1", "cantonese")
    await floor.service.declined(floor.offers[-1].reservation_id, DeclineReason.REFUSED)
    assert floor.taken() == [("call-1", "cleo"), ("call-1", "dora")]


async def test_need_and_its_age_survive_lost_data_of_redis(redis: Redis) -> None:
    floor = skilled_floor(redis, CANTONESE)
    await ready(floor, "anna")
    await ready(floor, "bert", cantonese=1)
    joined = floor.clock.ms - 20_000
    await floor.service.restore([WaitingCall("call-1", "repair", 0, joined, "node-1", (), ("cantonese",))])
    assert floor.taken() == []
    await pass_s(floor, 10)
    assert floor.taken() == [("call-1", "bert")]


async def test_many_agents_without_the_skill_hide_none_who_has_it(redis: Redis) -> None:
    floor = skilled_floor(redis, CANTONESE)
    for number in range(45):
        await ready(floor, f"plain-{number:02}")
    await ready(floor, "cleo", cantonese=3)
    await ask(floor, "call-1", "cantonese")
    assert floor.taken() == [("call-1", "cleo")]


async def test_snapshot_counts_all_who_wait(redis: Redis) -> None:
    floor = skilled_floor(redis, CANTONESE)
    await ask(floor, "call-1", "cantonese")
    await ask(floor, "call-2")
    await ready(floor, "anna")
    queue = (await floor.service.snapshot()).queues[0]
    assert (queue.waiting, queue.offered) == (2, 1)
