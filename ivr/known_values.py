"""Variables with fixed sets of values, and their use in flows."""

import re
from collections.abc import Iterable, Iterator, Mapping

from ivr.actions import Action
from ivr.conditions import as_written
from ivr.grammar import AskStep, DoStep, Flow, WhenStep
from ivr.grammar_base import PromptUse, Step
from ivr.variables import NAME

Unknown = tuple[tuple[str | int, ...], str]
"""Place in a step, and text."""


class KnownValues:
    """Values of variables: given from outside, by actions, or by answers."""

    def __init__(
        self, flows: Iterable[Flow], given: Mapping[str, frozenset[str]], actions: Mapping[str, Action]
    ) -> None:
        self._given = dict(given)
        self._actions = actions
        answers: dict[str, set[str]] = {}
        free: set[str] = set()
        for flow in flows:
            for step in flow.steps.values():
                if isinstance(step, AskStep) and step.answers and step.save is not None:
                    answers.setdefault(step.save, set()).update(map(as_written, step.answers.values()))
                elif isinstance(step, DoStep):
                    action = actions.get(step.do)
                    free |= action.sets - action.values.keys() if action is not None else frozenset()
                    self._given.update(action.values if action is not None else {})
                else:
                    free |= step.writes
        self._known = {name: frozenset(values) for name, values in answers.items()} | self._given
        for name in free - given.keys():
            self._known.pop(name, None)

    def unknown(self, step: Step) -> Iterator[Unknown]:
        """Yield place and text of each value that a variable never has."""
        if isinstance(step, WhenStep):
            yield from self._compared(step)
        elif isinstance(step, AskStep) and step.save in self._given:
            for key, value in step.answers.items():
                yield from self._one(str(step.save), as_written(value), ("answers", key))
        elif isinstance(step, DoStep):
            yield from self._arguments(step)
        for use in step.prompts:
            yield from self._chosen(use)

    def _compared(self, step: WhenStep) -> Iterator[Unknown]:
        for condition, _ in step.when:
            for term in condition.terms:
                if term.operator in {"==", "!="}:
                    yield from self._one(term.variable, term.written, ("when", condition.text))

    def _arguments(self, step: DoStep) -> Iterator[Unknown]:
        action = self._actions.get(step.do)
        for argument, choices in action.choices.items() if action is not None else ():
            if argument not in step.arguments:
                continue
            given = as_written(step.arguments[argument])
            passed = re.fullmatch(rf"\{{({NAME})\}}", given)
            for value in sorted((self._known.get(passed[1], frozenset()) if passed else {given}) - choices):
                yield ("with", argument), f"{argument} cannot be {value}; it is one of {_listed(choices)}"

    def _chosen(self, use: PromptUse) -> Iterator[Unknown]:
        """Compare the prompts that a variable chooses among with its values."""
        for name in use.among:
            yield from self._one(str(use.variable), name, ())
        missing = self._known.get(str(use.variable), frozenset()) - set(use.among)
        if use.among and missing:
            yield (), f"{use.variable} may also be {_listed(missing)}, which is not among these"

    def _one(
        self, variable: str, value: str, path: tuple[str | int, ...]
    ) -> Iterator[tuple[tuple[str | int, ...], str]]:
        known = self._known.get(variable)
        if known is not None and value not in known:
            yield path, f"{variable} is never {value}; it is one of {_listed(known)}"


def _listed(values: Iterable[str]) -> str:
    return ", ".join(sorted(values))
