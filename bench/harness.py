"""Harness of the benchmarks: paired rounds, rows, raw samples, excuses."""

import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from dev.paths import RUNTIME

SAMPLES = RUNTIME / "bench"
LATE_MS = 5.0
"""A load generator that sends later than this did not offer the load it claims."""
QUIET_CORES = float(os.environ.get("BENCH_QUIET_CORES", "0.5"))
"""More busy cores than that, and a machine is too busy to start measuring."""
QUIET_WAIT_SECONDS = float(os.environ.get("BENCH_QUIET_WAIT", "60"))
SHARED = bool(os.environ.get("BENCH_SHARED"))
"""Set where others work on the same machine: disturbances are reported, and do not fail the run."""


@dataclass(frozen=True)
class Row:
    """One benchmark's outcome, as printed."""

    bench: str
    ours: float | None
    peer: float | None
    ratio: float | None
    aim: str
    met: bool | None
    """None: not measured on this machine; the detail says why."""
    detail: Mapping[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        return msgspec.json.encode(self).decode()


@dataclass(frozen=True)
class Context:
    """Settings of one benchmark run."""

    seed: int
    rounds: int
    folder: Path
    """For servers' state; removed before each run."""

    def keep(self, bench: str, raw: Mapping[str, Any]) -> None:
        """Write raw samples and their circumstances to `.runtime/bench/<bench>.json`."""
        SAMPLES.mkdir(parents=True, exist_ok=True)
        report = {"bench": bench, "seed": self.seed, "at": time.strftime("%FT%T%z"), "machine": machine(), **raw}
        (SAMPLES / f"{bench}.json").write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1))


Measure = Callable[[int], Awaitable[Any]]
"""Takes the round's number, returns what that round measured."""


async def paired_rounds(count: int, ours: Measure, peer: Measure) -> list[tuple[Any, Any]]:
    """Measure both sides `count` times, in alternating order.

    The order A B, B A, A B, … lets a drift of the machine favour neither.
    """
    pairs = []
    for number in range(count):
        if number % 2 == 0:
            of_ours = await ours(number)
            of_peer = await peer(number)
        else:
            of_peer = await peer(number)
            of_ours = await ours(number)
        pairs.append((of_ours, of_peer))
    return pairs


def percentile(samples: Sequence[float], share: float) -> float:
    """The sample that this share of all do not exceed (nearest rank).

    Raises:
        ValueError: there are no samples.
    """
    if not samples:
        raise ValueError("nothing was measured")
    ordered = sorted(samples)
    # The tolerance keeps 0.95 of 100 at rank 95 whatever binary fractions make of it.
    return ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)]


def summary(samples: Sequence[float]) -> dict[str, float]:
    """The usual figures of one side's samples."""
    return {
        "count": len(samples),
        "mean": round(statistics.fmean(samples), 3),
        "p50": round(percentile(samples, 0.50), 3),
        "p95": round(percentile(samples, 0.95), 3),
        "p99": round(percentile(samples, 0.99), 3),
        "max": round(max(samples), 3),
    }


def ratio_row(
    bench: str, ours: Sequence[float], peer: Sequence[float], aim: float, unit: str, detail: Mapping[str, Any]
) -> Row:
    """Return a row with the median ratio of the rounds.

    It is met when that median is at most `aim`.
    """
    ratios = [one / other for one, other in zip(ours, peer, strict=True)]
    middle = statistics.median(ratios)
    return Row(
        bench,
        round(statistics.median(ours), 3),
        round(statistics.median(peer), 3),
        round(middle, 4),
        f"<= {aim:g}",
        middle <= aim,
        {"unit": unit, "worst_round": round(max(ratios), 4), "rounds": [round(one, 4) for one in ratios], **detail},
    )


def machine() -> dict[str, Any]:
    """Return the circumstances that the numbers depend on."""
    packages = ("aiohttp", "redis", "sqlalchemy", "msgspec", "uvloop")
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "load_average": os.getloadavg(),
        "packages": {name: metadata.version(name) for name in packages},
    }


def wait_for_quiet() -> list[str]:
    """Wait a while for a quiet machine; what still disturbs it.

    The load average would still tell of the benchmark before this one.
    """
    deadline = time.monotonic() + (0 if SHARED else QUIET_WAIT_SECONDS)
    while (busy := busy_cores()) > QUIET_CORES:
        if time.monotonic() > deadline:
            return [f"{busy:.2f} cores were busy before the run"]
    return []


def busy_cores(seconds: float = 2.0) -> float:
    """Return the number of cores that other processes occupy now."""
    ticks = os.sysconf("SC_CLK_TCK")
    before = _busy_ticks()
    time.sleep(seconds)
    return (_busy_ticks() - before) / ticks / seconds


def _busy_ticks() -> int:
    """Return the machine's busy time from /proc/stat.

    All time but idle and waiting for a disk counts (proc(5)).
    """
    user, nice, system, _, _, interrupts, softirq, steal, *_ = Path("/proc/stat").read_text().split("\n")[0].split()[1:]
    return sum(map(int, (user, nice, system, interrupts, softirq, steal)))


def late(lateness_ms: Sequence[float]) -> list[str]:
    """Return an excuse where the load generator was late."""
    if not lateness_ms or (behind := percentile(lateness_ms, 0.99)) <= LATE_MS:
        return []
    return [f"the load generator was {behind:.1f} ms late (p99)"]


def cpu_ms(pid: int) -> float:
    """Return the CPU time of a process, user and system (/proc)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000.0 / os.sysconf("SC_CLK_TCK")


def note(text: str) -> None:
    """Print progress to standard error; standard output carries only rows."""
    print(text, file=sys.stderr, flush=True)
