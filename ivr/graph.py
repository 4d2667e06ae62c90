"""Graph of a flow: the ways from step to step."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ivr.grammar import AskStep, DoStep, Flow, LanguageStep, QueueStep, RecordStep, SayStep, WhenStep
from ivr.grammar_base import Step


@dataclass(frozen=True)
class Way:
    """One way from a step to another."""

    target: str
    label: str
    path: tuple[str | int, ...]
    """Where in the step's mapping it is written."""
    unattended: bool = True
    """Whether a caller who does nothing at all may be led this way."""


def ways(step: Step) -> list[Way]:
    """Every way out of a step, in the order they are written."""
    lead = _LEADERS.get(type(step))
    return list(lead(step)) if lead else []


def reachable(flow: Flow) -> set[str]:
    """The steps a call may come to."""
    seen: set[str] = set()
    waiting = [flow.start, *([flow.fallback] if flow.fallback else [])]
    while waiting:
        name = waiting.pop()
        if name in seen or name not in flow.steps:
            continue
        seen.add(name)
        waiting.extend(way.target for way in ways(flow.steps[name]))
    return seen


def _say(step: SayStep) -> Iterator[Way]:
    yield Way(step.next, "", ("next",))


def _ask(step: AskStep) -> Iterator[Way]:
    for key, target in step.keys.items():
        yield Way(target, key, ("keys", key), unattended=False)
    if step.next is not None:
        yield Way(step.next, " ".join(step.answers) or "number", ("next",), unattended=False)
    yield Way(step.otherwise, "otherwise", ("otherwise",))


def _record(step: RecordStep) -> Iterator[Way]:
    yield Way(step.next, "", ("next",))
    if step.otherwise is not None:
        yield Way(step.otherwise, "otherwise", ("otherwise",))


def _when(step: WhenStep) -> Iterator[Way]:
    for condition, target in step.when:
        yield Way(target, condition.text, ("when", condition.text))
    yield Way(step.next, "else", ("next",))


def _do(step: DoStep) -> Iterator[Way]:
    yield Way(step.next, "", ("next",))
    if step.failed is not None:
        yield Way(step.failed, "failed", ("failed",))


def _queue(step: QueueStep) -> Iterator[Way]:
    if step.otherwise is not None:
        yield Way(step.otherwise, "otherwise", ("otherwise",))


def _language(step: LanguageStep) -> Iterator[Way]:
    yield Way(step.next, "", ("next",))


_LEADERS: Mapping[type[Step], Callable[..., Iterator[Way]]] = {
    SayStep: _say,
    AskStep: _ask,
    RecordStep: _record,
    WhenStep: _when,
    DoStep: _do,
    QueueStep: _queue,
    LanguageStep: _language,
}
