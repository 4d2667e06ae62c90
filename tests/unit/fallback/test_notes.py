"""F5: notes of the dialplan, also with hostile outside strings."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.fallback.model import parse

CALL, TALK, MESSAGE = "call-" + "a" * 26, "rec-" + "b" * 26, "rec-" + "c" * 26


def test_note_of_an_answered_call_is_parsed() -> None:
    found = parse(CALL, f"1795411145|1795411245|13800000002|96001|PJSIP/agent1002|12|{TALK}|{MESSAGE}|1795411145.7")

    assert found is not None
    assert found.started_at == datetime.fromtimestamp(1795411145, UTC)
    assert (found.number, found.endpoint, found.waited_s) == ("13800000002", "agent1002", 12)
    assert (found.talk_segment, found.message_segment) == (TALK, MESSAGE)
    assert found.channel_id == "1795411145.7"


def test_note_of_a_lasting_call_is_parsed() -> None:
    found = parse(CALL, "1795411145||13800000002|96001|||||1795411145.7")

    assert found is not None
    assert (found.ended_at, found.endpoint, found.waited_s) == (None, None, None)


@pytest.mark.parametrize(
    ("call_id", "note"),
    [
        ("../../etc/passwd", f"1|2|3|4|5|6|{TALK}|{MESSAGE}|8"),
        (CALL, f"x|2|3|4|5|6|{TALK}|{MESSAGE}|8"),
        (CALL, f"1|2|3|4|5|6|../{TALK}|{MESSAGE}|8"),
        (CALL, "1|2|3"),
        (CALL, f"{'9' * 30}|2|3|4|5|6|{TALK}|{MESSAGE}|8"),
        (CALL, f"٣|2|3|4|5|6|{TALK}|{MESSAGE}|8"),
    ],
)
def test_foreign_note_is_refused(call_id: str, note: str) -> None:
    assert parse(call_id, note) is None


@given(st.text(max_size=200))
def test_any_text_can_be_parsed(note: str) -> None:
    parse(CALL, note)


@given(st.lists(st.text("0123456789٣²x-", max_size=30), min_size=9, max_size=9))
def test_any_nine_fields_can_be_parsed(fields: list[str]) -> None:
    parse(CALL, "|".join(fields))
