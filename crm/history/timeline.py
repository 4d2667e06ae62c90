"""Timeline of a call: one story from first ring to archive. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel

from crm.customers.reminders.model import ReminderView
from crm.history.facts import QueueEventKind
from crm.history.model import CallRecordView, CallResult, StoryStep
from crm.personal_data.fields import Personal

SHOWN = frozenset(
    {
        *(QueueEventKind.ENTERQUEUE, QueueEventKind.CONNECT, QueueEventKind.RINGNOANSWER, QueueEventKind.ABANDON),
        *(QueueEventKind.EXITWITHTIMEOUT, QueueEventKind.EXITWITHKEY),
    }
)
"""Events of queues that the record and its story do not say."""


class CallMoment(StrEnum):
    """Moment of every call."""

    BEGAN = "began"
    ANSWERED = "answered"
    """By the service, before an agent."""
    ENDED = "ended"


class MissedOffer(StrEnum):
    """Reason for which an agent did not take the caller."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REFUSED = "refused"


MISSES = frozenset(MissedOffer)
SUPERVISED = frozenset(
    {StoryStep.LISTENED, StoryStep.WHISPERED, StoryStep.BARGED, StoryStep.SUPERVISION_ENDED, StoryStep.MOVED}
)
"""Steps of a supervisor who does not become the caller's agent."""
Source = Literal["call", "queue", "story", "ticket", "result", "reminder"]
"""Where an entry comes from: it decides what the code in `what` means."""


class TimelineEntry(BaseModel):
    """Entry of a call's timeline."""

    at: datetime
    source: Source
    what: str
    """Code of a value by source, such as a `CallMoment` or a `ReminderOutcome`; of a result its own code."""
    agent_id: str | None = None
    queue: str | None = None
    target: str | None = None
    """The other agent's id, or the queue."""
    number: Annotated[str | None, Personal.NUMBER] = None
    note: Annotated[str | None, Personal.TEXT] = None
    wait_ms: int | None = None
    missed: MissedOffer | None = None
    ticket_id: str | None = None
    result: CallResult | None = None
    """Result of the call, with what the agent filled in."""


class CallTimeline(BaseModel):
    """Timeline of a call, its agents and its outcome."""

    id: str
    direction: str
    number: Annotated[str | None, Personal.NUMBER]
    outcome: str
    agent_ids: list[str]
    """All agents who talked, in order."""
    ticket_id: str | None
    entries: list[TimelineEntry]


def timeline_of(
    record: CallRecordView,
    events: Iterable[Any],
    ticket_log: Iterable[Any],
    result: CallResult | None = None,
    reminder: ReminderView | None = None,
) -> CallTimeline:
    """Return the timeline of a call, by time."""
    seen = [event for event in events if event.event in SHOWN]
    entries = [*_moments(record), *_of_queue(seen), *_of_story(record), *_of_ticket(record, ticket_log)]
    if result is not None:
        chosen = TimelineEntry(at=result.at, source="result", what=result.code, agent_id=result.staff_id, result=result)
        entries.append(chosen)
    if reminder is not None:
        entries.append(
            TimelineEntry(at=reminder.at, source="reminder", what=reminder.outcome, note=reminder.staff_name)
        )
    return CallTimeline(
        id=record.id,
        direction=record.direction,
        number=record.number,
        outcome=record.outcome,
        agent_ids=_agents(record, seen),
        ticket_id=record.ticket_id,
        entries=sorted(entries, key=lambda entry: entry.at),
    )


def _moments(record: CallRecordView) -> list[TimelineEntry]:
    moments = [
        (record.started_at, CallMoment.BEGAN, record.access_number),
        (record.answered_at, CallMoment.ANSWERED, None),
        (record.ended_at, CallMoment.ENDED, record.hangup_by),
    ]
    return [TimelineEntry(at=at, source="call", what=what, target=target) for at, what, target in moments if at]


def _of_queue(events: Iterable[Any]) -> list[TimelineEntry]:
    return [
        TimelineEntry(
            at=event.at,
            source="queue",
            what=event.event,
            agent_id=event.agent_id,
            queue=event.queue,
            wait_ms=event.wait_ms,
            note=None if event.reason in MISSES else event.reason,
            missed=MissedOffer(event.reason) if event.reason in MISSES else None,
        )
        for event in events
    ]


def _of_story(record: CallRecordView) -> list[TimelineEntry]:
    return [TimelineEntry(source="story", what=step.step, **step.model_dump(exclude={"step"})) for step in record.story]


def _of_ticket(record: CallRecordView, ticket_log: Iterable[Any]) -> list[TimelineEntry]:
    return [
        TimelineEntry(at=entry.at, source="ticket", what=entry.action, ticket_id=record.ticket_id)
        for entry in ticket_log
    ]


def _agents(record: CallRecordView, events: Sequence[Any]) -> list[str]:
    connected = [event.agent_id for event in events if event.event == QueueEventKind.CONNECT]
    acted = [step.agent_id for step in record.story if step.step not in SUPERVISED]
    return list(dict.fromkeys(one for one in (*connected, *acted, record.agent_id) if one is not None))
