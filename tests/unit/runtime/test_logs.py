"""Logs of a process: one JSON line an entry, whatever wrote it."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from ari_app.runtime.logs import json_line, mask
from dev.paths import PROJECT

WRITES_ALL_KINDS = """
import asyncio, gc, logging, warnings
import structlog
from ari_app.runtime import logs

logs.configure("service")
log = structlog.get_logger()

async def fail():
    raise KeyError("+8613811112222")

async def main():
    structlog.contextvars.bind_contextvars(call_id="call-1")
    log.info("said", number="13811112222", ticket_number="26112500001", at_ms=1761712345678)
    try:
        raise ValueError("13811112222")
    except ValueError:
        log.exception("caught")
    logging.getLogger("library").error("%s could not be reached", "13811112222")
    warnings.warn("old")
    task = asyncio.create_task(fail())
    await asyncio.wait({task})
    del task
    gc.collect()

asyncio.run(main())
raise RuntimeError("13811112222")
"""


@pytest.mark.slow
def test_everything_that_is_written_is_one_json_line_without_numbers() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WRITES_ALL_KINDS], cwd=PROJECT, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 1
    assert ended.stderr == ""
    assert "13811112222" not in ended.stdout
    entries = [json.loads(line) for line in ended.stdout.splitlines()]
    assert all({"event", "level", "part", "timestamp"} <= entry.keys() for entry in entries)
    assert {entry["part"] for entry in entries} == {"service"}
    said, caught, reached, _, failed, end = entries
    assert (said["number"], said["ticket_number"], said["call_id"]) == ("138****2222", "26112500001", "call-1")
    assert said["at_ms"] == 1761712345678
    assert caught["exception"][0]["exc_type"] == "ValueError"
    assert (reached["event"], reached["logger"]) == ("138****2222 could not be reached", "library")
    assert "never retrieved" in failed["event"]
    assert (failed["logger"], failed["exception"][0]["exc_type"]) == ("asyncio", "KeyError")
    assert (end["event"], end["level"], end["exception"][0]["exc_type"]) == (
        "process_failed",
        "critical",
        "RuntimeError",
    )


def test_numbers_are_masked_at_any_depth() -> None:
    entry = {"event": "x", "given": [{"to": "13811112222"}, ("+86 138 1111 2222", 7)]}
    assert mask(None, "", entry) == {"event": "x", "given": [{"to": "138****2222"}, ["138****2222", 7]]}


def test_an_entry_that_json_cannot_hold_is_written_all_the_same() -> None:
    line = json_line({"event": "x", "text": "\ud83d", "of": object, ("a", 1): 2})
    assert json.loads(line) == {"event": "x", "text": "\ud83d", "of": repr(object)}
    assert json.loads(json_line({"of": object, "large": 2**70})) == {"of": repr(object), "large": 2**70}
    assert json_line({"event": "读", "at": datetime(2026, 12, 1, tzinfo=UTC)}).startswith(
        '{"event":"读","at":"2026-12-01'
    )
