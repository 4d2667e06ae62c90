"""The file of queue events reads as Asterisk's `queue_log`."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from redis.asyncio import Redis

from ari_app.queues.model import DeclineReason, LeaveReason
from ari_app.work.facts import STREAM, FactKeeper
from crm.history.model import CallRecordView, CallStep, StoryStep
from crm.history.queue_log import QueueLog
from crm.history.service import HistoryService
from foundation.clock import from_milliseconds
from foundation.database import Database
from tests.unit.queues.conftest import Floor

PARTS = {
    "ENTERQUEUE": ["url", "callerid", "position"],
    "CONNECT": ["holdtime", "bridgedchanneluniqueid", "ringtime"],
    "ABANDON": ["position", "origposition", "waittime"],
    "RINGNOANSWER": ["ringtime"],
    "COMPLETEAGENT": ["holdtime", "calltime", "origposition"],
    "COMPLETECALLER": ["holdtime", "calltime", "origposition"],
    "EXITWITHTIMEOUT": ["position", "origposition", "waittime"],
    "EXITWITHKEY": ["key", "position", "origposition", "waittime"],
    "BLINDTRANSFER": ["extension", "context", "holdtime", "calltime", "origposition"],
    "ATTENDEDTRANSFER": ["method", "data", "holdtime", "calltime", "origposition"],
    "ADDMEMBER": ["paused"],
    "REMOVEMEMBER": [],
    "PAUSE": ["reason"],
    "UNPAUSE": ["reason"],
}
"""Data of each event, as Asterisk's documentation names it."""


def parsed(path: Path) -> list[dict[str, str]]:
    """Read a queue log by the documented format."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        epoch, call, queue, agent, event, *data = line.split("|")
        parts = dict(zip(PARTS[event], data, strict=True))
        found.append({"epoch": epoch, "call": call, "queue": queue, "agent": agent, "event": event, **parts})
    return found


async def a_talk_and_a_miss(floor: Floor) -> None:
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
    await floor.service.ready("anna")
    floor.clock.pass_s(60)
    await floor.service.sweep()
    await floor.service.connected(floor.offers.pop().reservation_id)


def record(floor: Floor) -> CallRecordView:
    ended = from_milliseconds(floor.clock.ms)
    facts = dict.fromkeys(CallRecordView.model_fields) | {"keys": [], "story": [], "access_number": "96001"}
    facts |= {"id": "call-1", "direction": "inbound", "outcome": "answered", "queue": "repair", "agent_id": "anna"}
    facts |= {"started_at": ended - timedelta(seconds=110), "queued_at": ended - timedelta(seconds=110)}
    facts |= {"connected_at": ended - timedelta(seconds=30), "ended_at": ended, "hangup_by": "agent"}
    return CallRecordView.model_validate(facts | {"wait_ms": 80_000, "talk_ms": 30_000})


async def test_a_day_is_read_by_the_documented_format_each_event_once(
    database: Database, redis: Redis, floor: Floor, tmp_path: Path
) -> None:
    path = tmp_path / "queue_log"
    log = QueueLog(path)
    keeper, history = FactKeeper(redis, database, log), HistoryService(database, log)
    await a_talk_and_a_miss(floor)
    entries = cast("list[Any]", await redis.xrange(STREAM))
    assert await keeper.store_some()
    for _ in range(2):
        await history.record_call(record(floor))
    # The same facts again, as after a death before they were removed from Redis.
    await redis.delete(STREAM)
    for stream_id, fields in entries:
        await redis.xadd(STREAM, fields, id=stream_id)
    assert await keeper.store_some() == len(entries)
    lines = parsed(path)
    by_name = {one["event"]: one for one in lines}
    assert Counter(one["event"] for one in lines) == {
        "ENTERQUEUE": 2, "CONNECT": 1, "ABANDON": 1, "RINGNOANSWER": 1, "COMPLETEAGENT": 1, "ADDMEMBER": 1,
        "PAUSE": 2, "UNPAUSE": 2,
    }  # fmt: skip
    assert by_name["RINGNOANSWER"]["ringtime"] == "15000"
    abandoned = by_name["ABANDON"]
    assert (abandoned["call"], abandoned["queue"], abandoned["agent"]) == ("call-2", "repair", "NONE")
    assert (abandoned["position"], abandoned["origposition"], abandoned["waittime"]) == ("2", "2", "5")
    assert (by_name["CONNECT"]["call"], by_name["CONNECT"]["agent"]) == ("call-1", "anna")
    complete = by_name["COMPLETEAGENT"]
    assert (complete["holdtime"], complete["calltime"], complete["origposition"]) == ("80", "30", "1")
    assert complete["epoch"] == str(floor.clock.ms // 1000)
    assert by_name["PAUSE"]["queue"] == "NONE"


async def test_ways_out_and_transfers_are_written_by_the_documented_format(
    database: Database, redis: Redis, floor: Floor, tmp_path: Path
) -> None:
    path = tmp_path / "queue_log"
    log = QueueLog(path)
    history = HistoryService(database, log)
    await floor.agent_ready("anna", "consult")
    for number, (reason, key) in enumerate([(LeaveReason.TIMED_OUT, None), (LeaveReason.CHOSE_OTHERWISE, "2")]):
        await floor.service.enter(f"out-{number}", "repair")
        floor.clock.pass_s(7)
        await floor.service.leave(f"out-{number}", reason, key)
    await floor.service.sign_out("anna")
    assert await FactKeeper(redis, database, log).store_some()
    ended = record(floor)
    story = [CallStep(at=at, step=StoryStep.TRANSFERRED, agent_id="anna", target="bert") for at in [ended.started_at]]
    asked = CallStep(at=ended.started_at, step=StoryStep.CONSULTED, agent_id="anna", target="bert")
    ends: dict[str, dict[str, Any]] = {
        "by-caller": {"hangup_by": "caller"},
        "blind": {"story": story},
        "attended": {"story": [asked, *story]},
    }
    for name, facts in ends.items():
        await history.record_call(ended.model_copy(update={"id": name, **facts}))

    by_name = {one["event"]: one for one in parsed(path)}

    assert {*PARTS} - {*by_name} == {"CONNECT", "ABANDON", "RINGNOANSWER", "COMPLETEAGENT"}
    timeout, by_key = by_name["EXITWITHTIMEOUT"], by_name["EXITWITHKEY"]
    assert (timeout["call"], timeout["position"], timeout["origposition"], timeout["waittime"]) == (
        "out-0",
        "1",
        "1",
        "7",
    )
    assert (by_key["call"], by_key["key"], by_key["waittime"]) == ("out-1", "2", "7")
    assert (by_name["COMPLETECALLER"]["call"], by_name["COMPLETECALLER"]["calltime"]) == ("by-caller", "30")
    blind, attended = by_name["BLINDTRANSFER"], by_name["ATTENDEDTRANSFER"]
    assert (blind["call"], blind["agent"], blind["extension"], blind["holdtime"]) == ("blind", "anna", "bert", "80")
    assert (attended["call"], attended["data"], attended["calltime"]) == ("attended", "bert", "30")
    assert by_name["REMOVEMEMBER"]["agent"] == "anna"


async def test_a_moved_file_is_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    log = QueueLog(path)
    await log.write(["1|a|b|c|PAUSE|"])
    path.rename(tmp_path / "queue_log.1")
    await log.write(["2|a|b|c|UNPAUSE|"])
    assert path.read_text(encoding="utf-8") == "2|a|b|c|UNPAUSE|\n"


async def test_a_file_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    await QueueLog(tmp_path).write(["1|a|b|c|PAUSE|"])
