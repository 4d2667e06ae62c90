"""Checks of skills and routing rules: each finding has its line."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from ari_app.queues.rules import ChoiceText, NeedStep, RoutingRule
from foundation.findings import Finding, Severity
from foundation.yaml_files import broken_rules, line_inside
from ivr.grammar import Flow, QueueStep


class Ruled(Protocol):
    """Queue as this check sees it."""

    @property
    def rules(self) -> tuple[RoutingRule, ...]:
        """Return the rules in their order."""


class _Head(BaseModel, extra="forbid"):
    skills: list[ChoiceText]
    queues: list[Any]


def parts_of(file: str, document: Any) -> tuple[Any, frozenset[str] | None, list[Finding]]:
    """Return the queues as written, the names of skills, and findings.

    A document is a list of queues, or `skills` and `queues`. Without a list of skills any name is one.
    """
    if not isinstance(document, Mapping):
        return document, None, []
    try:
        head = _Head.model_validate(document)
    except ValidationError as error:
        return None, None, [Finding(file, *found) for found in broken_rules(document, error)]
    return document["queues"], frozenset(one.code for one in head.skills), []


def listed_skills(document: Any) -> list[ChoiceText]:
    """Return the skills that a document lists, if it is in order."""
    try:
        return _Head.model_validate(document).skills
    except ValidationError:
        return []


def wrong_rules(
    file: str,
    entry: Any,
    rules: Sequence[RoutingRule],
    longest_wait_s: float | None,
    skills: Collection[str] | None,
) -> Iterator[Finding]:
    """Find rules that cannot mean what they say."""

    def found(path: tuple[str | int, ...], rule: str, message: str, severity: Severity = Severity.ERROR) -> Finding:
        where = ".".join(map(str, path))
        return Finding(file, line_inside(entry, path), rule, f"{where}: {message}", severity)

    for index, rule in enumerate(rules):
        if (fault := _hidden(rule, rules[:index])) is not None:
            yield found(("rules", index), *fault)
        waited_s = 0.0
        for number, step in enumerate(rule.steps):
            path = ("rules", index, "steps", number)
            for skill in step.skills:
                if skills is not None and skill not in skills:
                    yield found((*path, "skills", skill), "unknown-skill", f"there is no skill {skill}")
            if number > 0 and not _is_relaxed(rule.steps[number - 1].skills, step):
                yield found(path, "stricter-step", "a step must not ask for more than the one before")
            if longest_wait_s is not None and waited_s >= longest_wait_s:
                message = f"no caller waits so long: longest_wait_s is {longest_wait_s:g}"
                yield found(path, "step-never-reached", message, Severity.WARNING)
            waited_s += step.for_s or 0.0


def never_asked(file: str, document: Any, queues: Mapping[str, Ruled], flows: Iterable[Flow]) -> Iterator[Finding]:
    """Find rules for words that no flow brings."""
    asked: set[str] = set()
    for flow in flows:
        asked.update(flow.languages)
        asked.update(word for step in flow.steps.values() if isinstance(step, QueueStep) for word in step.asks)
    for entry in document or ():
        queue = queues.get(str(entry.get("name"))) if isinstance(entry, Mapping) else None
        for index, rule in enumerate(queue.rules if queue is not None else ()):
            for word in rule.asks:
                if word not in asked:
                    line = line_inside(entry, ("rules", index, "asks"))
                    message = f"rules.{index}.asks: no flow asks for {word}"
                    yield Finding(file, line, "never-asked", message, Severity.WARNING)


def _hidden(rule: RoutingRule, earlier: Sequence[RoutingRule]) -> tuple[str, str] | None:
    """Return the fault of a rule to which no caller comes."""
    for number, former in enumerate(earlier, start=1):
        if set(former.asks) == set(rule.asks):
            return "contradicting-rules", f"rule {number} is for the same callers"
        if set(former.asks) <= set(rule.asks):
            return "rule-never-applies", f"rule {number} takes all its callers"
    return None


def _is_relaxed(before: Mapping[str, int], step: NeedStep) -> bool:
    return all(level <= before.get(skill, 0) for skill, level in step.skills.items())
