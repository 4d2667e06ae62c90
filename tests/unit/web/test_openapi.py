"""The API's description: public, complete, and sound in itself."""

from typing import Any

from pydantic import BaseModel

from ari_app.web.openapi import describe, operation_id, references
from foundation.routes import EVERYONE, NoQuery, Request, Role, Routes
from tests.unit.web.conftest import House
from tests.unit.web.structure import faults


async def description(house: House) -> dict[str, Any]:
    async with house.client() as http, http.get("/api/openapi.json") as answer:
        assert answer.status == 200
        assert answer.content_type == "application/json"
        document: dict[str, Any] = await answer.json()
        return document


async def test_the_description_is_sound_and_has_every_route(house: House) -> None:
    document = await description(house)
    assert faults(document) == []
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert described == {(route.method, route.path) for route in house.server.routes}


async def test_operation_has_parameters_bodies_and_responses(house: House) -> None:
    document = await description(house)
    found = document["paths"]["/api/v1/things"]
    assert {one["name"] for one in found["get"]["parameters"]} == {"subject", "limit", "kinds", "above", "below"}
    (limit,) = [one for one in found["get"]["parameters"] if one["name"] == "limit"]
    assert (limit["in"], limit["required"], limit["schema"]["maximum"]) == ("query", False, 100)
    filed = found["post"]
    assert filed["x-roles"] == ["agent"]
    assert filed["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/FileThing"}
    assert set(filed["responses"]) == {"201", "400", "401", "403", "413", "415", "422", "503"}
    assert filed["security"] == [{"bearer": []}, {"cookie": []}]
    one = document["paths"]["/api/v1/things/{thing_id}"]
    assert [parameter["name"] for parameter in one["get"]["parameters"]] == ["thing_id"]
    assert set(one["delete"]["responses"]) == {"204", "400", "401", "403", "404", "409", "422", "503"}
    assert document["paths"]["/api/v1/notice"]["get"]["security"] == []
    assert "FindThings" not in document["components"]["schemas"]


def test_models_of_equal_name_do_not_clash() -> None:
    def feature(tag: str, kind: type) -> Routes:
        class Note(BaseModel):
            __module__ = f"features.{tag}"
            __annotations__ = {"text": kind}

        table = Routes(tag=tag)

        @table.add("GET", f"/{tag}", roles=EVERYONE, summary="A note", response=Note)
        async def note(_request: Request[None, NoQuery]) -> None:
            return None

        return table

    document = describe([*feature("one", int).table, *feature("two", str).table])
    assert faults(document) == []
    kinds = set()
    for tag in ("one", "two"):
        content = document["paths"][f"/api/v1/{tag}"]["get"]["responses"]["200"]["content"]["application/json"]
        name = content["schema"]["$ref"].rsplit("/", 1)[1]
        kinds.add(document["components"]["schemas"][name]["properties"]["text"]["type"])
    assert kinds == {"integer", "string"}


def test_operations_are_named_after_method_and_path() -> None:
    assert operation_id("GET", "/api/v1/tickets/{ticket_id}/left-open") == "get_tickets_by_ticket_id_left_open"
    assert operation_id("GET", "/api/openapi.json") == "get_api_openapi_json"


def test_a_default_may_be_left_out_of_requests_and_stands_in_responses() -> None:
    class Size(BaseModel):
        unit: str = "mm"

    class Thing(BaseModel):
        size: Size
        note: str | None = None

    table = Routes(tag="things")

    @table.add("PUT", "/thing", roles=EVERYONE, summary="Replace it", body=Thing, response=Thing)
    async def replace(_request: Request[Thing, NoQuery]) -> None:
        return None

    document = describe(table.table)
    schemas = document["components"]["schemas"]
    assert faults(document) == []
    assert {name: one.get("required") for name, one in schemas.items() if name.startswith(("Size", "Thing"))} == {
        "Size": ["unit"],
        "SizeRequest": None,
        "Thing": ["size", "note"],
        "ThingRequest": ["size"],
    }
    assert schemas["ThingRequest"]["properties"]["size"]["$ref"] == "#/components/schemas/SizeRequest"


async def test_structural_check_notices_faults(house: House) -> None:
    document = await description(house)
    assert next(references(document), None)
    document["paths"]["/api/v1/things"]["get"]["responses"]["200"] = {
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Nothing"}}}
    }
    document["paths"]["/api/v1/things/{thing_id}"]["get"]["parameters"] = []
    document["paths"]["/api/v1/notice"]["get"]["operationId"] = "get_things"
    document["paths"]["/api/v1/things"]["post"]["x-roles"] = ["anybody"]
    assert sorted(faults(document)) == [
        "GET /api/v1/notice: operationId get_things is used twice",
        "GET /api/v1/things/{thing_id}: path parameters [] instead of ['thing_id']",
        "GET /api/v1/things: response 200 has no description",
        "POST /api/v1/things: unknown role anybody",
        "unresolved #/components/schemas/Nothing",
    ]
    assert Role.AGENT
