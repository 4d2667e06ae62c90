"""Reservations, wrap-ups and back-offs end by themselves (F3, F15, F17, F21)."""

from redis.asyncio import Redis

from ari_app.queues.model import AgentState, DeclineReason, LeaveReason
from ari_app.queues.service import QueueService
from ari_app.queues.settings import QueueSettings, WrapUpMode
from tests.unit.queues.conftest import Clock, Floor


async def test_f3_reservation_that_runs_out_returns_the_caller_to_the_head(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    await floor.service.enter("call-2", "repair")
    floor.offers.clear()
    floor.clock.pass_s(24.9)
    await floor.service.sweep()
    assert (await floor.service.agent("anna")).state is AgentState.RESERVED
    await floor.agent_ready("bert", "consult")
    floor.clock.pass_s(0.1)
    assert await floor.service.sweep() == 1
    place = await floor.service.position("call-1")
    assert place is not None
    assert (place.position, place.waited_ms) == (1, 25_000)
    floor.offers.clear()
    await floor.service.sign_in("bert", ["repair"])
    assert floor.taken() == [("call-1", "bert")]


async def test_ringing_renews_the_lease(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    (offer,) = floor.offers
    floor.clock.pass_s(20)
    assert await floor.service.ringing(offer.reservation_id)
    floor.clock.pass_s(20)
    await floor.service.sweep()
    assert await floor.service.connected(offer.reservation_id)


async def test_a_talking_agent_has_no_lease(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    await floor.service.connected(floor.offers[0].reservation_id)
    floor.clock.pass_s(86_400)
    assert await floor.service.sweep() == 0
    assert (await floor.service.agent("anna")).state is AgentState.TALKING


async def test_leases_count_as_misses(floor: Floor) -> None:
    await floor.agent_ready("anna")
    for number in (1, 2):
        await floor.service.enter(f"call-{number}", "repair")
    for _ in range(2):
        floor.clock.pass_s(25)
        await floor.service.sweep()
    anna = await floor.service.agent("anna")
    assert (anna.state, anna.reason) == (AgentState.NOT_READY, "no_answer")


async def test_an_answered_call_forgives_earlier_misses(floor: Floor) -> None:
    await floor.agent_ready("anna")
    for number in (1, 2, 3):
        await floor.service.enter(f"call-{number}", "repair")
    await floor.service.declined(floor.offers[0].reservation_id, DeclineReason.NO_ANSWER)
    await floor.service.connected(floor.offers[1].reservation_id)
    await floor.service.finished("anna", "call-2")
    await floor.service.wrap_up_done("anna")
    await floor.service.declined(floor.offers[2].reservation_id, DeclineReason.NO_ANSWER)
    assert (await floor.service.agent("anna")).state is AgentState.READY


async def test_first_of_two_agents_who_declined_is_rung_again_after_the_own_back_off(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.agent_ready("bert")
    await floor.service.enter("call-1", "repair")
    await floor.service.declined(floor.offers[0].reservation_id, DeclineReason.REFUSED)
    floor.clock.pass_s(10)
    await floor.service.declined(floor.offers[1].reservation_id, DeclineReason.REFUSED)
    assert [offer.agent_id for offer in floor.offers] == ["anna", "bert"]
    floor.clock.pass_s(10)
    await floor.service.sweep()
    assert [offer.agent_id for offer in floor.offers] == ["anna", "bert", "anna"]


async def test_agent_who_declined_last_comes_last_even_after_the_back_off(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.agent_ready("bert")
    await floor.service.enter("call-1", "repair")
    await floor.service.declined(floor.offers[0].reservation_id, DeclineReason.REFUSED)
    await floor.service.not_ready("anna", "break")
    await floor.service.declined(floor.offers[1].reservation_id, DeclineReason.REFUSED)
    floor.clock.pass_s(60)
    floor.offers.clear()
    # bert declined last and is idle longer; anna is ready again in the step that would offer the call to bert.
    await floor.service.ready("anna")
    assert floor.taken() == [("call-1", "anna")]


async def test_a_wrap_up_ends_at_its_deadline_and_the_next_caller_comes_in_that_step(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    await floor.service.connected(floor.offers.pop().reservation_id)
    await floor.service.enter("call-2", "repair")
    await floor.service.finished("anna", "call-1")
    assert floor.taken() == []
    floor.clock.pass_s(45)
    await floor.service.sweep()
    assert floor.taken() == [("call-2", "anna")]


async def test_wrap_up_may_last_until_done_or_be_none_at_all(redis: Redis) -> None:
    queues = {
        "slow": QueueSettings(name="slow", title_zh="慢", title_en="Slow", wrap_up=WrapUpMode.UNTIL_DONE),
        "quick": QueueSettings(name="quick", title_zh="快", title_en="Quick", wrap_up_s=0),
    }
    clock = Clock()
    floor = Floor(QueueService(redis, queues, "node-1", deadline_s=10, now_ms=clock), clock)
    await floor.agent_ready("anna", "slow", "quick")
    await floor.service.enter("call-1", "slow")
    await floor.service.connected(floor.offers.pop().reservation_id)
    await floor.service.finished("anna", "call-1")
    clock.pass_s(899)
    await floor.service.sweep()
    assert (await floor.service.agent("anna")).state is AgentState.WRAP_UP
    clock.pass_s(2)
    await floor.service.sweep()
    assert (await floor.service.agent("anna")).state is AgentState.READY, "at the latest after the cap"
    await floor.service.enter("call-2", "quick")
    await floor.service.connected(floor.offers.pop().reservation_id)
    await floor.service.finished("anna", "call-2")
    assert (await floor.service.agent("anna")).state is AgentState.READY


async def test_f21_a_reservation_of_lost_writes_is_never_equal_to_a_new_one(floor: Floor, redis: Redis) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    old = floor.offers.pop()
    await redis.flushall()
    floor.clock.pass_s(0.001)
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    new = floor.offers.pop()
    assert (old.call_id, old.agent_id) == (new.call_id, new.agent_id)
    assert not await floor.service.connected(old.reservation_id)
    assert await floor.service.connected(new.reservation_id)


async def test_f17_an_answer_after_the_caller_hung_up_is_refused(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    (offer,) = floor.offers
    await floor.service.leave("call-1", LeaveReason.CALLER_HUNG_UP)
    assert not await floor.service.connected(offer.reservation_id)


async def test_a_call_given_up_by_a_silent_caller_is_forgotten(floor: Floor, redis: Redis) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    await floor.service.declined(floor.offers.pop().reservation_id, DeclineReason.CALLER_GONE)
    floor.clock.pass_s(10)
    await floor.service.sweep()
    assert await floor.service.leave("call-1", LeaveReason.CALLER_HUNG_UP) is None
    assert (await floor.service.snapshot()).queues[2].waiting == 0
    await floor.service.sign_out("anna")
    # The facts wait for the database.
    assert sorted(await redis.keys("*")) == [b"hotline:acd:facts", b"hotline:acd:stamp"], "nothing else is left behind"
