"""Check of overflow: unknown targets, loops, rules that never apply."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

import phonenumbers

from ari_app.queues.overflow import ClosedQueue, OverflowAction, OverflowRule, OverflowTarget, loops
from foundation.findings import Finding
from foundation.yaml_files import line_inside
from ivr.grammar import Flow, QueueStep

OFFERED = "call_back"


class UsedKey(Protocol):
    """Use of a key that waiting callers may press."""

    @property
    def action(self) -> str:
        """Return what the key does."""


class Overflowing(Protocol):
    """Queue as this check sees it."""

    @property
    def overflow(self) -> tuple[OverflowRule, ...]:
        """Return the rules in their order."""

    @property
    def hours(self) -> object | None:
        """Return the hours; None: always open."""

    @property
    def closed(self) -> ClosedQueue | None:
        """Return what happens outside the hours."""

    @property
    def keys(self) -> Mapping[str, UsedKey]:
        """Return the keys of waiting callers."""

    @property
    def longest_wait_s(self) -> float | None:
        """Return the limit after the rules."""

    @property
    def unstaffed_wait_s(self) -> float | None:
        """Return the limit without agents after the rules."""


def overflow_findings(file: str, document: Any, queues: Mapping[str, Overflowing]) -> Iterator[Finding]:
    """Find overflow that leads nowhere, in circles, or never happens."""
    entries = {entry.get("name"): entry for entry in document or () if isinstance(entry, Mapping)}
    ways = {name: [to.queue for _, to in _targets(queue) if to.queue is not None] for name, queue in queues.items()}
    in_circles = {(queue, first): path for queue, first, path in loops(ways)}
    for name, queue in queues.items():
        entry = entries.get(name)
        for path, to in _targets(queue):
            line, where = line_inside(entry, path), ".".join(map(str, path))
            if to.queue is not None and (to.queue == name or to.queue not in queues):
                yield Finding(file, line, "no-such-queue", f"{where}.to: there is no other queue {to.queue}")
            elif to.queue is not None and (circle := in_circles.get((name, to.queue))) is not None:
                message = f"{where}.to: callers would go in circles: {' → '.join(circle)}"
                yield Finding(file, line, "overflow-loop", message)
        for index, rule in enumerate(queue.overflow):
            line, where = line_inside(entry, ("overflow", index)), f"overflow.{index}"
            if rule.to.action is OverflowAction.CALL_BACK and OFFERED not in {
                use.action for use in queue.keys.values()
            }:
                message = f"{where}.to: keys must have one for call_back, which is then offered"
                yield Finding(file, line, "no-such-key", message)
            if (why := _never(queue, index, rule)) is not None:
                yield Finding(file, line, "never-applies", f"{where}: {why}")
        if queue.hours is not None and queue.closed is None:
            message = "hours: closed must say where callers go outside them"
            yield Finding(file, line_inside(entry, ("hours",)), "nowhere-to-go", message)
        if queue.closed is not None and queue.hours is None:
            message = "closed: hours must say when, or the queue is never closed"
            yield Finding(file, line_inside(entry, ("closed",)), "never-applies", message)


def outside_findings(
    file: str,
    document: Any,
    queues: Mapping[str, Overflowing],
    flows: Mapping[str, Flow] | None,
    opened: AbstractSet[str],
) -> Iterator[Finding]:
    """Find targets outside the queues that are not there.

    `flows` is None where not every flow could be read.
    """
    entries = {entry.get("name"): entry for entry in document or () if isinstance(entry, Mapping)}
    for name, queue in queues.items():
        for within, to in _targets(queue):
            line, where = line_inside(entries.get(name), within), f"{'.'.join(map(str, within))}.to"
            if to.flow is not None and flows is not None and to.flow not in flows:
                yield Finding(file, line, "no-such-flow", f"{where}: there is no flow {to.flow}")
            if to.number is not None and to.number not in opened and not _is_number(to.number):
                message = f"{where}: {to.number} must be a number such as +8645188888888, or one of `opened`"
                yield Finding(file, line, "no-such-number", message)
            for flow, step in _without_otherwise(flows or {}, name) if to.needs_flow else ():
                message = f"{where}: step {step} of flow {flow} has no otherwise: its callers would be hung up"
                yield Finding(file, line, "nowhere-to-go", message)


def _targets(queue: Overflowing) -> Iterator[tuple[tuple[str | int, ...], OverflowTarget]]:
    """Yield the ways out of a queue with their places."""
    for index, rule in enumerate(queue.overflow):
        yield ("overflow", index), rule.to
    if queue.closed is not None:
        yield ("closed",), queue.closed.to


def _without_otherwise(flows: Mapping[str, Flow], queue: str) -> Iterator[tuple[str, str]]:
    """Yield the steps that lead to a queue, and to nothing afterwards."""
    for name, flow in flows.items():
        for step_name, step in flow.steps.items():
            if isinstance(step, QueueStep) and step.queue == queue and step.otherwise is None:
                yield name, step_name


def _never(queue: Overflowing, index: int, rule: OverflowRule) -> str | None:
    """Return why a rule can never apply; None: it can."""
    for earlier in queue.overflow[:index]:
        if earlier.to.keeps_waiting:
            continue
        if earlier.waited_s is not None and rule.waited_s is not None and earlier.waited_s <= rule.waited_s:
            return f"callers leave after {earlier.waited_s:g} s by an earlier rule"
        if earlier.unstaffed_s is not None and rule.unstaffed_s is not None and earlier.unstaffed_s <= rule.unstaffed_s:
            return f"callers leave after {earlier.unstaffed_s:g} s by an earlier rule"
    if rule.waited_s is not None and queue.longest_wait_s is not None and rule.waited_s >= queue.longest_wait_s:
        return f"longest_wait_s ends the wait after {queue.longest_wait_s:g} s"
    limit_s = queue.unstaffed_wait_s
    if rule.unstaffed_s is not None and limit_s is not None and rule.unstaffed_s >= limit_s:
        return f"unstaffed_wait_s ends the wait after {limit_s:g} s"
    return None


def _is_number(number: str) -> bool:
    try:
        return number.startswith("+") and phonenumbers.is_valid_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False
