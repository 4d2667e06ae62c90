"""`make chaos`: faults on real processes under load.

Exit status 1 means that a promise broke.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from random import Random

from bench.ours import FIRST_AGENT, OurSystem
from dev.ports import free_port
from dev.postgres import Postgres
from foundation.clock import utc_now
from tests.chaos.controlled import CallLeader, Leader
from tests.chaos.desks import SUPERVISOR, desk_of
from tests.chaos.disk import Disk
from tests.chaos.filing import Filed, Filers
from tests.chaos.ledger import SETTLE_S, Verdict, judge
from tests.chaos.lines import LineLeader
from tests.chaos.load import FLOW, QUEUES, TEAM, ChaosLoad
from tests.chaos.rows import ROWS, SHORT, DiskFull, Row, Scene

SPREAD_S = 9.0
"""How long the load runs until every stage has a caller."""
SERVED_WITHIN_S = 90.0
LONGEST_CALL = timedelta(minutes=5)
FILERS = 4
"""As many agents file tickets all the while."""
LONGEST_GAP_S = 0.5
"""A gap that two people who talk would call one."""


async def chaos(rows: list[type[Row]], random: Random, *, concurrent: int, agents: int) -> bool:
    """Run rows in random order; whether every promise held."""
    kept = True
    with tempfile.TemporaryDirectory(prefix="hotline-chaos-") as folder:
        postgres = Postgres(free_port(), Path(folder) / "postgres")
        await asyncio.to_thread(postgres.start)
        settings = {"DATABASE_URL": postgres.url()}
        disk = Disk(Path(folder) / "ours" / "recordings", needed=DiskFull in rows)
        load = ChaosLoad(
            OurSystem(Path(folder), flow=FLOW, queues=QUEUES, team=TEAM, settings=settings, supervised=True),
            concurrent=concurrent,
            agents=agents + len(TEAM),
            random=random,
        )
        try:
            await load.start()
            filers = Filers(load.system.stack.url, [str(FIRST_AGENT + index) for index in range(FILERS)])
            filers.start()
            try:
                assert load.system.stack.recordings == disk.place
                scene = Scene(load.system.stack, postgres, disk, load.cut_off)
                for row in random.sample(rows, len(rows)):
                    kept &= await _run(row(), load, filers, scene, random)
            finally:
                await filers.aclose()
        finally:
            await load.aclose()
            await asyncio.to_thread(postgres.stop)
            disk.remove()
    return kept


async def _run(row: Row, load: ChaosLoad, filers: Filers, scene: Scene, random: Random) -> bool:
    began = time.monotonic()
    await load.resume()
    filers.begin()
    await asyncio.sleep(SPREAD_S)
    since, scene.notes = utc_now() - LONGEST_CALL, {}
    leader = _leader(row, load, scene.stack.url, random)
    rung_twice = load.phones.double_offers
    if leader is not None:
        await leader.sign_in()
        await leader.lead()
    load.pause()
    snapshot = load.snapshot()
    if leader is not None:
        snapshot = leader.left_to_ledger(snapshot)
    whole_s = await row.inject(scene)
    if row.desks_lost or leader is not None:
        await load.system.seat()
    led_wrong: list[str] = []
    if leader is not None:
        led_wrong = await leader.judged(survive=row.calls_survive)
        await leader.aclose()
    await load.until_over(snapshot, SERVED_WITHIN_S)
    filers.pause()
    async with desk_of(scene.stack.url, SUPERVISOR, socket=False) as desk:
        verdict = await judge(load, snapshot, desk, since, survive=row.calls_survive)
        filed = await filers.judged(desk, SETTLE_S)
    broken = _broken(row, verdict, filed, filers, whole_s) + led_wrong
    if load.phones.double_offers > rung_twice:
        broken.append("the phone of an agent in a call was rung")
    line = {
        "row": row.name,
        "calls": len(snapshot.promises),
        "stages": snapshot.stages,
        "whole_s": round(whole_s, 2),
        **asdict(verdict),
        **asdict(filed),
        "kept_for_later": filers.kept,
        "errors": filers.errors,
        **scene.notes,
        "led": leader.stages if leader is not None else [],
        "double_offers": load.phones.double_offers - rung_twice,
        "took_s": round(time.monotonic() - began),
        "broken": broken,
    }
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    return not broken


def _leader(row: Row, load: ChaosLoad, url: str, random: Random) -> Leader | None:
    """Return the people who lead calls to what a row is about."""
    if row.led == "control":
        return CallLeader(load, url)
    return LineLeader(load, url, random) if row.led == "lines" else None


def _broken(row: Row, verdict: Verdict, filed: Filed, filers: Filers, whole_s: float) -> list[str]:
    """Return the promises that did not hold."""
    wrong = {
        "somebody was cut off": verdict.dropped > 0,
        "somebody was never served": verdict.stuck > 0,
        "somebody was served twice": verdict.served_twice > 0,
        "a call has no record": verdict.records_missing > 0,
        "a call has two records": verdict.records_double > 0,
        "a conversation cannot be heard": row.audio_goes_on and row.recorded and verdict.recordings_without_file > 0,
        "a ticket was filed twice": filed.filed_twice > 0,
        "a ticket is lost": filed.lost > 0,
        "no ticket was filed": filed.filed == 0,
        "a request failed for no reason it names": bool(filers.errors),
        "who talked heard a gap": row.audio_goes_on and verdict.longest_gap_s > LONGEST_GAP_S,
        "it took too long": whole_s > row.longest_whole_s,
        "an agent is still bound": verdict.agents_bound > 0,
        "who was cut off is not on the list": not row.calls_survive and verdict.lost_listed == 0,
    }
    return [what for what, is_so in wrong.items() if is_so]


def main() -> int:
    """Parse, run, tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="the order of the rows and the callers' numbers")
    parser.add_argument("--only", default=None, help="rows whose name contains this")
    parser.add_argument("--short", action="store_true", help="a killed service under a dozen calls")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else Random().randrange(1_000_000)
    sys.stdout.write(json.dumps({"seed": seed}) + "\n")
    rows = SHORT if given.short else [row for row in ROWS if given.only is None or given.only in row.name]
    size = {"concurrent": 12, "agents": 4} if given.short else {"concurrent": 40, "agents": 14}
    return 0 if asyncio.run(chaos(rows, Random(seed), **size)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
