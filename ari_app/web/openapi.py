"""Description of the API, OpenAPI 3.1, made from the route tables."""

import asyncio
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode
from pydantic_core.core_schema import DataclassField, ModelField, TypedDictField

from ari_app.web.deferred_requests import DeferredRequestView
from foundation.problems import ProblemDetails
from foundation.routes import PUBLIC, Download, File, NoQuery, Page, Request, Route, Routes

OPENAPI_PATH = "/api/openapi.json"
_PARAMETER = re.compile(r"{(\w+)}")
_SCHEMAS = "#/components/schemas/"
_REFERENCE = _SCHEMAS + "{model}"
_PROBLEMS = {
    400: "The request cannot be read",
    401: "Not signed in",
    403: "Not for this role, or not from this page",
    404: "Not found, or not to be seen by this role",
    409: "The present state does not allow it",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "A field breaks a rule; `errors` names it",
    429: "Too many requests",
    503: "Temporarily unavailable; nothing was changed",
}


def description_routes(declared: Sequence[Route], *, cookie: str) -> list[Route]:
    """Return the public route that describes all routes, itself included."""
    table = Routes(tag="description", prefix="")

    @cache
    def text() -> str:
        return json.dumps(describe([*declared, *table.table], cookie=cookie), ensure_ascii=False)

    @table.add("GET", OPENAPI_PATH, roles=PUBLIC, summary="Return this description", response=Page)
    async def openapi(_request: Request[None, NoQuery]) -> Page:
        # Made when first asked for: a process that restarts serves its callers first.
        return Page(await asyncio.to_thread(text), "application/json")

    return table.table


def describe(routes: Sequence[Route], *, cookie: str = "hotline") -> dict[str, Any]:
    """Return the OpenAPI document of these routes."""
    schemas = _Schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Hotline", "version": "1", "summary": "Calls, tickets, recordings and desks of the hotline"},
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "tags": [{"name": tag} for tag in sorted({route.tag for route in routes})],
        "paths": paths,
        "components": {
            "schemas": schemas.definitions,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": cookie},
            },
        },
    }
    _drop_unused(document)
    return document


def operation_id(method: str, path: str) -> str:
    """Return the name of an operation: `get_tickets_by_ticket_id`.

    Method and path are unique together, and so is the name; it changes only where the route itself does.
    """
    words = _PARAMETER.sub(r"by_\1", path.removeprefix("/api/v1/"))
    return f"{method.lower()}_{re.sub(r'[^A-Za-z0-9]+', '_', words).strip('_')}"


class _Generator(GenerateJsonSchema):
    """Generator of schemas; a response has all its fields, defaults too."""

    def field_is_required(self, field: ModelField | DataclassField | TypedDictField, total: bool) -> bool:
        """Return whether a field is always there."""
        return self.mode == "serialization" or super().field_is_required(field, total)


class _Schemas:
    """Schemas of all routes, made together so that names do not clash.

    A model of both directions with defaults has two schemas: a request may leave those fields out, a response has them.
    `FormField` is the response's, `FormFieldRequest` the request's.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        wanted: set[tuple[Any, JsonSchemaMode]] = {(ProblemDetails, "serialization")}
        wanted.update(one for route in routes for one in _mentioned(route))
        inputs = [(kind, mode, TypeAdapter(kind)) for kind, mode in sorted(wanted, key=repr)]
        made, rest = TypeAdapter.json_schemas(inputs, ref_template=_REFERENCE, schema_generator=_Generator)
        self._made = {key: _renamed(schema) for key, schema in made.items()}
        definitions: dict[str, Any] = _renamed(rest.get("$defs", {}))
        self.definitions = {_name(name): schema for name, schema in definitions.items()}

    def of(self, kind: Any, mode: JsonSchemaMode) -> dict[str, Any]:
        """Return the schema of a type, for input (`validation`) or output (`serialization`)."""
        found: dict[str, Any] = self._made[kind, mode]
        return found

    def resolved(self, kind: type[BaseModel]) -> dict[str, Any]:
        """Return the schema of an input model itself, not a reference."""
        schema = self.of(kind, "validation")
        reference = schema.get("$ref")
        return self.definitions[reference.rsplit("/", 1)[1]] if reference else schema


def _name(made: str) -> str:
    """Return the published name of a schema that pydantic named."""
    return re.sub(r"-Input$", "Request", made.removesuffix("-Output"))


def _renamed(node: Any) -> Any:
    """Return a schema that refers to others by their published names."""
    if isinstance(node, list):
        return [_renamed(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _SCHEMAS + _name(value.removeprefix(_SCHEMAS))
        if key == "$ref" and isinstance(value, str)
        else _renamed(value)
        for key, value in node.items()
    }


def _operation(route: Route, schemas: _Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": operation_id(route.method, route.path),
        "summary": route.summary,
        "tags": [route.tag],
        "x-roles": sorted(role.value for role in route.roles),
        **({"x-action": str(route.action)} if route.action else {}),
        "parameters": [*_path_parameters(route.path), *_query_parameters(route, schemas)],
        "responses": {
            str(204 if route.response is None else route.status): _success(route, schemas),
            **_refusals(route, schemas),
            **({"202": _deferred(schemas)} if route.deferrable else {}),
        },
        "security": [] if route.public else [{"bearer": []}, {"cookie": []}],
    }
    if route.once:
        operation["parameters"].append(_idempotency_key())
    if route.body is not None:
        content = {"application/json": {"schema": schemas.of(route.body, "validation")}}
        operation["requestBody"] = {"required": True, "content": content}
    if route.upload_bytes:
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _path_parameters(path: str) -> list[dict[str, Any]]:
    schema = {"type": "string", "minLength": 1, "maxLength": 128}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in _PARAMETER.findall(path)]


def _query_parameters(route: Route, schemas: _Schemas) -> list[dict[str, Any]]:
    model = schemas.resolved(route.query)
    required = set(model.get("required", ()))
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": {key: value for key, value in schema.items() if key != "description"},
            **({"description": schema["description"]} if "description" in schema else {}),
        }
        for name, schema in model.get("properties", {}).items()
    ]


def _idempotency_key() -> dict[str, Any]:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Repeat a request with the same key, and it is carried out once.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 128},
    }


def _success(route: Route, schemas: _Schemas) -> dict[str, Any]:
    if route.response is None:
        return {"description": "Done"}
    if route.response is File:
        return {"description": "The file, with ranges", "content": {"*/*": {}}}
    if route.response is Download:
        return {"description": "The file", "content": {"*/*": {}}}
    if route.response is Page:
        return {"description": "Text of the named type", "content": {"*/*": {}}}
    return {
        "description": "Done",
        "content": {"application/json": {"schema": schemas.of(route.response, "serialization")}},
    }


def _deferred(schemas: _Schemas) -> dict[str, Any]:
    return {
        "description": "The database is away: the request is stored, and carried out once when it is back",
        "content": {"application/json": {"schema": schemas.of(DeferredRequestView, "serialization")}},
    }


def _refusals(route: Route, schemas: _Schemas) -> dict[str, Any]:
    statuses = {400, 422, *route.problems}
    if not route.public:
        statuses |= {401, 403, 503}
    if route.body is not None:
        statuses |= {413, 415}
    if route.upload_bytes:
        statuses.add(413)
    if _PARAMETER.search(route.path):
        statuses.add(404)
    problem = {"application/problem+json": {"schema": schemas.of(ProblemDetails, "serialization")}}
    return {
        str(status): {"description": _PROBLEMS.get(status, "Refused"), "content": problem}
        for status in sorted(statuses)
    }


def _mentioned(route: Route) -> Iterator[tuple[Any, JsonSchemaMode]]:
    yield route.query, "validation"
    if route.body is not None:
        yield route.body, "validation"
    if route.deferrable:
        yield DeferredRequestView, "serialization"
    if route.response not in {None, Download, File, Page}:
        yield route.response, "serialization"


def _drop_unused(document: dict[str, Any]) -> None:
    """Models of queries have become parameters: nothing points at them any more."""
    definitions = document["components"]["schemas"]
    while unused := definitions.keys() - {one.rsplit("/", 1)[1] for one in references(document)}:
        for name in unused:
            del definitions[name]


def references(node: Any) -> Iterator[str]:
    """Every `$ref` in a document."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)
