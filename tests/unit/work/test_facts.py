"""Facts of queues are stored once, under Asterisk's names."""

from datetime import timedelta
from typing import Any, cast

from redis.asyncio import Redis
from sqlmodel import col, select

from ari_app.queues.model import DeclineReason, LeaveReason
from ari_app.work.facts import STREAM, FactKeeper
from crm.history.facts import AgentTime, QueueEvent, end_of_call
from crm.history.model import CallRecordView
from foundation.clock import from_milliseconds, utc_now
from foundation.database import Database
from tests.unit.queues.conftest import Floor


async def a_day(floor: Floor) -> None:
    """Let one caller be missed, then answered, and another one give up."""
    await floor.agent_ready("anna", "repair")
    await floor.service.enter("call-1", "repair")
    first = floor.offers.pop()
    await floor.service.ringing(first.reservation_id)
    floor.clock.pass_s(15)
    await floor.service.declined(first.reservation_id, DeclineReason.NO_ANSWER)
    await floor.service.not_ready("anna", "lunch")
    await floor.service.enter("call-2", "repair")
    floor.clock.pass_s(5)
    await floor.service.leave("call-2", LeaveReason.CALLER_HUNG_UP)
    await floor.service.leave("call-2", LeaveReason.CALLER_HUNG_UP)
    floor.clock.pass_s(5)
    await floor.service.ready("anna")
    floor.clock.pass_s(60)
    await floor.service.sweep()
    second = floor.offers.pop()
    await floor.service.connected(second.reservation_id)
    floor.clock.pass_s(30)
    await floor.service.finished("anna", "call-1")
    floor.clock.pass_s(7)
    await floor.service.sign_out("anna")


async def test_events_and_times_are_stored_once(database: Database, redis: Redis, floor: Floor) -> None:
    began = floor.clock.ms
    await a_day(floor)
    kept = await redis.xlen(STREAM)
    keeper = FactKeeper(redis, database, is_planned=lambda reason: reason == "lunch")
    assert await keeper.store_some() == kept
    async with database.read() as session:
        events = (await session.exec(select(QueueEvent).order_by(col(QueueEvent.at), col(QueueEvent.id)))).all()
        times = (await session.exec(select(AgentTime).order_by(col(AgentTime.since)))).all()
    named = [one.event.value for one in events]
    once = ("RINGNOANSWER", "ABANDON", "CONNECT", "ADDMEMBER", "REMOVEMEMBER")
    assert [named.count(name) for name in once] == [1] * len(once)
    assert [named.count(name) for name in ("ENTERQUEUE", "PAUSE", "UNPAUSE")] == [2, 2, 2]
    by_name = {one.event.value: one for one in events}
    assert (by_name["RINGNOANSWER"].ring_ms, by_name["RINGNOANSWER"].reason) == (15_000, "no_answer")
    assert (by_name["ABANDON"].call_id, by_name["ABANDON"].position, by_name["ABANDON"].wait_ms) == ("call-2", 2, 5000)
    assert (by_name["CONNECT"].call_id, by_name["CONNECT"].agent_id) == ("call-1", "anna")
    # Without a gap, from the sign-in to the sign-out.
    assert times[0].since == from_milliseconds(began)
    assert [one.until for one in times[:-1]] == [one.since for one in times[1:]]
    assert times[-1].until == from_milliseconds(floor.clock.ms)
    spent = {(one.state, one.reason): one.until - one.since for one in times}
    assert spent["talking", None] == timedelta(seconds=30)
    assert spent["wrap_up", None] == timedelta(seconds=7)
    assert spent["not_ready", "lunch"] == timedelta(seconds=10)
    assert {(one.state, one.reason, one.planned) for one in times if one.state in {"not_ready", "talking"}} == {
        ("not_ready", "lunch", True),
        ("talking", None, None),
    }


async def test_facts_wait_while_the_database_is_away_and_repeat_harmlessly(
    database: Database, redis: Redis, floor: Floor
) -> None:
    await floor.service.enter("call-1", "repair")
    (entry,) = cast("list[Any]", await redis.xrange(STREAM))
    keeper = FactKeeper(redis, database)
    assert await keeper.store_some() == 1
    assert await keeper.store_some() == 0
    await redis.delete(STREAM)
    await redis.xadd(STREAM, entry[1], id=entry[0])
    assert await keeper.store_some() == 1
    async with database.read() as session:
        assert len((await session.exec(select(QueueEvent))).all()) == 1


def test_a_conversation_ends_by_its_record() -> None:
    now = utc_now()
    facts = dict.fromkeys(CallRecordView.model_fields) | {"keys": [], "story": [], "access_number": "96001"}
    facts |= {"id": "call-1", "direction": "inbound", "outcome": "answered", "started_at": now, "queue": "repair"}
    facts |= {"queued_at": now, "connected_at": now, "ended_at": now, "wait_ms": 3000, "talk_ms": 9000}

    def named(**given: object) -> list[str]:
        return [one["event"].value for one in end_of_call(CallRecordView.model_validate(facts | given))]

    def step(name: str) -> dict[str, object]:
        return {"at": now, "step": name, "agent_id": "anna", "target": "bert"}

    assert named(hangup_by="agent") == ["COMPLETEAGENT"]
    assert named(hangup_by="caller") == ["COMPLETECALLER"]
    assert named(hangup_by="caller", connected_at=None) == []
    assert named(hangup_by="caller", story=[step("transferred")]) == ["BLINDTRANSFER"]
    assert named(hangup_by="caller", story=[step("consulted"), step("transferred")]) == ["ATTENDEDTRANSFER"]
