"""SIPp, the common load generator: its scenarios and its runs."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from random import Random
from subprocess import DEVNULL, STDOUT

from bench.load import caller_numbers
from dev.processes import ChildProcess
from dev.programs import program

SCENARIOS = Path(__file__).parent
ADDRESS = "127.0.0.1"


class LoadFailed(Exception):
    """SIPp saw calls fail, or did not end.

    The message is the end of its output.
    """


@contextmanager
def agents(folder: Path, port: int, *, talk_ms: int) -> Iterator[ChildProcess]:
    """All agents' phones on one port, answering until the block ends."""
    arguments = ["-sf", str(SCENARIOS / "agent.xml"), "-i", ADDRESS, "-p", str(port), "-d", str(talk_ms), "-nostdin"]
    with ChildProcess(
        "agents", program("usr/bin/sipp"), arguments, log=folder / "agents.log", folder=folder
    ) as process:
        yield process


async def callers(
    folder: Path, port: int, server: tuple[str, int], number: str, random: Random, *, per_second: float, count: int
) -> float:
    """Place `count` calls from different numbers; return the seconds.

    Waits until all have ended well.

    Raises:
        LoadFailed: at least one call failed, or they did not end.
    """
    numbers = folder / "callers.csv"
    numbers.write_text("SEQUENTIAL\n" + "".join(f"{one}\n" for one in islice(caller_numbers(random), count)))
    arguments = ["-sf", str(SCENARIOS / "caller.xml"), "-inf", str(numbers), "-s", number, "-i", ADDRESS]
    arguments += ["-p", str(port), "-r", str(per_second), "-m", str(count), "-nostdin"]
    arguments += ["-timeout", f"{count / per_second + 60:.0f}s", "-timeout_error", f"{server[0]}:{server[1]}"]
    log = folder / "callers.log"
    sipp = program("usr/bin/sipp")
    started = time.monotonic()
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *sipp.command, *arguments, env=sipp.environ(), cwd=folder, stdin=DEVNULL, stdout=output, stderr=STDOUT
        )
    try:
        ended_with = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
    if ended_with != 0:
        raise LoadFailed(f"SIPp ended with {ended_with}:\n{log.read_text(errors='replace')[-3000:]}")
    return time.monotonic() - started
