"""Run all benchmarks, or those named: `python -m bench G1`.

Exit status 1 means that a run cannot be believed.

A missed aim is a result and not an error: it is in the row. `BENCH_ROUNDS`, `BENCH_SEED` and `BENCH_SHARED=1` (others
work on this machine: report disturbances, do not fail) come from the environment.
"""

import asyncio
import importlib
import os
import shutil
import sys
from dataclasses import replace

import structlog
import uvloop

from bench.harness import SHARED, Context, Row, note, wait_for_quiet
from dev.paths import RUNTIME

SUITES = {
    "G1": "bench.handover",
    "G3": "bench.offered",
    "G14": "bench.offered",
    "G4": "bench.cpu",
    "G6": "bench.ari_client",
    "G9": "bench.history",
    "G17": "bench.matching",
    "G25": "bench.two_processes",
    "similar": "bench.similar",
    "pop": "bench.similar",
    "search": "bench.searching",
    "figures": "bench.figures",
    "append": "bench.tickets",
    "transition": "bench.tickets",
    "minute": "bench.minute",
    "control": "bench.control",
    "transfer": "bench.control",
    "console": "bench.console",
    "rows": "bench.console_rows",
}
"""Each module has `async def run(context: Context) -> list[Row]`; rows that were not asked for are not printed."""


def main(only: list[str]) -> int:
    """Run them one after the other, each on fresh servers.

    Returns:
        1 when a row says it was disturbed, or a benchmark failed; else 0.
    """
    wanted = only or list(SUITES)
    if unknown := [name for name in wanted if name not in SUITES]:
        note(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(SUITES)}")
        return 2
    # Standard output carries the rows alone.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sys.stderr))
    disturbed = False
    for module in dict.fromkeys(SUITES[name] for name in wanted):
        for row in _run(module):
            if row.bench in wanted:
                print(row.line(), flush=True)
                disturbed |= bool(row.detail.get("disturbed"))
    return int(disturbed and not SHARED)


def _run(module: str) -> list[Row]:
    folder = RUNTIME / "bench" / "state" / module.rpartition(".")[2]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    disturbances = wait_for_quiet()
    for disturbance in disturbances:
        note(f"{module}: {disturbance}")
    context = Context(
        seed=int(os.environ.get("BENCH_SEED", "2")), rounds=int(os.environ.get("BENCH_ROUNDS", "5")), folder=folder
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rows: list[Row] = runner.run(importlib.import_module(module).run(context))
    return [_with(row, disturbances) for row in rows]


def _with(row: Row, disturbances: list[str]) -> Row:
    return replace(row, detail={**row.detail, "disturbed": [*disturbances, *row.detail.get("disturbed", [])]})


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
