"""Numbers and times of requests have bounds that every database stores."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, TypeAdapter

from foundation.routes import Role
from tests.unit.security.conftest import Office

LOWEST = {"minimum", "exclusiveMinimum"}
HIGHEST = {"maximum", "exclusiveMaximum"}
BOUNDS = {
    "integer": (LOWEST, HIGHEST),
    "number": (LOWEST, HIGHEST),
    "date": ({"formatMinimum"}, {"formatMaximum"}),
    "date-time": ({"formatMinimum"}, {"formatMaximum"}),
}
LARGEST = 2**63 - 1
EARLY, LATE = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"
MANY = 2**70


def unbounded(name: str, schema: Any) -> Iterator[str]:
    """Return the places of a JSON Schema without bounds."""
    if isinstance(schema, list):
        for place, part in enumerate(schema):
            yield from unbounded(f"{name}.{place}", part)
    if not isinstance(schema, dict):
        return
    kind = schema.get("format") or schema.get("type")
    if kind in BOUNDS and "enum" not in schema and "const" not in schema:
        if not all(schema.keys() & bound for bound in BOUNDS[kind]):
            yield f"{name}: {kind} without bounds"
        elif any(isinstance(schema.get(bound), int) and schema[bound] > LARGEST + 1 for bound in HIGHEST):
            yield f"{name}: more than a database holds"
    for key, part in schema.items():
        yield from unbounded(f"{name}.{key}", part)


async def test_every_number_and_time_of_a_request_has_bounds(office: Office) -> None:
    given: set[type[BaseModel]] = {route.query for route in office.server.routes}
    given |= {route.body for route in office.server.routes if route.body is not None}
    found = [fault for model in given for fault in unbounded(model.__qualname__, TypeAdapter(model).json_schema())]

    assert sorted(found) == []
    assert len(given) > 50


def test_the_check_notices_what_has_none() -> None:
    integer = {"type": "integer", "minimum": 1}
    assert list(unbounded("a", {"properties": {"b": {"anyOf": [integer, {"type": "null"}]}}})) == [
        "a.properties.b.anyOf.0: integer without bounds"
    ]
    assert list(unbounded("a", {"type": "string", "format": "date"})) == ["a: date without bounds"]
    assert list(unbounded("a", {"type": "integer", "minimum": 1, "maximum": MANY})) == ["a: more than a database holds"]


QUESTIONS = [
    ("/looks", {}, "since"),
    ("/left-open", {"staff_id": "x"}, "since"),
    ("/calls", {}, "since"),
    ("/notice-deliveries", {}, "from_at"),
    ("/departments/{east}/on-duty", {}, "at"),
    ("/service-levels/report", {"until": "2026-12-01T00:00:00Z"}, "since"),
    ("/service-levels/overdue", {"after": "x", "after_clock": "resolve"}, "after_due_at"),
]


async def test_a_query_with_an_impossible_time_is_refused_by_its_field(office: Office) -> None:
    asked = [(path, {**query, field: moment}, field) for path, query, field in QUESTIONS for moment in (EARLY, LATE)]
    windows = "/departments/{east}/appointment-windows"
    asked += [(windows, {"first": day}, "first") for day in ("0001-01-01", "9999-12-31")]
    async with office.client(Role.SUPERVISOR) as http:
        for path, query, field in asked:
            async with http.get(f"/api/v1{path.format(east=office.place.east)}", params=query) as answer:
                assert answer.status == 422, (path, query)
                assert [one["field"] for one in (await answer.json())["errors"]] == [field], (path, query)


async def test_entries_out_of_bounds_are_refused_by_their_fields(office: Office) -> None:
    customer, east, ticket = office.place.wang.id, office.place.east, await a_ticket(office)
    span = {"in_force_from": EARLY, "in_force_until": LATE}
    async with office.client(Role.ADMINISTRATOR) as http, http.get("/api/v1/service-levels/policies") as answer:
        policy = (await answer.json())[0]["policy"]
    for role, method, path, body, fields in [
        (
            Role.AGENT, "POST", f"/tickets/{ticket}/appointment",
            {"visit_from": EARLY, "version": MANY}, {"visit_from", "version"},
        ),
        (Role.AGENT, "PATCH", f"/customers/{customer}", {"version": MANY, "name": "y"}, {"version"}),
        (
            Role.AGENT, "POST", f"/customers/{customer}/confirmed-phones",
            {"version": MANY, "number": "13888880001"}, {"version"},
        ),
        (Role.SUPERVISOR, "POST", "/protected-lists", {"name": "x", **span}, set(span)),
        (
            Role.SUPERVISOR, "POST", f"/departments/{east}/duty-overrides",
            {"from_at": EARLY, "until_at": LATE}, {"from_at", "until_at"},
        ),
        (
            Role.ADMINISTRATOR, "POST", "/service-levels/policies",
            {"policy": policy, "version": MANY, "effective_from": LATE}, {"version", "effective_from"},
        ),
    ]:  # fmt: skip
        async with office.client(role) as http, http.request(method, f"/api/v1{path}", json=body) as answer:
            assert answer.status == 422, path
            assert {one["field"] for one in (await answer.json())["errors"]} == fields, path


async def a_ticket(office: Office) -> str:
    fault = office.place.fault().model_dump(mode="json", exclude_unset=True)
    async with office.client(Role.AGENT) as http, http.post("/api/v1/tickets", json=fault) as answer:
        ticket: str = (await answer.json())["id"]
        return ticket
