"""Pauses, dispositions, wrap-up and figures of an agent."""

from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from ari_app.queues.errors import NothingToWrapUp, WrapUpFixed
from ari_app.queues.model import AgentState, DeclineReason
from ari_app.work.desk_file import DESK_FILE, SHIPPED, DeskChoices, IntakeScript, read_desk
from ari_app.work.errors import DispositionNeeded, UnknownDisposition
from ari_app.work.facts import FactKeeper
from ari_app.work.model import RESULT_MISSING, DispositionInput
from ari_app.work.service import AgentWork
from crm.history.model import CallRecord
from crm.kinds import TicketKind
from crm.tickets.errors import FormNotFilled
from crm.tickets.forms.model import FieldKind, FormField, FormInput
from crm.tickets.forms.service import FormService
from crm.tickets.model import Actor
from foundation.clock import utc_now
from foundation.database import Database
from foundation.problems import Forbidden
from foundation.routes import Principal, Role
from recordings.model import Recording
from tests.unit.queues.conftest import Floor

ANNA = Principal("anna", "1001", "Anna", Role.AGENT)
BERT = Principal("bert", "1002", "Bert", Role.AGENT)
CAROL = Principal("carol", "3001", "Carol", Role.SUPERVISOR)


async def talk(floor: Floor, call_id: str, queue: str, seconds: float = 10) -> None:
    """Let Anna take a call and begin its wrap-up."""
    await floor.agent_ready("anna", "repair", "consult")
    await floor.service.enter(call_id, queue)
    await floor.service.connected(floor.offers.pop().reservation_id)
    floor.clock.pass_s(seconds)
    await floor.service.finished("anna", call_id)


def record(call_id: str, **changes: object) -> CallRecord:
    given = {"direction": "inbound", "agent_id": "anna", "queue": "repair", "outcome": "answered", "talk_ms": 60_000}
    return CallRecord.model_validate({"id": call_id, "started_at": utc_now(), **given, **changes})


async def test_wrap_up_of_a_queue_that_wants_a_result_ends_with_it(floor: Floor, work: AgentWork) -> None:
    await talk(floor, "call-1", "repair")
    with pytest.raises(DispositionNeeded):
        await work.check_finished("anna")
    with pytest.raises(UnknownDisposition) as refused:
        await work.dispose(ANNA, "call-1", DispositionInput(code="nothing"))
    assert refused.value.errors[0].field == "code"
    for code in ("filed", "other"):
        assert (await work.dispose(ANNA, "call-1", DispositionInput(code=code))).code == code
    stored = await work.disposition("call-1")
    assert stored is not None
    assert (stored.code, stored.staff_id) == ("other", "anna")
    await work.check_finished("anna")
    await floor.service.wrap_up_done("anna")
    await talk(floor, "call-2", "consult")
    await work.check_finished("anna")


async def test_call_dialled_in_wrap_up_needs_no_result_and_takes_none_away(floor: Floor, work: AgentWork) -> None:
    await talk(floor, "call-1", "repair")
    for stored in (False, True):
        await floor.service.occupied("anna", "call-out")
        if stored:
            await work.dispose(ANNA, "call-out", DispositionInput(code="other"))
        await floor.service.finished("anna", "call-out")
        with pytest.raises(DispositionNeeded, match="call-1"):
            await work.check_finished("anna")
    await work.dispose(ANNA, "call-1", DispositionInput(code="filed"))
    await floor.service.occupied("anna", "call-again")
    await floor.service.finished("anna", "call-again")
    floor.clock.pass_s(60)
    await floor.service.sweep()
    assert (await floor.service.agent("anna")).state is AgentState.READY, "the result is stored: the time ends it"


async def test_result_of_a_past_call_is_said_by_its_agent_or_a_supervisor(database: Database, work: AgentWork) -> None:
    async with database.write() as session:
        session.add(record("call-1"))
    with pytest.raises(Forbidden):
        await work.dispose(BERT, "call-1", DispositionInput(code="filed"))
    with pytest.raises(Forbidden):
        await work.dispose(ANNA, "call-unknown", DispositionInput(code="filed"))
    assert (await work.dispose(ANNA, "call-1", DispositionInput(code="filed"))).staff_id == "anna"
    assert (await work.dispose(CAROL, "call-1", DispositionInput(code="other"))).staff_id == "carol"


async def test_result_of_a_group_asks_for_facts_and_keeps_their_words(floor: Floor, work: AgentWork) -> None:
    await talk(floor, "call-1", "repair")
    with pytest.raises(UnknownDisposition):
        await work.dispose(ANNA, "call-1", DispositionInput(code="money"))
    with pytest.raises(FormNotFilled) as refused:
        await work.dispose(ANNA, "call-1", DispositionInput(code="refund", answers={"side": "nobody", "more": 1}))
    assert {one.field for one in refused.value.errors} == {"form.amount", "form.side", "form.more"}
    with pytest.raises(DispositionNeeded):
        await work.check_finished("anna")
    answers = {"amount": 12.5, "side": "ours"}
    stored = await work.dispose(ANNA, "call-1", DispositionInput(code="refund", answers=answers))
    assert (stored.zh, stored.en) == ("费用 / 退款", "money / refund")
    assert [(one.name, one.zh, one.value, one.value_zh, one.value_en) for one in stored.answers] == [
        ("amount", "金额", "12.5", "12.5", "12.5"),
        ("side", "责任", "ours", "我方", "ours"),
    ]
    assert await work.disposition("call-1") == stored
    await work.check_finished("anna")


async def test_result_asks_for_the_form_that_is_in_force(floor: Floor, work: AgentWork, database: Database) -> None:
    await talk(floor, "call-1", "repair")
    with pytest.raises(FormNotFilled):
        await work.dispose(ANNA, "call-1", DispositionInput(code="returned"))
    only_product = FormInput(fields=[FormField(name="product", kind=FieldKind.TEXT, zh="产品", en="Product")])
    await FormService(database).replace(TicketKind.AFTER_SALES, only_product, 0, Actor.of(CAROL))
    stored = await work.dispose(ANNA, "call-1", DispositionInput(code="returned", answers={"product": "boiler"}))
    assert [(one.name, one.value) for one in stored.answers] == [("product", "boiler")]


async def test_wrap_up_without_its_result_lasts_to_the_cap_and_then_pauses(floor: Floor, work: AgentWork) -> None:
    await talk(floor, "call-1", "repair")
    floor.clock.pass_s(31)
    await floor.service.sweep()
    anna = await floor.service.agent("anna")
    assert (anna.state, anna.until_ms) == (AgentState.WRAP_UP, anna.since_ms + 900_000)
    floor.clock.pass_s(900)
    await floor.service.sweep()
    anna = await floor.service.agent("anna")
    assert (anna.state, anna.reason) == (AgentState.NOT_READY, RESULT_MISSING)
    assert RESULT_MISSING in {one.code for one in work.pause_reasons()}
    await floor.service.ready("anna")
    await talk(floor, "call-2", "repair")
    await work.dispose(ANNA, "call-2", DispositionInput(code="other"))
    floor.clock.pass_s(31)
    await floor.service.sweep()
    assert (await floor.service.agent("anna")).state is AgentState.READY


@pytest.mark.parametrize(
    ("queue", "before", "extended", "after"),
    [("none", AgentState.READY, None, AgentState.READY), ("fixed", AgentState.WRAP_UP, False, AgentState.READY)],
)
async def test_wrap_up_ends_as_its_mode_says(
    floor: Floor, queue: str, before: AgentState, extended: bool | None, after: AgentState
) -> None:
    await floor.agent_ready("anna", queue)
    await floor.service.enter("call-1", queue)
    await floor.service.connected(floor.offers.pop().reservation_id)
    await floor.service.finished("anna", "call-1")
    assert (await floor.service.agent("anna")).state is before
    with pytest.raises(WrapUpFixed if extended is False else NothingToWrapUp):
        await floor.service.extend_wrap_up("anna", 60)
    floor.clock.pass_s(31)
    await floor.service.sweep()
    assert (await floor.service.agent("anna")).state is after


async def test_wrap_up_until_done_ends_at_its_cap(floor: Floor) -> None:
    await floor.agent_ready("anna", "until_done")
    await floor.service.enter("call-1", "until_done")
    await floor.service.connected(floor.offers.pop().reservation_id)
    await floor.service.finished("anna", "call-1")
    floor.clock.pass_s(119)
    await floor.service.sweep()
    assert (await floor.service.agent("anna")).state is AgentState.WRAP_UP
    floor.clock.pass_s(1)
    await floor.service.sweep()
    assert (await floor.service.agent("anna")).state is AgentState.READY


async def test_wrap_up_is_extended_within_bounds(floor: Floor) -> None:
    with pytest.raises(NothingToWrapUp):
        await floor.service.extend_wrap_up("anna", 60)
    await talk(floor, "call-1", "repair")
    began = floor.clock.ms
    before = (await floor.service.agent("anna")).until_ms
    assert before is not None
    assert (await floor.service.extend_wrap_up("anna", 60)).until_ms == before + 60_000
    assert (await floor.service.extend_wrap_up("anna", 6000)).until_ms == began + 900_000
    assert (await floor.service.extend_wrap_up("anna", 60)).until_ms == began + 900_000
    floor.clock.pass_s(899)
    assert (await floor.service.agent("anna")).state is AgentState.WRAP_UP


async def test_figures_are_those_of_the_day(database: Database, redis: Redis, floor: Floor, work: AgentWork) -> None:
    async with database.write() as session:
        session.add_all(
            [
                record("call-1"),
                record("call-2", talk_ms=30_000),
                record("call-3", direction="outbound", talk_ms=5_000),
                record("call-4", outcome="abandoned", talk_ms=None),
                record("call-5", agent_id="bert"),
                record("call-6", started_at=utc_now() - timedelta(days=2)),
            ]
        )
    await talk(floor, "call-7", "repair")
    floor.clock.pass_s(20)
    await floor.service.ready("anna")
    await floor.service.enter("call-8", "repair")
    await floor.service.declined(floor.offers.pop().reservation_id, DeclineReason.NO_ANSWER)
    assert await FactKeeper(redis, database).store_some()
    found = await work.figures("anna")
    assert (found.taken, found.dialled, found.talk_ms) == (2, 1, 95_000)
    assert (found.missed, found.wrap_up_ms) == (1, 20_000)
    nothing = await work.figures("bert")
    assert (nothing.taken, nothing.missed) == (1, 0)
    assert found.since <= utc_now() < found.since + timedelta(days=1)


def segment(number: int, call_id: str, agent_id: str | None, ms: int | None, **changes: object) -> Recording:
    given = {"kind": "conversation", "status": "sealed", "channels": 2, "file": "", "started_at": utc_now()}
    rest = {"id": f"rec-{call_id}-{number}", "call_id": call_id, "segment": number}
    return Recording.model_validate({**given, **rest, "agent_id": agent_id, "duration_ms": ms, **changes})


async def test_a_call_handed_on_counts_for_both_agents_with_the_part_of_each(
    database: Database, work: AgentWork
) -> None:
    async with database.write() as session:
        session.add_all(
            [
                record("call-1", agent_id="bert", talk_ms=100_000),
                segment(1, "call-1", "anna", 50_000),
                segment(2, "call-1", "anna", 9_000, kind="consult"),
                segment(3, "call-1", "anna", 24_000),
                segment(4, "call-1", "bert", 20_000),
                # Anna's alone, with a pause of the recording: the record has the whole.
                record("call-2", talk_ms=30_000),
                segment(1, "call-2", "anna", 10_000),
                segment(2, "call-2", "anna", 5_000),
                # Handed to an outside number, and not recorded at first.
                record("call-3", direction="outbound", talk_ms=90_000),
                segment(1, "call-3", "anna", None, status="failed"),
                segment(2, "call-3", None, 60_000),
                # Bert was rung and did not answer.
                record("call-4", talk_ms=1_000),
                segment(1, "call-4", "bert", None, status="missing"),
                segment(2, "call-4", "anna", 1_000),
            ]
        )
    anna, bert = await work.figures("anna"), await work.figures("bert")
    assert (anna.taken, anna.dialled, anna.talk_ms) == (3, 1, 105_000)
    assert (bert.taken, bert.dialled, bert.talk_ms) == (1, 0, 20_000)


def test_reasons_of_pauses_are_data_with_limits(work: AgentWork, tmp_path: Path) -> None:
    reasons = {one.code: one for one in work.pause_reasons()}
    assert (reasons["break"].limit_minutes, reasons["break"].chosen) == (10, True)
    assert not reasons["desk_closed"].chosen
    assert read_desk(tmp_path) == read_desk(SHIPPED.parent)
    text = SHIPPED.read_text(encoding="utf-8")
    (tmp_path / DESK_FILE).write_text(
        text.replace("code: meal", "code: break").replace("limit_minutes: 45", "limit: x")
    )
    _, findings = read_desk(tmp_path)
    assert [(one.line, one.rule) for one in findings] == [(8, "unknown-field")]


def test_intake_script_is_that_of_the_kind_with_words_to_read_back(work: AgentWork) -> None:
    fault = work.intake("repair", TicketKind.FAULT)
    assert [step.field for step in fault] == ["problem", "address", "name", "number"]
    assert fault[1].read_back is not None
    assert "{value}" in fault[1].read_back.zh
    assert [step.field for step in work.intake(None, None)] == ["problem", "name", "number"]
    script = IntakeScript.model_validate({"queues": ["repair"], "steps": [fault[0].model_dump()]})
    assert DeskChoices(intake=(script,)).intake_steps("consult", None) == []
    assert DeskChoices(intake=(script,)).intake_steps("repair", TicketKind.COMPLAINT) == [fault[0]]
