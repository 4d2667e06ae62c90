"""Description of the desk's messages: complete, typed, and what the socket sends."""

import json
from typing import Any

from typer.testing import CliRunner

from ari_app.cli import app
from ari_app.desk.message_schema import desk_messages
from ari_app.desk.model import DeskSnapshot, OwnState, Presence, QueueState
from ari_app.queues.model import AgentState
from ari_app.web.openapi import references
from foundation.routes import Principal
from tests.unit.web.conftest import AGENT, House, OpenDesk, pop

KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}


def breaches(value: Any, schema: dict[str, Any], schemas: dict[str, Any], place: str = "") -> list[str]:
    """Return the differences between a value and its schema."""
    if "discriminator" in schema:
        schema = {"$ref": schema["discriminator"]["mapping"][value["type"]]}
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    if "anyOf" in schema:
        tried = [breaches(value, one, schemas, place) for one in schema["anyOf"]]
        return min(tried, key=len)
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{place}: {value!r}"]
    if not isinstance(value, KINDS[schema["type"]]):
        return [f"{place}: {type(value).__name__} instead of {schema['type']}"]
    return _inner_breaches(value, schema, schemas, place)


def _inner_breaches(value: Any, schema: dict[str, Any], schemas: dict[str, Any], place: str) -> list[str]:
    if isinstance(value, list):
        return [one for item in value for one in breaches(item, schema["items"], schemas, f"{place}[]")]
    if "properties" not in schema:
        return []
    fields = schema["properties"]
    found = [f"{place}: field {name}" for name in value.keys() ^ set(schema["required"])]
    for name in value.keys() & fields.keys():
        found += breaches(value[name], fields[name], schemas, f"{place}.{name}")
    return found


def test_every_reference_resolves_and_no_message_is_untyped() -> None:
    document = desk_messages()
    schemas = document["components"]["schemas"]
    assert {one.rsplit("/", 1)[1] for one in references(document)} <= schemas.keys()
    untyped = {
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, one in schema.get("properties", {}).items()
        if not one.keys() - {"default", "description"}
    }
    assert untyped == set()
    assert schemas["StoreDraft"]["required"] == ["type", "call_id", "fields"]


async def test_messages_of_the_socket_fit_their_description(house: House, open_desk: OpenDesk) -> None:
    async def snapshot(_who: Principal) -> DeskSnapshot:
        own = OwnState(agent_id=AGENT, state=AgentState.READY, since_ms=1)
        queue = QueueState(queue="repair", waiting=1, agents={AgentState.READY: 2})
        return DeskSnapshot(
            agent=own, queues=[queue], agents=[Presence(agent_id=AGENT, state=AgentState.READY, since_ms=1)]
        )

    house.desks.snapshot = snapshot
    assert not await house.hub.pop(AGENT, pop())
    desk = await open_desk()
    await desk.say(type="draft", call_id="call-1", fields={"subject": "no heat"})
    await desk.say(type="nothing")
    await desk.say(type="ping")
    heard = [await desk.read() for _ in range(4)]
    assert await house.hub.pop(AGENT, pop())
    await house.hub.close_pop(AGENT, "call-1")
    heard += [await desk.read() for _ in range(3)]
    assert [one["type"] for one in heard] == [
        *("welcome", "refused", "pong", "draft"),
        *("pop", "draft", "pop_closed"),
    ]
    assert heard[0]["pop"]["call_id"] == "call-1"
    async with house.client() as http, http.get("/api/desk-messages.json") as answer:
        assert answer.status == 200
        schemas = (await answer.json())["components"]["schemas"]
    assert [one for message in heard for one in breaches(message, schemas["ServerMessage"], schemas)] == []
    assert breaches({**heard[5], "more": 1}, schemas["ServerMessage"], schemas) == [": field more"]


def test_the_command_prints_the_same_description() -> None:
    result = CliRunner().invoke(app, ["openapi", "--desk-messages"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == desk_messages()
