"""Overflow of a queue: rules that end a wait, as data."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Annotated, Any, Self

import msgspec
from pydantic import BaseModel, Field, StringConstraints, model_validator

from ari_app.queues.model import DESK_CLOSED, AgentSnapshot, AgentState


class OverflowAction(StrEnum):
    """Kind of a way out of a queue."""

    OTHERWISE = "otherwise"
    """The flow goes on at its `otherwise`, as after the longest wait."""
    MESSAGE = "message"
    """The flow asks for a message."""
    CALL_BACK = "call_back"
    """The queue's key for a call back is offered; the caller waits on in the same place."""
    QUEUE = "queue"
    """The caller moves to another queue with the same joining time."""
    FLOW = "flow"
    """Another flow begins."""
    NUMBER = "number"
    """An outside number rings while the caller hears the music; without an answer the caller is first in the queue."""


PLACES = (OverflowAction.QUEUE, OverflowAction.FLOW, OverflowAction.NUMBER)
"""Actions that name where the caller goes."""
WAYS = "write otherwise, message, call_back, {queue: name}, {flow: name} or {number: +…}"
CONDITIONS = ("unstaffed_s", "waited_s", "expected_wait_s", "callers_per_agent")
QUEUE_CLOSED = "queue_closed"
"""The usual prompt of a closed queue."""
LOOKED_AT_AGAIN_S = 5.0
"""How often the agents of a caller's queue are counted."""


class OverflowTarget(BaseModel, extra="forbid", frozen=True):
    """Way out of a queue."""

    action: OverflowAction
    queue: str | None = None
    flow: str | None = None
    number: Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{4,14}$|^[0-9]{3,8}$")] | None = None

    @model_validator(mode="before")
    @classmethod
    def _as_written(cls, given: Any) -> Any:
        if isinstance(given, str):
            return {"action": given}
        if isinstance(given, Mapping) and "action" not in given and len(given) == 1:
            return {"action": next(iter(given)), **given}
        return given

    @model_validator(mode="after")
    def _names_its_place(self) -> Self:
        named = [place for place in PLACES if getattr(self, place.value) is not None]
        if named != [place for place in PLACES if place is self.action]:
            raise ValueError(WAYS)
        return self

    @property
    def needs_flow(self) -> bool:
        """Tell whether the caller's flow must go on somewhere."""
        return self.action not in PLACES

    @property
    def keeps_waiting(self) -> bool:
        """Tell whether the caller may be in the queue afterwards."""
        return self.action in {OverflowAction.CALL_BACK, OverflowAction.NUMBER}

    def __str__(self) -> str:
        place = self.queue or self.flow or self.number
        return self.action.value if place is None else f"{self.action.value} {place}"


class OverflowRule(BaseModel, extra="forbid", frozen=True):
    """One condition, and the way out of the queue.

    A rule applies to a caller once.
    """

    unstaffed_s: float | None = Field(default=None, ge=0, le=7200)
    """So long without an agent who is signed in to the queue."""
    waited_s: float | None = Field(default=None, ge=0, le=7200)
    """So long in this queue."""
    expected_wait_s: float | None = Field(default=None, gt=0, le=7200)
    """The caller can expect to wait longer than this from now on; it does not hold while nothing is expected."""
    callers_per_agent: float | None = Field(default=None, gt=0, le=1000)
    """More callers than this up to the caller's own place, for each agent who takes calls; none of them: at once."""
    to: OverflowTarget

    @model_validator(mode="after")
    def _has_one_condition(self) -> Self:
        if sum(getattr(self, name) is not None for name in CONDITIONS) != 1:
            raise ValueError(f"write one of {', '.join(CONDITIONS)}")
        return self


class ClosedQueue(BaseModel, extra="forbid", frozen=True):
    """Prompt and way out of a queue outside its hours."""

    say: str = QUEUE_CLOSED
    """The prompt; `queue.title` and `queue.opens` are its values."""
    to: OverflowTarget


class QueueLoad(msgspec.Struct, frozen=True):
    """Agents of a queue at a moment."""

    signed_in: int
    """With an open desk, also paused."""
    on_duty: int
    """Of these, not paused: they take a call now or after the present one."""


class Wait(msgspec.Struct, frozen=True):
    """One caller's wait at a moment."""

    position: int | None
    """None: not known, or an agent is being rung."""
    load: QueueLoad | None
    """None: Redis did not answer."""
    waited_s: float
    expected_s: float | None
    """None: not known."""
    unstaffed_s: float | None
    """How long no agent has been signed in; None: one is."""


def load_of(queue: str, agents: Sequence[AgentSnapshot]) -> QueueLoad:
    """Count the agents of a queue."""
    here = [agent for agent in agents if queue in agent.queues and agent.state is not AgentState.OFFLINE]
    closed = sum(agent.state is AgentState.NOT_READY and agent.reason == DESK_CLOSED for agent in here)
    return QueueLoad(len(here) - closed, sum(agent.state is not AgentState.NOT_READY for agent in here))


def holds(rule: OverflowRule, wait: Wait) -> bool:
    """Tell whether a rule's condition holds; what is not known does not."""
    if rule.waited_s is not None:
        return wait.waited_s >= rule.waited_s
    if rule.unstaffed_s is not None:
        return wait.unstaffed_s is not None and wait.unstaffed_s >= rule.unstaffed_s
    if rule.expected_wait_s is not None:
        return wait.expected_s is not None and wait.expected_s > rule.expected_wait_s
    assert rule.callers_per_agent is not None, "one condition"
    if wait.position is None or wait.load is None:
        return False
    return wait.position > rule.callers_per_agent * wait.load.on_duty


def due(rules: Sequence[OverflowRule], wait: Wait, used: AbstractSet[int] = frozenset()) -> int | None:
    """Return the first rule that holds and was not used, by index."""
    return next((index for index, rule in enumerate(rules) if index not in used and holds(rule, wait)), None)


def next_look_s(rules: Sequence[OverflowRule], wait: Wait) -> float:
    """Return after how long the rules are looked at again."""
    moments = [rule.waited_s - wait.waited_s for rule in rules if rule.waited_s is not None]
    if wait.unstaffed_s is not None:
        moments += [rule.unstaffed_s - wait.unstaffed_s for rule in rules if rule.unstaffed_s is not None]
    return min([moment for moment in moments if moment > 0] + [LOOKED_AT_AGAIN_S])


def loops(ways: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield every way that leads back to its own queue.

    `ways` has the queues to which each queue overflows. A loop is yielded once for each way that is part of it.
    """
    for queue, nexts in ways.items():
        for first in nexts:
            if (path := _path(ways, first, queue)) is not None:
                yield queue, first, [queue, *path]


def _path(ways: Mapping[str, Sequence[str]], start: str, goal: str) -> list[str] | None:
    """Return a way from one queue to another."""
    before: dict[str, str | None] = {start: None}
    line = [start]
    for queue in line:
        if queue == goal:
            path = [queue]
            while (queue_before := before[path[0]]) is not None:
                path.insert(0, queue_before)
            return path
        for following in ways.get(queue, ()):
            if following not in before:
                before[following] = queue
                line.append(following)
    return None
