"""Every request gets a response of the service, also an invalid one."""

import json
import re
from collections.abc import Iterator
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import TypeAdapter

from foundation.routes import Download, File, Page, Role, Route
from tests.unit.security.conftest import Office

TEXTS = [
    *("", " ", "x", "王秀英", "13800000001", "+8613800000001", "2026-11-23T08:00:00+08:00", "2026-02-30", "0", "-1"),
    *("a" * 5000, "\u202e\u200b", "=cmd|'/C calc'!A0", "' OR 1=1--", "%", "../../etc/passwd", "${7*7}", "\U0001f600"),
]
LIKELY = ["2026-12-01T08:00:00+08:00", "2026-12-01", "08:00", "13800000001", "zh", "https://example.org/", "6001"]
EDGES = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0001-01-01", "9999-12-31"]
"""The calendar's first and last hours, where they lie outside it in another zone."""
IN_BODIES = ["\ud83d", "a\x00b"]
"""Half a character, and what no database takes."""
NUMBERS = [0, 1, -1, 2**31, 2**63, -(2**63), 10**30, 0.5, 1e308]
ANYTHING: list[Any] = [*TEXTS, *IN_BODIES, *NUMBERS, True, None, [], {}, [[]], {"x": {"y": []}}]
ROUNDS = 8
NO_ANSWER = {"/api/v1/session", "/api/v1/desk/socket"}
"""Signing out would end what the others are signed in with; the socket is no request."""


class Nonsense:
    """Return values that a JSON Schema mostly allows."""

    def __init__(self, random: Random, known: list[str]) -> None:
        self._random = random
        self._known = known
        """Ids that exist, so that more than the first look-up is reached."""

    def text(self) -> str:
        return self._random.choice([*TEXTS, *self._known])

    def value(self, schema: dict[str, Any], definitions: dict[str, Any], depth: int = 0) -> Any:
        if self._random.random() < 0.02:
            return self._random.choice(ANYTHING)
        if "$ref" in schema:
            return self.value(definitions[schema["$ref"].rpartition("/")[2]], definitions, depth)
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                return self.value(self._random.choice(schema[several]), definitions, depth)
        if "enum" in schema:
            return self._random.choice(schema["enum"])
        if "const" in schema:
            return schema["const"]
        return self._of_type(schema, definitions, depth)

    def _string(self, schema: dict[str, Any]) -> str:
        chance = self._random.random()
        if chance < 0.2:
            return str(self._random.choice([*TEXTS, *IN_BODIES]))
        if str(schema.get("format", "")).startswith("date"):
            return self._random.choice([*LIKELY[:2], *EDGES])
        if "format" in schema or "pattern" in schema:
            return str(self._random.choice([*LIKELY, *self._known]))
        return str(self._random.choice([*self._known, "好" * max(1, schema.get("minLength", 1))]))

    def _of_type(self, schema: dict[str, Any], definitions: dict[str, Any], depth: int) -> Any:
        match schema.get("type"):
            case "object":
                required = set(schema.get("required", ()))
                wanted = {
                    name: part
                    for name, part in schema.get("properties", {}).items()
                    if name in required or self._random.random() < 0.5
                }
                return {name: self.value(part, definitions, depth + 1) for name, part in wanted.items()}
            case "array":
                count = self._random.choice([0, 1, 2, 30]) if depth < 3 else 0
                return [self.value(schema.get("items", {}), definitions, depth + 1) for _ in range(count)]
            case "integer" | "number":
                return self._random.choice([*NUMBERS, schema.get("minimum", 0), schema.get("maximum", 9)])
            case "boolean" | "null" as kind:
                return self._random.random() < 0.5 if kind == "boolean" else None
            case "string":
                return self._string(schema)
        return self._random.choice(ANYTHING)


def requests(route: Route, nonsense: Nonsense) -> Iterator[dict[str, Any]]:
    """One request's path, query and body."""
    path = re.sub(r"{\w+}", lambda _: quote(nonsense.text()[:80] or "x", safe=""), route.path)
    query = route.query.model_json_schema()
    asked = nonsense.value(query, query.get("$defs", {}))
    request: dict[str, Any] = {"url": path, "params": flat(asked) if isinstance(asked, dict) else {}}
    if route.body is not None:
        schema = TypeAdapter(route.body).json_schema()
        request["data"] = json.dumps(nonsense.value(schema, schema.get("$defs", {}))).encode()
        request["headers"] = {"Content-Type": "application/json"}
    yield request


def flat(asked: dict[str, Any]) -> dict[str, str]:
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in asked.items()}
    return {name: text.encode("utf-8", "replace").decode() for name, text in texts.items()}


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_no_request_breaks_a_route(office: Office, seed: int) -> None:
    random = Random(seed)
    async with office.client(Role.AGENT) as http:
        fault = office.place.fault().model_dump(mode="json", exclude_unset=True)
        async with http.post("/api/v1/tickets", json=fault) as answer:
            ticket = await answer.json()
    known = [ticket["id"], ticket["number"], office.place.wang.id, office.place.li.id, office.place.east]
    nonsense = Nonsense(random, [*known, office.place.west, office.place.cold])
    broken, asked = [], 0
    for route in office.server.routes:
        if route.path in NO_ANSWER or (route.upload_bytes and route.method == "POST"):
            continue
        role = random.choice(sorted(route.roles)) if route.roles else None
        async with office.client(role) as http:
            for request in requests(route, nonsense):
                async with http.request(route.method, **request) as answer:
                    asked += 1
                    text = await answer.text(errors="replace")
                    if answer.status >= 500:
                        broken.append(f"{route.method} {request} as {role}: {answer.status} {text[:300]}")
                    elif answer.status == route.status and route.response not in {None, Download, File, Page}:
                        TypeAdapter(route.response).validate_json(text)

    assert broken == []
    assert asked > 100
