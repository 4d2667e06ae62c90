"""Short version of `make chaos`: a killed service under calls."""

import asyncio
import json
import sys

from dev.paths import PROJECT

LATE = "it took too long"
"""Measured by `make chaos`; a test on a busy machine may take its time."""


async def test_killed_service_disturbs_no_call() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos", "--short", "--seed", "1", cwd=PROJECT, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()

    lines = [json.loads(line) for line in output.splitlines()]
    assert lines[0] == {"seed": 1}
    assert [line["row"] for line in lines[1:]] == ["service killed"]
    assert lines[1]["calls"] == 12
    assert set(lines[1]["broken"]) <= {LATE}
