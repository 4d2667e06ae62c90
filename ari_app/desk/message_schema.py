"""Description of the desk's messages, made from their types.

It is an OpenAPI document without paths, so that the tool that makes a console's types from the API's description reads
this one too: `ServerMessage` and `DeskCommand` are the unions of all messages in each direction.
"""

from typing import Any

import msgspec

from ari_app.desk.command_model import AnyCommand
from ari_app.desk.model import ServerMessage
from ari_app.desk.socket import PATH, SUBPROTOCOL, CloseCode, SocketLimits

SCHEMA_PATH = "/api/desk-messages.json"
_REFERENCE = "#/components/schemas/"
_DIRECTIONS = {"ServerMessage": ServerMessage, "DeskCommand": AnyCommand}


def desk_messages() -> dict[str, Any]:
    """Return the document."""
    limits = SocketLimits()
    return {
        "openapi": "3.1.0",
        "info": {"title": "Hotline, the desk's WebSocket", "version": "1"},
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "paths": {},
        "components": {"schemas": _schemas()},
        "x-websocket": {
            "path": PATH,
            "subprotocol": SUBPROTOCOL,
            "ticket": "POST /api/v1/desk/ticket",
            "receive": {"$ref": f"{_REFERENCE}ServerMessage"},
            "send": {"$ref": f"{_REFERENCE}DeskCommand"},
            "close_codes": {code.name.lower(): code.value for code in CloseCode},
            "message_bytes": limits.message_bytes,
            "messages_per_s": limits.messages_per_s,
            "heartbeat_s": limits.heartbeat_s,
        },
    }


def _schemas() -> dict[str, Any]:
    unions, schemas = msgspec.json.schema_components(_DIRECTIONS.values(), ref_template=_REFERENCE + "{name}")
    schemas |= zip(_DIRECTIONS, unions, strict=True)
    # The service sends every field; a command may leave out those with a default.
    for name in _reached("ServerMessage", schemas):
        if "properties" in schemas[name]:
            schemas[name]["required"] = [*schemas[name]["properties"]]
    return schemas


def _reached(name: str, schemas: dict[str, Any]) -> set[str]:
    """Return a schema and all it refers to, by name."""
    found, waiting = set(), [name]
    while waiting:
        if (one := waiting.pop()) not in found:
            found.add(one)
            waiting += _named(schemas[one])
    return found


def _named(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for one in node for name in _named(one)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"].removeprefix(_REFERENCE)] if isinstance(node.get("$ref"), str) else []
    return [*own, *(name for one in node.values() for name in _named(one))]
