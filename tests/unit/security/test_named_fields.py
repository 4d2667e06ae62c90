"""A rule between several fields names the field to change."""

from typing import Any

from foundation.routes import Role
from tests.unit.security.conftest import Office

MOMENT, LATER = "2026-12-01T08:00:00Z", "2026-12-01T10:00:00Z"
FAULT = {"kind": "fault", "subject": "暖气不热"}
QUERIES: list[tuple[str, dict[str, str], str]] = [
    ("/left-open", {"staff_id": "x"}, "since"),
    ("/left-open", {"since": MOMENT}, "staff_id"),
    ("/recordings", {}, "call_id"),
    ("/recordings", {"call_id": "x", "ticket_id": "x"}, "call_id"),
    ("/service-levels/overdue", {"after": "x"}, "after_due_at"),
    ("/service-levels/overdue", {"after_due_at": MOMENT, "after_clock": "resolve"}, "after"),
    ("/service-levels/report", {"since": LATER, "until": MOMENT}, "until"),
    ("/tickets", {"status": "registered", "undispatched": "true"}, "undispatched"),
]
BODIES: list[tuple[str, str, dict[str, Any], str]] = [
    ("POST", "/tickets", FAULT | {"visit_from": MOMENT}, "visit_until"),
    ("POST", "/tickets", FAULT | {"visit_until": MOMENT}, "visit_from"),
    ("POST", "/tickets", FAULT | {"visit_from": LATER, "visit_until": MOMENT}, "visit_until"),
    (
        "PUT",
        "/departments/{east}/duty-rota",
        {"shifts": [{"weekday": 1, "from_time": "08:00", "until_time": "18:00Z", "recipient_ids": ["x"]}]},
        "shifts.0.until_time",
    ),
]


async def test_a_rule_between_fields_names_the_one_to_mend(office: Office) -> None:
    async with office.client(Role.SUPERVISOR) as http:
        for path, query, field in QUERIES:
            async with http.get(f"/api/v1{path}", params=query) as answer:
                assert answer.status == 422, path
                assert [one["field"] for one in (await answer.json())["errors"]] == [field], (path, query)
        for method, path, body, field in BODIES:
            url = f"/api/v1{path.format(east=office.place.east)}"
            async with http.request(method, url, json=body) as answer:
                assert answer.status == 422, path
                assert [one["field"] for one in (await answer.json())["errors"]] == [field], (path, body)


async def test_a_name_has_characters_and_not_items(office: Office) -> None:
    async with office.client(Role.AGENT) as http:
        for name, rule in [("名" * 101, "String should have at most 100 characters"), ("", "must be filled in")]:
            customer = {"account_number": "60019999", "name": name}
            async with http.post("/api/v1/customers", json=customer) as answer:
                assert [(one["field"], one["rule"]) for one in (await answer.json())["errors"]] == [("name", rule)]
