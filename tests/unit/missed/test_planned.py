"""Calls back in a queue: asked once, tried, given up, merged."""

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

WANG, LI = "+8613800000001", "+8613800000002"


class Queues:
    """Settings of one queue, and the calls that left it."""

    def __init__(self) -> None:
        self.left: list[str] = []

    def settings_of(self, queue: str) -> QueueSettings:
        rules = {"attempts": 2, "retry_s": 60}
        return QueueSettings.model_validate({"name": queue, "title_zh": "队", "title_en": "Q", "call_back": rules})

    async def leave(self, call_id: str, _reason: object) -> None:
        self.left.append(call_id)


class Node:
    """One node's calls."""

    def __init__(self, database: Database, name: str = "node-1") -> None:
        self.placed: list[CallState] = []
        self.others: list[CallState] = []
        self.queues = Queues()
        self.planned = PlannedCallBacks(database)
        services: Any = SimpleNamespace(
            node=name,
            caller_id="96001",
            queues=self.queues,
            hours=QueueHours(),
            dial_plan=DialPlan("PJSIP/{number}@trunk", "e164", "CN"),
        )
        self.planned.connect(Line(services, self.placed.append, lambda: self.placed, self._everywhere))

    async def _everywhere(self) -> list[CallState]:
        return [*self.placed, *self.others]

    async def ask(
        self, number: str | None, *, joined: datetime | None = None, keyed: str = "", call_id: str = "call-asked"
    ) -> dict[str, Any]:
        variables: dict[str, Any] = {
            "call": {"id": call_id, "number": number},
            "call_back": {"number": keyed},
            "queue": {"name": "repair", "kind": "fault", "priority": 3, "joined_ms": milliseconds(joined or utc_now())},
        }
        call = ActionCall(Cursor("hotline", "call_back", variables=variables))
        return dict(await CallBackActions(self.planned).ask_call_back(call))

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


async def test_number_has_one_call_back_in_the_callers_place(node: Node, database: Database) -> None:
    joined = utc_now() - timedelta(minutes=4)
    assert (await node.ask(WANG, joined=joined))["call_back.prompt"] == "call_back_noted"
    assert (await node.ask(WANG))["call_back.prompt"] == "call_back_noted", "a step that is repeated"
    assert (await node.ask(WANG, call_id="call-later"))["call_back.prompt"] == "call_back_outstanding"
    assert (await node.ask(WANG, keyed="138 0000 0002"))["call_back.prompt"] == "call_back_noted", "another number"
    assert (await node.ask(None))["call_back.possible"] is False
    assert (await node.ask(WANG, keyed="12"))["call_back.possible"] is False

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


async def test_number_that_is_not_dialled_is_left_to_the_list(node: Node, database: Database) -> None:
    await node.ask("+442071838750")
    await node.planned.look()
    assert not node.placed
    assert [row.end for row in await rows(database)] == [CallBackEnd.UNREACHABLE]


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
