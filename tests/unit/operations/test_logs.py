"""Lines about a call or a ticket, from every part's log."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ari_app.cli import app
from ari_app.operations.logs import about

CALL, OTHER, TICKET, NUMBER = "call-01a", "call-01b", "ticket-01c", "26112500001"
SERVICE = [
    {"event": "call_started", "call_id": CALL, "channel_id": "1764.1", "timestamp": "2026-11-29T08:00:00.000000Z"},
    {"event": "call_started", "call_id": OTHER, "channel_id": "1764.12", "timestamp": "2026-11-29T08:00:01.000000Z"},
    {"event": "call_connected", "call_id": CALL, "recording_id": "rec-1", "timestamp": "2026-11-29T08:00:02.000000Z"},
    {
        "event": "ticket_changed",
        "ticket_id": TICKET,
        "ticket_number": NUMBER,
        "call_id": CALL,
        "timestamp": "2026-11-29T08:00:03.000000Z",
    },
    {"event": "recording_warning", "recording_id": "rec-1", "timestamp": "2026-11-29T08:00:05.000000Z"},
    {"event": "call_ended", "call_id": OTHER, "timestamp": "2026-11-29T08:00:06.000000Z"},
]
ASTERISK = {
    "hostname": "hotline",
    "timestamp": "2026-11-29T16:00:04.500+0800",
    "identifiers": {"lwp": 1, "callid": "C-00000001"},
    "logmsg": {
        "location": {"filename": "res_rtp_asterisk.c", "function": "f", "line": 1},
        "level": "WARNING",
        "message": "Channel 1764.1 of 13811112222 sent no packet\n",
    },
}
EVENTS_OF_CALL = ["call_started", "call_connected", "ticket_changed", "asterisk_said", "recording_warning"]


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Logs of the service and of Asterisk, with lines that are none."""
    service, asterisk = tmp_path / "hotline.log", tmp_path / "messages.log"
    lines = [json.dumps(entry) for entry in SERVICE]
    service.write_text("\n".join(["Traceback", *lines, '{"half', "[]"]))
    asterisk.write_text(f"Asterisk 22 built\n{json.dumps(ASTERISK)}\n")
    return [service, asterisk]


def events(lines: list[str]) -> list[Any]:
    return [json.loads(line)["event"] for line in lines]


def test_lines_of_a_call_come_in_order_from_every_part(files: list[Path]) -> None:
    lines = about([*files, Path("/nowhere.log")], StringIO(), call=CALL, ticket=None)

    assert events(lines) == EVENTS_OF_CALL
    assert json.loads(lines[3]) == {
        "event": "asterisk_said",
        "message": "Channel 1764.1 of 138****2222 sent no packet",
        "part": "asterisk",
        "level": "warning",
        "timestamp": "2026-11-29T08:00:04.500000Z",
    }


@pytest.mark.parametrize("ticket", [TICKET, NUMBER])
def test_lines_of_a_ticket_include_its_calls(files: list[Path], ticket: str) -> None:
    assert events(about(files, StringIO(), call=None, ticket=ticket)) == EVENTS_OF_CALL


def test_standard_input_is_read_as_a_log(files: list[Path]) -> None:
    given = "".join(file.read_text() for file in files)
    ended = CliRunner().invoke(app, ["logs", "--call", CALL, "-"], input=given)
    assert (ended.exit_code, events(ended.output.splitlines())) == (0, EVENTS_OF_CALL)


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        ((), 2, "give --call ID, or --ticket ID"),
        (("--call", CALL, "--ticket", TICKET), 2, "give --call ID, or --ticket ID"),
        (("--call", "call-unknown"), 1, "no line names call-unknown"),
    ],
)
def test_what_cannot_be_found_is_said(arguments: tuple[str, ...], status: int, told: str) -> None:
    ended = CliRunner().invoke(app, ["logs", *arguments, "-"], input="")
    assert (ended.exit_code, ended.output.strip()) == (status, told)
