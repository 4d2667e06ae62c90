"""No route saves a masked value over the real one (S29)."""

from collections.abc import Iterator
from typing import Annotated, Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from crm.personal_data.fields import SEES, Personal, shown
from crm.personal_data.serializer import personal_fields
from crm.tickets.inputs import Reporter
from crm.tickets.views import ReporterView
from foundation.routes import Role, Route
from tests.unit.security.conftest import Office

SAMPLES: dict[Personal, list[str]] = {
    Personal.NAME: ["欧阳锋", "王芳", "Zhao Lei"],
    Personal.ADDRESS: ["幸福路12号3单元402", "河滨小区三栋"],
    Personal.NUMBER: ["+8613800000001", "+8645188888888"],
    Personal.TEXT: ["请打13800000001，怕狗", "电话 0451-88888888"],
}
EXTENSIONS = ["802"]
REPLACING = ("PATCH", "PUT")
REPLACES_BY_POST = {"/api/v1/tickets/{ticket_id}/correct"}
ADDS = {
    *("/api/v1/customers", "/api/v1/tickets", "/api/v1/handovers", "/api/v1/handovers/{handover_id}/acknowledge"),
    *("/api/v1/service-levels/improvements", "/api/v1/service-levels/improvements/{action_id}/done"),
}
"""Their texts are new ones: a masked number in them takes no other's place."""
SHOWN_ELSEWHERE: dict[type[BaseModel], type[BaseModel]] = {Reporter: ReporterView}
"""Bodies that another view than the route's response shows."""


def models(kind: Any) -> Iterator[type[BaseModel]]:
    """Return every model within a type."""
    for one in (kind, *get_args(kind)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            yield one
            for field in one.model_fields.values():
                yield from models(field.annotation)
        elif one is not kind:
            yield from models(one)


def masked_fields(route: Route) -> Iterator[tuple[type[BaseModel], str, Personal]]:
    """Return a body's fields that some roles of the route see masked."""
    assert route.body is not None
    seen: dict[str, Personal] = {}
    for view in models(route.response):
        seen |= personal_fields(view)
    hidden = {kind for role in route.roles for kind in SAMPLES if kind not in SEES[role]}
    for body in models(route.body):
        kinds = personal_fields(SHOWN_ELSEWHERE[body]) if body in SHOWN_ELSEWHERE else seen
        for name in body.model_fields:
            kind = Personal.NUMBER if name == "phones" and "number" in kinds else kinds.get(name)
            if kind in hidden and kind is not None:
                yield body, name, kind


def takes(body: type[BaseModel], name: str, value: str) -> bool:
    """Return whether a field takes a value, alone or within another."""
    field = body.model_fields[name]
    kind: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    for form in (value, [value], {"x": value}, {"x": [value]}):
        try:
            TypeAdapter(kind).validate_python(form)
        except ValidationError:
            continue
        return True
    return False


async def test_s29_a_masked_value_is_refused_where_it_would_replace_the_real_one(office: Office) -> None:
    wrong, walked = [], set()
    for route in (route for table in office.business.routes() for route in table.table):
        if route.body is None or route.public:
            continue
        replaces = route.method in REPLACING or route.path in REPLACES_BY_POST
        for body, name, kind in masked_fields(route):
            if kind is Personal.TEXT and not replaces:
                assert route.path in ADDS, f"{route.path} replaces texts, or is to be listed as one that adds"
                continue
            walked.add(f"{body.__name__}.{name}")
            for sample in EXTENSIONS if name == "extension" else SAMPLES[kind]:
                mask = shown(sample, kind, None)
                if not takes(body, name, sample):
                    wrong.append(f"{route.method} {route.path}: {name} refuses {sample}")
                if takes(body, name, mask):
                    wrong.append(f"{route.method} {route.path}: {name} takes {mask}")

    assert wrong == []
    assert walked >= {
        *(f"CustomerChange.{name}" for name in ("name", "address", "notes", "phones", "consent_source")),
        *(f"Correct.{name}" for name in ("subject", "description", "address", "form")),
        *("Reporter.name", "Reporter.number", "CustomerInput.name", "FileTicket.address"),
    }


@pytest.mark.parametrize("field", ["name", "address", "notes"])
async def test_s29_what_an_administrator_sees_cannot_be_sent_back(office: Office, field: str) -> None:
    path = f"/api/v1/customers/{office.place.wang.id}"
    stored = {"notes": "请打13800000001", "address": "幸福路12号3单元402"}
    async with office.client(Role.SUPERVISOR) as http, http.patch(path, json=stored) as answer:
        assert answer.status == 200
    async with office.client(Role.ADMINISTRATOR) as http:
        async with http.get(path) as answer:
            seen = await answer.json()
        assert "*" in seen[field]
        async with http.patch(path, json={"version": seen["version"], field: seen[field], "area": "城北"}) as answer:
            assert answer.status == 422
            assert [one["field"] for one in (await answer.json())["errors"]] == [field]
