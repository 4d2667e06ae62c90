"""The generator's calls against records, recordings and agents (I1–I5)."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.chaos.load import ChaosLoad, Promise, Snapshot
from tests.desk_client import Desk

SETTLE_S = 30.0
SEALED = frozenset({"sealed", "partial"})
BOUND = frozenset({"reserved", "ringing", "talking"})


@dataclass
class Verdict:
    """Result for the promises."""

    dropped: int
    """Cut off: ended, and no agent had hung up."""
    stuck: int
    """Neither served nor ended in time."""
    served_twice: int
    longest_gap_s: float
    records_missing: int
    records_double: int
    recordings_without_file: int
    agents_bound: int
    """Agents who are in a call after all calls are over."""
    lost_listed: int
    """Calls on the list of those to be called back."""
    details: list[str]
    """What there is of each call that something is wrong with."""


async def judge(load: ChaosLoad, snapshot: Snapshot, desk: Desk, since: datetime, *, survive: bool) -> Verdict:
    """Compare calls with records.

    Records are stored a moment after a call, so missing ones are looked for again.
    """
    over = [promise for promise in snapshot.promises if promise.call.over.is_set()]
    dropped = [promise for promise in over if load.served(promise.call) is None]
    records = await _records(load, over, desk, since)
    counted = Counter(record["number"] for record in records)
    numbers = [f"+86{promise.call.number}" for promise in over if promise.call.answered_ns]
    unheard = await _unplayable(desk, records)
    wrong = {record["number"] for record in records if counted[record["number"]] > 1 or record["id"] in unheard}
    if survive:
        wrong |= {f"+86{promise.call.number}" for promise in dropped}
    return Verdict(
        dropped=len(dropped) if survive else 0,
        stuck=len(snapshot.promises) - len(over),
        served_twice=sum(load.conversations(promise.call) > 1 for promise in over),
        longest_gap_s=round(max((load.gap_s(promise) for promise in _talking(snapshot)), default=0.0), 3),
        records_missing=sum(counted[number] == 0 for number in numbers),
        records_double=sum(counted[number] > 1 for number in numbers),
        recordings_without_file=len(unheard),
        agents_bound=await _bound(desk),
        lost_listed=sum(record["outcome"] == "lost" for record in records),
        details=[_told(record, unheard) for record in records if record["number"] in wrong]
        + [f"{promise.call.number} was {promise.stage}" for promise in over if f"+86{promise.call.number}" in wrong],
    )


def _talking(snapshot: Snapshot) -> list[Promise]:
    return [promise for promise in snapshot.promises if promise.stage == "talking"]


async def _records(load: ChaosLoad, over: list[Promise], desk: Desk, since: datetime) -> list[dict[str, Any]]:
    wanted = {f"+86{promise.call.number}" for promise in over if promise.call.answered_ns}
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SETTLE_S
    while True:
        listed = await desk.get("/api/v1/calls", since=since.isoformat(), limit=500)
        # A call in the fallback has this outcome until the fallback's note of it is taken in.
        found = [call for call in listed if call["number"] in wanted and call["outcome"] != "fallback"]
        if {call["number"] for call in found} >= wanted or loop.time() > deadline:
            return found
        await asyncio.sleep(0.25)


async def _bound(desk: Desk) -> int:
    """Count agents in calls that should be over, once it is stable."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SETTLE_S
    while True:
        agents = await desk.get("/api/v1/agents")
        bound = sum(agent["state"] in BOUND for agent in agents)
        if not bound or loop.time() > deadline:
            return bound
        await asyncio.sleep(0.5)


async def _unplayable(desk: Desk, records: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Return talks without a playable recording, and the recordings' states."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SETTLE_S
    talked = [record["id"] for record in records if record["talk_ms"]]
    while True:
        unsealed = {}
        for call_id in talked:
            states = [recording["status"] for recording in await desk.get("/api/v1/recordings", call_id=call_id)]
            if not states or any(state not in SEALED for state in states):
                unsealed[call_id] = states
        if not unsealed or loop.time() > deadline:
            return unsealed
        talked = list(unsealed)
        await asyncio.sleep(0.5)


def _told(record: dict[str, Any], unheard: dict[str, list[str]]) -> str:
    times = f"from {record['started_at']}, {record['wait_ms']} ms of waiting, {record['talk_ms']} ms of talk"
    recordings = ", ".join(unheard.get(record["id"], []))
    return f"{record['number']} {record['id']}: {record['outcome']}, {times}; recordings {recordings}"
