"""A recording that a ticket names has to exist."""

from typing import Any

from foundation.routes import Role
from recordings.model import RecordingKind
from tests.unit.security.conftest import Office

NOWHERE = "rec-" + "0" * 26
REFUSAL = {"reason": "not_our_area", "explanation": "该户不在本工区范围内"}


async def told(office: Office, role: Role, path: str, body: dict[str, Any]) -> tuple[int, list[str]]:
    async with office.client(role) as http, http.post(f"/api/v1{path}", json=body) as answer:
        found = await answer.json()
        return answer.status, [one["field"] for one in found.get("errors", [])]


async def test_only_a_recording_that_exists_is_attached_or_evidence_of_a_refusal(office: Office) -> None:
    async with office.client(Role.AGENT) as http:
        async with http.post("/api/v1/tickets", json={"kind": "complaint", "subject": "服务态度"}) as answer:
            ticket = f"/tickets/{(await answer.json())['id']}"
        async with http.post(f"/api/v1{ticket}/dispatch", json={"department_id": office.place.east}) as answer:
            assert answer.status == 200
    recording = (await office.recorded.begin("call-1", RecordingKind.CONVERSATION)).id

    assert await told(office, Role.AGENT, f"{ticket}/attachments", {"recording_id": NOWHERE}) == (422, ["recording_id"])
    refused = await told(office, Role.DEPARTMENT, f"{ticket}/refuse", {**REFUSAL, "evidence_recording_id": NOWHERE})
    assert refused == (422, ["evidence_recording_id"])
    async with office.client(Role.AGENT) as http, http.get(f"/api/v1{ticket}") as answer:
        found = await answer.json()
        assert (found["status"], found["attachments"], found["refusals"]) == ("dispatched", [], [])

    assert (await told(office, Role.AGENT, f"{ticket}/attachments", {"recording_id": recording}))[0] == 201
    evidence = {**REFUSAL, "evidence_recording_id": recording}
    assert (await told(office, Role.DEPARTMENT, f"{ticket}/refuse", evidence))[0] == 200
