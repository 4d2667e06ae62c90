"""Log lines about one call or one ticket, from every part."""

import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from ari_app.runtime.logs import masked
from dev.last_run import RUN

FILES = (RUN / "hotline.log", RUN / "watchdog.log", RUN / "asterisk" / "log" / "messages.log")
"""Logs of `make run`: service and supervisor, watchdog, Asterisk."""
STANDARD_INPUT = Path("-")
OF_A_CALL = ("call_id", "channel_id", "channel", "agent_channel_id", "recording_id")
"""Fields of a call's own lines, by which lines that do not name the call are about it."""
OF_A_TICKET = ("call_id", "ticket_id")


def about(files: Sequence[Path], given: IO[str], *, call: str | None, ticket: str | None) -> list[str]:
    """Return the lines about a call or a ticket, in order.

    A ticket's calls are included.

    Args:
        files: logs, read twice; `-` is standard input.
        given: standard input.
        call: a call's id.
        ticket: a ticket's id or number.
    """
    with ExitStack() as opened:
        logs = [_opened(file, given, opened) for file in files if file == STANDARD_INPUT or file.is_file()]
        wanted: set[str] = set()
        if ticket is not None:
            ids = _learnt(logs, {ticket}, OF_A_TICKET)
            wanted |= ids | _learnt(logs, ids, OF_A_CALL)
        if call is not None:
            wanted |= _learnt(logs, {call}, OF_A_CALL)
        found = sorted(_matching(logs, wanted), key=lambda entry: str(entry.get("timestamp", "")))
    return [json.dumps(entry, ensure_ascii=False) for entry in found]


def _opened(file: Path, given: IO[str], opened: ExitStack) -> IO[str]:
    if file != STANDARD_INPUT:
        return opened.enter_context(file.open(encoding="utf-8", errors="replace"))
    kept = opened.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))  # noqa: SIM115 - closed with `opened`
    kept.writelines(given)
    return kept


def _learnt(logs: Iterable[IO[str]], ids: set[str], fields: Sequence[str]) -> set[str]:
    """Return the ids, with all ids on the same log lines."""
    found = (entry.get(field) for entry in _matching(logs, ids) for field in fields)
    return ids | {value for value in found if isinstance(value, str) and value}


def _matching(logs: Iterable[IO[str]], ids: set[str]) -> Iterator[dict[str, Any]]:
    """Yield the entries that name one of these ids, whole."""
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(re.escape(one) for one in sorted(ids))})(?![\w-])")
    for log in logs:
        log.seek(0)
        for line in log:
            entry = _entry(line)
            if entry is not None and pattern.search(json.dumps(entry, ensure_ascii=False)):
                yield entry


def _entry(line: str) -> dict[str, Any] | None:
    """Return a line as an entry; None for one that is none."""
    if not line.startswith("{"):
        return None
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return _of_asterisk(entry) if isinstance(entry, dict) and "logmsg" in entry else entry


def _of_asterisk(entry: dict[str, Any]) -> dict[str, Any] | None:
    """Return an entry of Asterisk's log in the form of ours."""
    try:
        said, at = entry["logmsg"], datetime.fromisoformat(entry["timestamp"])
        message, level = masked(said["message"]).strip(), said["level"].lower()
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    time = at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return {"event": "asterisk_said", "message": message, "part": "asterisk", "level": level, "timestamp": time}
