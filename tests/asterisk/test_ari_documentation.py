"""Our use of ARI against the server's own description of it.

Paths, parameters, events and their fields.
"""

import json
from types import ModuleType
from typing import Any, get_args

import aiohttp
import msgspec
import pytest

from ari_app.ari import bridges, channels, media, server
from ari_app.ari.events import AnyEvent
from ari_app.ari.model import (
    AsteriskInfo,
    Bridge,
    CallerId,
    Channel,
    ConfigInfo,
    ConfigTuple,
    DialplanPosition,
    Endpoint,
    LiveRecording,
    Model,
    Ping,
    Playback,
    RtpStatistics,
    StatusInfo,
    SystemInfo,
    Variable,
)
from ari_app.ari.rest import RequestKind
from ari_app.ari.server import UNUSED_EVENTS
from dev.asterisk import Asterisk
from tests.asterisk.ari_connection import new_client

Documentation = dict[str, Any]

MODULES: list[ModuleType] = [bridges, channels, media, server]
CALLS = [(name, call) for module in MODULES for name, call in vars(module).items() if isinstance(call, RequestKind)]
RESOURCES = (
    "applications",
    "asterisk",
    "bridges",
    "channels",
    "endpoints",
    "events",
    "playbacks",
    "recordings",
)
NAMES_IN_ARI = {
    "CallerId": "CallerID",
    "DialplanPosition": "DialplanCEP",
    "Ping": "AsteriskPing",
    "RtpStatistics": "RTPstat",
}
MODELS: list[type[Model]] = [
    AsteriskInfo,
    Bridge,
    CallerId,
    Channel,
    ConfigInfo,
    ConfigTuple,
    DialplanPosition,
    Endpoint,
    LiveRecording,
    Ping,
    Playback,
    RtpStatistics,
    StatusInfo,
    SystemInfo,
    Variable,
]


@pytest.fixture
async def documentation(asterisk: Asterisk) -> Documentation:
    """Return this Asterisk's operations by method and path, and its models."""
    at = asterisk.at
    operations: dict[tuple[str, str], Documentation] = {}
    models: dict[str, Documentation] = {}
    headers = {"Authorization": aiohttp.encode_basic_auth(at.user, at.password)}
    async with new_client(asterisk), aiohttp.ClientSession(headers=headers) as session:
        for resource in RESOURCES:
            async with session.get(f"{at.rest_url}/api-docs/{resource}.json") as response:
                assert response.status == 200
                described = json.loads(await response.read())
            models |= described["models"]
            for api in described["apis"]:
                for operation in api["operations"]:
                    operations[operation["httpMethod"], api["path"]] = operation
    return {"operations": operations, "models": models}


async def test_every_call_we_make_is_documented(documentation: Documentation) -> None:
    assert len(CALLS) > 30
    wrong = [problem for name, call in CALLS for problem in _problems(name, call, documentation["operations"])]
    assert wrong == []


async def test_every_event_we_decode_is_documented(documentation: Documentation) -> None:
    models = documentation["models"]
    wrong = [
        f"{event.__name__}.{field.encode_name}"
        for event in get_args(AnyEvent)
        for field in msgspec.structs.fields(event)
        if field.encode_name not in _properties(models, event.__name__)
    ]
    assert wrong == []
    assert set(UNUSED_EVENTS) <= set(models)
    assert not set(UNUSED_EVENTS) & {event.__name__ for event in get_args(AnyEvent)}, "filtered, so never decoded"


async def test_every_object_we_decode_is_documented(documentation: Documentation) -> None:
    models = documentation["models"]
    wrong = []
    for model in MODELS:
        described = models[NAMES_IN_ARI.get(model.__name__, model.__name__)]["properties"]
        for field in msgspec.structs.fields(model):
            if field.encode_name not in described:
                wrong.append(f"{model.__name__}.{field.encode_name}: unknown to Asterisk")
            elif field.required and not described[field.encode_name].get("required"):
                wrong.append(f"{model.__name__}.{field.encode_name}: Asterisk may leave it out")
    assert wrong == []


def test_every_object_is_compared() -> None:
    assert set(MODELS) == set(Model.__subclasses__())


def _problems(name: str, call: RequestKind, operations: dict[tuple[str, str], Documentation]) -> list[str]:
    operation = operations.get((call.method, call.path))
    if operation is None:
        return [f"{name}: no {call.method} {call.path}"]
    parameters = {(parameter["paramType"], parameter["name"]) for parameter in operation.get("parameters", [])}
    required = {
        parameter["name"]
        for parameter in operation.get("parameters", [])
        if parameter["paramType"] == "query" and parameter.get("required")
    }
    wanted = {("query", parameter) for parameter in call.query} | ({("body", call.body)} if call.body else set())
    problems = [f"{name}: no {kind} parameter {parameter}" for kind, parameter in wanted - parameters]
    return problems + [f"{name}: {parameter} is required" for parameter in required - set(call.query)]


def _properties(models: dict[str, Documentation], name: str) -> set[str]:
    """An event's own fields and those that every event has."""
    if name not in models:
        return set()
    return {field for model in (name, "Event", "Message") for field in models[model]["properties"]}
