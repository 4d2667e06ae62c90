"""Attacks on call centres, tried on the real server (FAULTS.md S)."""

import io
import json
import zipfile

import pytest

from crm.customers.model import CustomerInput
from foundation.routes import Role
from tests.unit.security.conftest import PASSWORD, Office
from tests.unit.web.walk import walk

INJECTIONS = [
    "','',sleep(6));#",
    "' OR '1'='1",
    "1'; DROP TABLE customer;--",
    "x' UNION SELECT password_hash FROM staff--",
    "\\",
    "\u0000",
]


async def test_s8_every_route_lets_in_exactly_its_roles(office: Office) -> None:
    assert len(office.server.routes) > 60
    assert await walk(office.url, office.server.routes, office.tokens) == []


@pytest.mark.parametrize("injection", INJECTIONS)
async def test_s1_no_sign_in_and_no_token_is_a_query(office: Office, injection: str) -> None:
    async with office.client() as http:
        for body in (
            {"staff_number": injection, "password": PASSWORD},
            {"staff_number": "1001", "password": injection},
        ):
            async with http.post("/api/v1/session", json=body) as answer:
                assert answer.status in {401, 422}
    if "\u0000" not in injection:
        async with office.client(Authorization=f"Bearer {injection}") as http, http.get("/api/v1/staff") as answer:
            assert answer.status == 401


@pytest.mark.parametrize("injection", INJECTIONS)
async def test_s2_s3_what_is_asked_for_is_never_a_statement(office: Office, injection: str) -> None:
    async with office.client(Role.SUPERVISOR) as http:
        for path in ("/api/v1/customers", "/api/v1/tickets", "/api/v1/calls"):
            for name in ("sort", "order", "limit", "after", "status", "text", "offset"):
                async with http.get(path, params={name: injection}) as answer:
                    assert answer.status in {200, 422}, (path, name)
                    if name in {"sort", "order", "offset"}:
                        assert answer.status == 422
        async with http.get("/api/v1/customers", params={"text": "王秀英"}) as answer:
            assert [found["id"] for found in await answer.json()] == [office.place.wang.id]


async def test_s4_wildcards_are_text_and_long_ones_are_refused(office: Office) -> None:
    async with office.client(Role.AGENT) as http:
        for text in ("%%", "__", "\\%", "%_%_"):
            async with http.get("/api/v1/customers", params={"text": text}) as answer:
                assert (answer.status, await answer.json()) == (200, [])
        async with http.get("/api/v1/customers", params={"text": "_" * 500}) as answer:
            assert answer.status == 422
        async with http.get("/api/v1/customers", params={"text": "%" * 4096}) as answer:
            assert answer.status == 400, "longer than a request line may be"


async def test_s7_what_lies_with_others_does_not_exist(office: Office) -> None:
    async with office.client(Role.AGENT) as http:
        fault = office.place.fault().model_dump(mode="json", exclude_unset=True)
        async with http.post("/api/v1/tickets", json=fault) as answer:
            ticket = await answer.json()
        async with http.post(
            f"/api/v1/tickets/{ticket['id']}/dispatch", json={"department_id": office.place.west}
        ) as answer:
            assert answer.status == 200, await answer.text()
    async with office.client(Role.DEPARTMENT) as http:
        nobody = ticket["id"][:-1] + ("0" if ticket["id"][-1] != "0" else "1")
        answers = []
        for ticket_id in (ticket["id"], nobody):
            for method, path, body in (
                ("GET", "", None),
                ("POST", "/looks", {"reason": "just looking"}),
                ("POST", "/sign", {}),
            ):
                async with http.request(method, f"/api/v1/tickets/{ticket_id}{path}", json=body) as answer:
                    problem = await answer.json()
                    answers.append((method, path, answer.status, problem["type"]))
        assert {status for _, _, status, _ in answers} == {404}
        assert answers[:3] == answers[3:]
        async with http.get(f"/api/v1/customers/{office.place.wang.id}") as answer:
            assert answer.status == 403


async def test_s38_a_body_with_further_fields_is_refused(office: Office) -> None:
    wang = f"/api/v1/customers/{office.place.wang.id}"
    async with office.client(Role.AGENT) as http:
        for extra in (
            {"id": "x"},
            {"legal_hold": ""},
            {"merged_into": None},
            {"erased_at": None},
            {"role": "administrator"},
        ):
            async with http.patch(wang, json={"name": "x", **extra}) as answer:
                assert answer.status == 422, extra
        async with http.get(wang) as answer:
            assert (await answer.json())["name"] == "王秀英"
    async with office.client(Role.AGENT, Origin="https://evil.example") as http, http.patch(wang, json={}) as answer:
        assert answer.status == 403
    async with (
        office.client(Cookie=f"hotline={office.tokens[Role.AGENT]}") as http,
        http.patch(wang, json={"name": "x"}) as answer,
    ):
        assert answer.status == 403
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


async def test_s39_ids_cannot_be_guessed(office: Office) -> None:
    made = [
        await office.business.customers.create(CustomerInput(account_number=f"700{n}", name="x")) for n in range(20)
    ]
    tails = {customer.id[-16:] for customer in made}
    assert len(tails) == 20
    assert len({tail[:4] for tail in tails}) > 10


async def test_s13_a_file_that_is_too_large_is_refused(office: Office) -> None:
    async with office.client(Role.SUPERVISOR) as http:
        async with http.post("/api/v1/customer-imports", data=b"account_number,name\n6001,a\n") as answer:
            assert answer.status == 202
        headers = {"Content-Length": str(2 * 1024**3)}
        async with http.post("/api/v1/customer-imports", data=b"", headers=headers) as answer:
            assert answer.status == 413


CANARY_NUMBER, CANARY_NAME = "13900007531", "金丝雀查理"


async def test_s29_a_canary_is_seen_only_by_permitted_roles(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    paths = await _release(office)
    seen: dict[Role | None, dict[str, set[str]]] = {}
    for role in [None, *Role]:
        async with office.client(role) as http:
            for path in [*paths, "/metrics", "/healthz", "/api/v1/openapi.json"]:
                async with http.get(path) as answer:
                    text = _texts(await answer.read())
                for secret in (CANARY_NUMBER, CANARY_NAME):
                    if secret in text:
                        seen.setdefault(role, {}).setdefault(secret, set()).add(path)

    assert not {
        role: paths for role, paths in seen.items() if role not in {Role.AGENT, Role.SUPERVISOR, Role.DEPARTMENT}
    }
    assert seen[Role.AGENT].keys() == {CANARY_NUMBER, CANARY_NAME}
    assert not seen.get(Role.DEPARTMENT, {}).get(CANARY_NUMBER)
    logged = capsys.readouterr()
    assert CANARY_NUMBER not in logged.out + logged.err
    assert CANARY_NAME not in logged.out + logged.err


def _texts(content: bytes) -> str:
    """Return all text of a response, those in a spreadsheet's parts included."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content.decode()
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return "".join(packed.read(name).decode() for name in packed.namelist())


async def _release(office: Office) -> list[str]:
    """Put the canary into every typed field; return the readable paths."""
    async with office.client(Role.AGENT) as http:
        person = {"account_number": "70010001", "name": CANARY_NAME, "phones": [CANARY_NUMBER], "notes": CANARY_NUMBER}
        async with http.post("/api/v1/customers", json=person) as answer:
            customer = await answer.json()
        given = office.place.fault(
            CANARY_NUMBER,
            description=f"回电{CANARY_NUMBER}",
            reporter={"customer_id": customer["id"], "number": CANARY_NUMBER, "name": CANARY_NAME},
        )
        body = json.loads(given.model_dump_json(exclude_unset=True))
        async with http.post("/api/v1/tickets", json=body) as answer:
            ticket = await answer.json()
        # Errors name fields and rules, never values.
        for wrong in (
            {"name": CANARY_NAME, "phones": [CANARY_NUMBER], "account_number": "70010001"},
            {"x": CANARY_NUMBER},
        ):
            async with http.post("/api/v1/customers", json=wrong) as answer:
                assert answer.status in {409, 422}
                assert CANARY_NUMBER not in await answer.text()
    ids = {"customer_id": customer["id"], "ticket_id": ticket["id"]}
    known = []
    for route in office.server.routes:
        path = route.path.format_map(_Known(ids))
        if route.method == "GET" and "{" not in path:
            known.append(path)
    assert f"/api/v1/tickets/{ticket['id']}" in known
    return known


class _Known(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"
