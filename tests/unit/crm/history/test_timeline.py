"""Timeline of a call: the same story everywhere, with all its agents."""

from datetime import timedelta

import pytest

from crm.history.disposition import CallDisposition
from crm.history.errors import CallNotFound
from crm.history.facts import store_events
from crm.history.model import CallStep, FindCalls, StoryStep
from crm.history.service import HistoryService
from crm.history.timeline import MissedOffer
from crm.tickets.service import TicketService
from foundation.database import Database
from tests.unit.crm.conftest import Place
from tests.unit.crm.history.test_history import NOW, called, file_at

SECOND = timedelta(seconds=1)


async def test_one_story_from_first_ring_to_the_ticket(
    database: Database, tickets: TicketService, place: Place
) -> None:
    history = HistoryService(database)
    ticket_id = await file_at(tickets, place, place.wang, NOW + 300 * SECOND)
    story = [
        CallStep(at=NOW + 60 * SECOND, step=StoryStep.HELD, agent_id="anna"),
        CallStep(at=NOW + 90 * SECOND, step=StoryStep.TRANSFERRED, agent_id="anna", target="bert"),
    ]
    facts = {"queued_at": NOW + 2 * SECOND, "connected_at": NOW + 12 * SECOND, "ended_at": NOW + 200 * SECOND}
    record = called("call-1", NOW, answered_at=NOW + SECOND, agent_id="bert", ticket_id=ticket_id, story=story, **facts)
    await history.record_call(record)
    common = {"call_id": "call-1", "queue": "repair"}
    events = [
        {**common, "id": "1", "event": "ENTERQUEUE", "at": NOW + 2 * SECOND},
        {**common, "id": "2", "event": "RINGNOANSWER", "agent_id": "cleo", "reason": "refused", "at": NOW + 5 * SECOND},
        {**common, "id": "3", "event": "CONNECT", "agent_id": "anna", "wait_ms": 10_000, "at": NOW + 12 * SECOND},
    ]
    await database.change(lambda connection: store_events(connection, events))

    answers = [{"name": "amount", "zh": "金额", "en": "Amount", "value": "9", "value_zh": "9", "value_en": "9"}]
    async with database.write() as session:
        session.add(
            CallDisposition(
                call_id="call-1",
                code="refund",
                zh="费用 / 退款",
                en="money / refund",
                answers=answers,
                staff_id="bert",
                at=NOW + 210 * SECOND,
            )
        )

    found = await history.timeline("call-1")

    assert [(entry.source, entry.what) for entry in found.entries] == [
        ("call", "began"), ("call", "answered"), ("queue", "ENTERQUEUE"), ("queue", "RINGNOANSWER"),
        ("queue", "CONNECT"), ("story", "held"), ("story", "transferred"), ("call", "ended"), ("result", "refund"),
        ("ticket", "file"),
    ]  # fmt: skip
    assert found.agent_ids == ["anna", "bert"]
    assert [(one.agent_id, one.missed) for one in found.entries if one.missed] == [("cleo", MissedOffer.REFUSED)]
    (chosen,) = [one.result for one in found.entries if one.result is not None]
    assert [(one.name, one.value) for one in chosen.answers] == [("amount", "9")]
    (line,) = await history.find(FindCalls())
    assert line.agent_ids == ["anna", "bert"]
    assert line.result == chosen


async def test_an_unknown_call_is_refused(database: Database) -> None:
    with pytest.raises(CallNotFound):
        await HistoryService(database).timeline("call-0")
