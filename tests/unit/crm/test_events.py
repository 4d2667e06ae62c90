"""Events: stored with their format's version, read from all releases' rows."""

from datetime import UTC, datetime
from typing import get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.events import (
    DeadlineAlert,
    Event,
    EventReporter,
    SuggestionMade,
    SurveyFinished,
    TicketChanged,
    UnreadableEvent,
    decode,
    encode,
)

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
STORED_BEFORE_FORMATS: dict[str, object] = {
    "ticket_id": "ticket-1",
    "version": 4,
    "action": "append",
    "at": "2026-11-23T04:00:00.000000+00:00",
    "from_status": "dispatched",
    "status": "dispatched",
    "number": "26112300001",
    "kind": "fault",
    "subject": "暖气不热",
    "urgency": "urgent",
    "category_id": None,
    "area": "城东",
    "customer_id": "customer-1",
    "department_id": "department-1",
    "person_id": None,
    "co_department_ids": ["department-2"],
    "redo_count": 1,
    "reporters": [{"customer_id": None, "number": "+8613800000001", "name": "王秀英"}],
    "call_id": "call-1",
    "respond_by": "2026-11-23T05:00:00+00:00",
}
"""A row that a release without formats stored."""


def test_ticket_event_stored_without_format_is_read() -> None:
    event = decode("ticket.append", "ticket-1", STORED_BEFORE_FORMATS)

    assert isinstance(event, TicketChanged)
    assert (event.kind, event.key, event.version, event.at) == ("ticket.append", "ticket-1", 4, NOON)
    assert (event.ticket_kind, event.status, event.redo_count) == ("fault", "dispatched", 1)
    assert event.reporters == (EventReporter(None, "+8613800000001", "王秀英"),)
    assert (event.call_id, event.co_department_ids) == ("call-1", ("department-2",))
    assert event.respond_by == datetime(2026, 11, 23, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "stored", "expected"),
    [
        (
            "clock.escalation",
            {
                "ticket_id": "ticket-1",
                "kind": "fault",
                "held_by": "department-1",
                "role": "supervisor",
                "role_department_id": None,
                "clock": "resolve",
                "due_at": "2026-11-23T04:00:00+00:00",
                "step": 2,
            },
            DeadlineAlert(
                step_kind="escalation",
                ticket_id="ticket-1",
                ticket_kind="fault",
                held_by="department-1",
                role="supervisor",
                clock="resolve",
                due_at=NOON,
                step=2,
            ),
        ),
        ("survey.over", {"ticket_id": "ticket-1", "round": 1}, SurveyFinished(ticket_id="ticket-1", round=1)),
        (
            "survey.suggestion",
            {"key": "contact-1", "ticket_id": "ticket-1", "customer_id": None, "number": "+861", "text": "多派人"},
            SuggestionMade(contact_id="contact-1", ticket_id="ticket-1", number="+861", text="多派人"),
        ),
    ],
)
def test_other_events_stored_without_format_are_read(kind: str, stored: dict[str, object], expected: Event) -> None:
    assert decode(kind, "ticket-1", stored) == expected


def test_event_erased_by_an_earlier_release_is_read() -> None:
    erased = STORED_BEFORE_FORMATS | {"subject": None, "customer_id": None, "reporters": [], "call_id": None}
    event = decode("ticket.append", "ticket-1", erased)

    assert isinstance(event, TicketChanged)
    assert (event.subject, event.customer_id, event.reporters, event.number) == ("", None, (), "26112300001")


def test_event_of_a_later_release_with_more_fields_is_read() -> None:
    event = decode("survey.over", "ticket-1", {"format": 1, "ticket_id": "ticket-1", "round": 2, "mood": "fine"})
    assert event == SurveyFinished(ticket_id="ticket-1", round=2)


@pytest.mark.parametrize(
    ("kind", "stored", "named"),
    [
        ("survey.over", {"format": 2, "ticket_id": "ticket-1"}, "format 2"),
        ("survey.over", {"format": "new", "ticket_id": "ticket-1"}, "format new"),
        ("meter.read", {"ticket_id": "ticket-1"}, "meter.read"),
        ("ticket.append", {"redo_count": "many"}, "redo_count"),
    ],
)
def test_unreadable_event_names_the_rule(kind: str, stored: dict[str, object], named: str) -> None:
    with pytest.raises(UnreadableEvent, match=named):
        decode(kind, "ticket-1", stored)


text = st.text(max_size=5)
moments = st.none() | st.datetimes(timezones=st.just(UTC))
changes = st.builds(
    TicketChanged,
    ticket_id=text,
    action=st.sampled_from(["file", "append"]),
    subject=text,
    at=moments,
    due_at=moments,
    redo_count=st.integers(0, 9),
    reporters=st.lists(st.builds(EventReporter, st.none() | text, st.none() | text, text), max_size=2).map(tuple),
    corrected=st.lists(text, max_size=2).map(tuple),
    reason=st.none() | text,
)


@given(changes)
def test_stored_event_is_read_as_it_was(event: TicketChanged) -> None:
    stored = msgspec.json.decode(msgspec.json.encode(encode(event)))
    assert stored["format"] == TicketChanged.FORMAT
    assert decode(event.kind, event.key, stored) == event


def test_anonymous_event_has_codes_and_no_personal_data() -> None:
    event = decode("ticket.append", "ticket-1", {**STORED_BEFORE_FORMATS, "reason": "王秀英 asked"})
    anonymous = msgspec.json.encode(encode(event.anonymous())).decode()

    assert "26112300001" in anonymous
    assert "dispatched" in anonymous
    for personal in ("王秀英", "13800000001", "暖气", "customer-1"):
        assert personal not in anonymous


OF_TICKETS = frozenset(
    {"ticket_id", "number", "ticket_kind", "status", "urgency", "area", "department_id", "person_id"}
)
CODES = {
    TicketChanged: OF_TICKETS
    | {
        "action",
        "from_status",
        "category_id",
        "co_department_ids",
        "below_department_ids",
        "left_department_ids",
        "call_id",
        "recording_id",
    }
    | {"from_department", "asked_departments", "corrected"},
    DeadlineAlert: OF_TICKETS | {"step_kind", "held_by", "role", "role_department_id", "clock"},
    SurveyFinished: frozenset({"ticket_id"}),
    SuggestionMade: frozenset({"contact_id", "ticket_id", "call_id"}),
}
"""Text fields with codes and ids, which an event without personal data has."""
WITHOUT_TEXT: tuple[object, ...] = (int, int | None, datetime | None)


@pytest.mark.parametrize("event_type", [TicketChanged, DeadlineAlert, SurveyFinished, SuggestionMade])
def test_every_text_field_of_an_event_is_a_code_or_personal(event_type: type[Event]) -> None:
    types = get_type_hints(event_type)
    texts = {field.name for field in msgspec.structs.fields(event_type) if types[field.name] not in WITHOUT_TEXT}
    assert texts - CODES[event_type] == event_type.PERSONAL
