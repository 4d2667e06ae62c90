"""Calls back in a queue: asked once, tried, given up, merged."""

import asyncio
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlmodel import select

from ari_app.calls.dial_plan import DialPlan
from ari_app.calls.model import CallState
from ari_app.desk.call_states import Direction, OutgoingResult
from ari_app.desk.model import CallStage
from ari_app.missed.actions import CallBackActions
from ari_app.missed.planned.model import CallBackEnd, QueueCallBack
from ari_app.missed.planned.service import Line, PlannedCallBacks
from ari_app.queues.hours import QueueHours
from ari_app.queues.settings import QueueSettings
from foundation.clock import milliseconds, utc_now
from foundation.database import Database
from ivr.actions import ActionCall
from ivr.cursor import Cursor
from tests.callflows import shipped

CATALOGUE = shipped().library.catalogue
WANG, LI = "+8613800000001", "+8613800000002"
PATIENCE_S = 5


AFTERNOON = {"code": "afternoon", "zh": "今天下午", "en": "this afternoon", "opens": "14:00", "closes": "17:00"}
MORNING = {
    "code": "morning",
    "zh": "明天上午",
    "en": "tomorrow morning",
    "day": "tomorrow",
    "opens": "08:00",
    "closes": "11:00",
}
NOON = (utc_now() + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
"""Ahead of the clock: windows of that day are to come."""


class Queues:
    """Settings of one queue, and the calls that left it."""

    def __init__(self) -> None:
        self.left: list[str] = []

    def settings_of(self, queue: str) -> QueueSettings:
        rules = {"attempts": 2, "retry_s": 60, "windows": [AFTERNOON, MORNING]}
        return QueueSettings.model_validate({"name": queue, "title_zh": "队", "title_en": "Q", "call_back": rules})

    async def leave(self, call_id: str, _reason: object) -> None:
        self.left.append(call_id)


class Node:
    """One node's calls."""

    def __init__(self, database: Database, name: str = "node-1") -> None:
        self.now = NOON
        self.li_wishes_no_calls = False
        self.placed: list[CallState] = []
        self.others: list[CallState] = []
        self.queues = Queues()
        self.planned = PlannedCallBacks(database)
        services: Any = SimpleNamespace(
            node=name,
            caller_id="96001",
            queues=self.queues,
            hours=QueueHours(now=lambda: self.now),
            dial_plan=DialPlan("PJSIP/{number}@trunk", "e164", "CN"),
        )
        self.planned.connect(Line(services, self.placed.append, lambda: self.placed, self._everywhere))

    async def _everywhere(self) -> list[CallState]:
        return [*self.placed, *self.others]

    async def ask(
        self,
        number: str | None,
        *,
        joined: datetime | None = None,
        keyed: str = "",
        call_id: str = "call-asked",
        window: str = "",
        own_number: bool = False,
    ) -> dict[str, Any]:
        variables: dict[str, Any] = {
            "call": {"id": call_id, "number": number},
            "call_back": {"number": keyed, "window": window, "window_codes": ["afternoon", "morning"]},
            "queue": {"name": "repair", "kind": "fault", "priority": 3, "joined_ms": milliseconds(joined or utc_now())},
        }
        call = ActionCall(Cursor("hotline", "call_back", variables=variables))
        actions = CallBackActions(self.planned, CATALOGUE, self._wishes_no_calls)
        return dict(await (actions.ask_own_call_back if own_number else actions.ask_call_back)(call))

    async def offered(self) -> dict[str, Any]:
        call = ActionCall(Cursor("hotline", "call_back", variables={"queue": {"name": "repair"}}))
        return dict(await CallBackActions(self.planned, CATALOGUE).find_windows(call))

    async def _wishes_no_calls(self, number: str) -> bool:
        return number == LI and self.li_wishes_no_calls

    async def ended(self, result: OutgoingResult) -> None:
        (state,) = self.placed
        assert state.outgoing is not None
        state.outgoing.result = result
        self.placed.clear()
        await self.planned.settle(state)
        await self.planned.settle(state)


@pytest.fixture
def node(database: Database) -> Node:
    return Node(database)


async def rows(database: Database) -> list[QueueCallBack]:
    async with database.read() as session:
        return [*(await session.exec(select(QueueCallBack))).all()]


async def make_due(database: Database, *, held: bool = False) -> None:
    async with database.write() as session:
        for found in await rows(database):
            row = await session.merge(found)
            row.due_at = utc_now() - timedelta(seconds=1)
            if held:
                row.held_until = utc_now() - timedelta(seconds=1)


async def close(database: Database) -> None:
    """Let the windows of calls back be over."""
    async with database.write() as session:
        for found in await rows(database):
            (await session.merge(found)).closes_at = utc_now() - timedelta(seconds=1)


async def test_number_has_one_call_back_in_the_callers_place(node: Node, database: Database) -> None:
    joined = utc_now() - timedelta(minutes=4)
    assert (await node.ask(WANG, joined=joined))["call_back.prompt"] == "call_back_noted"
    assert (await node.ask(WANG))["call_back.prompt"] == "call_back_noted", "a step that is repeated"
    assert (await node.ask(WANG, call_id="call-later"))["call_back.prompt"] == "call_back_outstanding"
    assert (await node.ask(WANG, keyed="138 0000 0002"))["call_back.prompt"] == "call_back_noted", "another number"
    assert (await node.ask(None))["call_back.possible"] is False
    assert (await node.ask(WANG, keyed="12"))["call_back.why_not"] == "call_back_no_number"

    await node.planned.look()
    await node.planned.look()

    assert [state.number for state in node.placed] == [WANG, LI]
    state = node.placed[0]
    assert state.target is not None
    assert state.outgoing is not None
    assert (state.target.queue, state.target.priority, state.kind) == ("repair", 3, "fault")
    assert state.queued_at_ms == milliseconds(joined)
    assert (state.stage, state.direction, state.outgoing.waits) == (CallStage.QUEUED, Direction.OUTBOUND, True)


async def test_unanswered_number_is_tried_again_then_given_up(node: Node, database: Database) -> None:
    await node.ask(WANG)
    await node.planned.look()
    await node.ended(OutgoingResult.NO_ANSWER)
    await node.planned.look()
    assert not node.placed, "not before its time"
    await make_due(database)
    await node.planned.look()
    await node.ended(OutgoingResult.NO_PHONE)
    await make_due(database)
    await node.planned.look()
    await node.ended(OutgoingResult.BUSY)

    (row,) = await rows(database)
    assert (row.attempts, row.end) == (2, CallBackEnd.GIVEN_UP), "an agent's phone that failed is no attempt"
    assert (await node.ask(WANG))["call_back.asked"], "the caller may ask again"


@pytest.mark.parametrize(
    ("result", "end"),
    [(OutgoingResult.REACHED, CallBackEnd.REACHED), (OutgoingResult.UNREACHABLE, CallBackEnd.UNREACHABLE)],
)
async def test_call_back_ends(node: Node, database: Database, result: OutgoingResult, end: CallBackEnd) -> None:
    await node.ask(WANG)
    await node.planned.look()
    await node.ended(result)
    assert [row.end for row in await rows(database)] == [end]


async def test_number_that_is_not_dialled_is_refused_at_once(node: Node, database: Database) -> None:
    assert (await node.ask("+442071838750"))["call_back.why_not"] == "call_back_not_dialled"
    assert not await rows(database)


async def test_number_that_is_dialled_no_more_is_left_to_the_list(node: Node, database: Database) -> None:
    await node.ask(WANG)
    async with database.write() as session:
        (row,) = await rows(database)
        (await session.merge(row)).number = "+442071838750"
    await node.planned.look()
    assert not node.placed
    assert [row.end for row in await rows(database)] == [CallBackEnd.UNREACHABLE]


async def test_number_of_another_person_who_wishes_no_calls_is_refused(node: Node) -> None:
    node.li_wishes_no_calls = True
    assert (await node.ask(WANG, keyed="13800000002"))["call_back.why_not"] == "call_back_do_not_call"
    assert (await node.ask(LI))["call_back.prompt"] == "call_back_noted", "who asks for the own number wishes that call"


async def test_own_number_is_noted_whatever_was_keyed(node: Node, database: Database) -> None:
    assert (await node.ask(WANG, keyed="13800000002", own_number=True))["call_back.prompt"] == "call_back_noted"
    assert [row.number for row in await rows(database)] == [WANG]


async def test_number_of_a_caller_in_line_now_needs_no_call_back(node: Node, database: Database) -> None:
    node.others = [CallState("call-2", "node-2", Direction.INBOUND, "c", LI, "96001", CallStage.QUEUED, 0)]
    assert (await node.ask(WANG, keyed="13800000002"))["call_back.prompt"] == "call_back_in_line"
    assert not await rows(database)


async def test_windows_are_those_still_to_come(node: Node) -> None:
    offered = await node.offered()
    assert offered["call_back.window_codes"] == ["afternoon", "morning"]
    assert offered["call_back.window_2"] == "今天下午请按2，"
    assert (offered["call_back.window_3"], offered["call_back.window_4"]) == ("明天上午请按3，", None)
    node.now = NOON.replace(hour=14)
    assert (await node.offered())["call_back.window_codes"] == ["morning"]


async def test_call_back_of_a_window_waits_for_it_behind_those_who_are_there(node: Node, database: Database) -> None:
    joined = utc_now() - timedelta(minutes=4)
    asked = await node.ask(WANG, joined=joined, window="2")
    assert (asked["call_back.prompt"], asked["call_back.title"]) == ("call_back_noted_for", "今天下午")
    await node.ask(LI, call_id="call-li", joined=joined, window="2")
    await node.planned.look()
    one, other = await rows(database)
    opens_at = NOON.replace(hour=14)
    assert (one.due_at, one.closes_at) == (opens_at, NOON.replace(hour=17))
    assert other.due_at == opens_at + timedelta(milliseconds=1), "in the order in which they asked"
    await make_due(database)
    await node.planned.look()
    assert [state.queued_at_ms for state in node.placed] == [milliseconds(opens_at), milliseconds(opens_at) + 1]
    outgoing = node.placed[0].outgoing
    assert outgoing is not None
    assert outgoing.window is not None
    assert (outgoing.window.zh, outgoing.asked_at_ms) == ("今天下午", milliseconds(joined))


async def test_window_that_is_over_leaves_the_caller_to_the_list(node: Node, database: Database) -> None:
    await node.ask(WANG, window="2")
    await node.ask(LI, call_id="call-li", window="2")
    await close(database)
    await make_due(database)
    await node.planned.look()
    assert not node.placed
    assert {row.end for row in await rows(database)} == {CallBackEnd.WINDOW_OVER}


async def test_call_back_under_way_outlasts_its_window(node: Node, database: Database) -> None:
    await node.ask(WANG, window="2")
    await node.ask(LI, call_id="call-li", window="2")
    await make_due(database)
    await node.planned.look()
    talking, waiting = node.placed
    assert talking.outgoing is not None
    talking.outgoing.waits = False
    await close(database)
    await node.planned.look()
    assert {row.call_id: row.end for row in await rows(database)} == {
        talking.id: None,
        waiting.id: CallBackEnd.WINDOW_OVER,
    }
    assert node.queues.left == [waiting.id]


async def test_caller_who_dials_again_before_the_window_begins_anew(node: Node, database: Database) -> None:
    await node.ask(WANG, window="2")
    async with database.write() as session:
        (row,) = await rows(database)
        (await session.merge(row)).opens_at = utc_now() + timedelta(hours=1)
    assert await node.planned.merge(WANG, "repair", "call-again") is None
    assert [row.end for row in await rows(database)] == [CallBackEnd.MERGED]


async def test_caller_who_is_on_the_line_is_not_called(node: Node, database: Database) -> None:
    await node.ask(WANG)
    node.others = [CallState("call-2", "node-2", Direction.INBOUND, "c", WANG, "96001", CallStage.FLOW, 0)]
    await node.planned.look()
    assert not node.placed
    node.others[0].stage = CallStage.ENDED
    await node.planned.look()
    assert len(node.placed) == 1


async def test_caller_who_dials_again_has_the_place(node: Node, database: Database) -> None:
    joined = utc_now() - timedelta(minutes=3)
    await node.ask(WANG, joined=joined)
    await node.planned.look()
    (state,) = node.placed
    assert state.outgoing is not None
    call_back_id = cast("str", state.outgoing.call_back_id)
    assert await node.planned.wanted(call_back_id, state.id)

    assert await node.planned.merge(WANG, "repair", "call-again") == milliseconds(joined)

    assert not await node.planned.wanted(call_back_id, state.id)
    assert node.queues.left == [state.id]
    assert await node.planned.merge(WANG, "repair", "call-again") is None
    await node.ask(WANG, joined=joined)
    assert await node.planned.merge(WANG, "consult", "call-again") is None, "the place is of its queue"


async def test_caller_who_asked_for_none_waits_for_no_writer(node: Node, database: Database) -> None:
    async with database.write(), asyncio.timeout(PATIENCE_S):
        assert not await node.planned.outstanding(LI)


async def test_what_was_read_with_the_number_ends_with_a_new_call_back(node: Node, database: Database) -> None:
    await database.look_up(lambda connection: node.planned.read_with_number(connection, WANG))
    await node.ask(WANG)
    assert await node.planned.outstanding(WANG)
    await database.look_up(lambda connection: node.planned.read_with_number(connection, WANG))
    async with database.write():
        assert await node.planned.outstanding(WANG), "known already"


async def test_agent_who_calls_by_hand_ends_it(node: Node, database: Database) -> None:
    await node.ask(WANG)
    await node.planned.look()
    await node.planned.taken(WANG)
    assert [row.end for row in await rows(database)] == [CallBackEnd.TAKEN]
    assert node.queues.left == [node.placed[0].id]


async def test_call_back_of_a_node_that_is_gone_is_another_nodes(node: Node, database: Database) -> None:
    other = Node(database, "node-2")
    await node.ask(WANG)
    await node.planned.look()
    await other.planned.look()
    assert not other.placed
    await make_due(database, held=True)
    await other.planned.look()
    (former,), (state,) = node.placed, other.placed
    assert state.node == "node-2"
    assert other.queues.left == [former.id]
    assert former.outgoing is not None
    assert not await node.planned.wanted(cast("str", former.outgoing.call_back_id), former.id), "it is the other's"
