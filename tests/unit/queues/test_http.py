"""The routes translate, and let in only whom they name."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from ari_app.queues.errors import AgentNotSignedIn
from ari_app.queues.hours import QueueHours
from ari_app.queues.http import PauseInput, routes
from ari_app.queues.model import AgentState
from crm.sla.hours import WorkingHours
from foundation.routes import NoQuery, Principal, Request, Role
from tests.unit.queues.conftest import Floor


async def call(floor: Floor, method: str, path: str, body: Any = None, hours: QueueHours | None = None) -> Any:
    (route,) = [r for r in routes(floor.service, hours=hours).table if (r.method, r.path) == (method, f"/api/v1{path}")]
    principal = Principal(staff_id="anna", staff_number="1001", name="Anna", role=Role.AGENT)
    return await route.handler(Request(principal=principal, path={}, query=NoQuery(), body=body))


async def test_an_agent_switches_between_ready_and_not_ready(floor: Floor) -> None:
    with pytest.raises(AgentNotSignedIn):
        await call(floor, "POST", "/agents/me/ready")
    await floor.service.sign_in("anna", ["repair"])
    assert (await call(floor, "POST", "/agents/me/ready")).state is AgentState.READY
    paused = await call(floor, "POST", "/agents/me/not-ready", PauseInput(reason="午休"))
    assert (paused.state, paused.reason) == (AgentState.NOT_READY, "午休")
    assert (await call(floor, "GET", "/agents/me")).reason == "午休"


async def test_wrap_up_is_seen_with_its_end_and_ended(floor: Floor) -> None:
    await floor.agent_ready("anna")
    await floor.service.enter("call-1", "repair")
    await floor.service.connected(floor.offers[0].reservation_id)
    assert (await call(floor, "GET", "/agents/me")).until_ms is None
    await floor.service.finished("anna", "call-1")
    assert (await call(floor, "GET", "/agents/me")).until_ms == floor.clock.ms + 45_000
    assert (await call(floor, "POST", "/agents/me/wrap-up-done")).state is AgentState.READY


async def test_supervisors_see_queues_and_agents(floor: Floor) -> None:
    await floor.agent_ready("bert")
    await floor.service.enter("call-1", "repair")
    await floor.service.enter("call-2", "repair")
    floor.clock.pass_s(3)
    views = {view.name: view for view in await call(floor, "GET", "/queues")}
    repair = views["repair"]
    assert (repair.waiting, repair.ringing, repair.longest_wait_ms) == (2, 1, 3000)
    assert repair.agents == {AgentState.RESERVED: 1}
    assert repair.open
    assert [agent.agent_id for agent in await call(floor, "GET", "/agents")] == ["bert"]


def test_no_route_is_public_and_only_supervisors_list_agents(floor: Floor) -> None:
    table = {(route.method, route.path): route for route in routes(floor.service).table}
    assert not any(route.public or not route.roles for route in table.values())
    assert table["GET", "/api/v1/agents"].roles == {Role.SUPERVISOR, Role.ADMINISTRATOR}


def test_quality_reads_the_names_of_queues(floor: Floor) -> None:
    (queues,) = [one for one in routes(floor.service).table if (one.method, one.path) == ("GET", "/api/v1/queues")]
    assert Role.QUALITY in queues.roles


@pytest.mark.parametrize("reason", ["", " ", "x" * 41, "<script>", "a\nb"])
def test_a_reason_is_a_few_plain_words(reason: str) -> None:
    with pytest.raises(ValidationError):
        PauseInput(reason=reason)


async def test_a_queue_out_of_its_hours_is_seen_as_closed(floor: Floor) -> None:
    hours = WorkingHours.model_validate({"workday": [{"opens": "08:00", "closes": "18:00"}]})
    settings = floor.service.queues["repair"].model_copy(update={"hours": hours})
    floor.service.take_settings({**floor.service.queues, "repair": settings})
    for hour, is_open in ((3, False), (9, True)):
        clock = QueueHours(now=lambda hour=hour: datetime(2026, 11, 30, hour, tzinfo=UTC))  # type: ignore[misc]
        views = {view.name: view for view in await call(floor, "GET", "/queues", hours=clock)}
        assert views["repair"].open is is_open
