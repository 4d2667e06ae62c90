"""Grammar of a flow file: its steps as pydantic models.

`ivr.flow_file` reads the file into them.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from ivr.conditions import Condition
from ivr.cursor import Cursor
from ivr.grammar_base import (
    CallerWord,
    Key,
    Language,
    Name,
    Priority,
    PromptUse,
    Seconds,
    Spoken,
    Step,
    StepName,
    Title,
    Variable,
    Written,
    conditions,
    key_names,
    words,
)
from ivr.variables import JSON, NAME, read
from ivr.voice import DigitRules, SpokenRules


class SayStep(Step):
    """Says prompts. A key ends them, and the next question takes it."""

    kind: ClassVar[str] = "say"
    say: Spoken
    barge_in: bool = True
    """Whether a key ends the prompts."""
    next: StepName

    @property
    def prompts(self) -> tuple[PromptUse, ...]:
        return self.say


class NumberEntry(Written):
    """Rules for a number that is keyed in.

    With `lowest` and `highest` it is saved as a number, else as text (0012 stays 0012).
    """

    maximum: Annotated[int, Field(ge=1, le=32)]
    minimum: Annotated[int, Field(ge=1, le=32)] = 1
    terminator: Key = "#"
    first: Annotated[Seconds, Field(gt=0, le=60)] = 5.0
    between: Annotated[Seconds, Field(gt=0, le=30)] = 3.0
    overall: Annotated[Seconds, Field(gt=0, le=120)] = 30.0
    lowest: int | None = None
    highest: int | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "NumberEntry":
        if self.minimum > self.maximum:
            raise ValueError("minimum is greater than maximum")
        if (self.lowest is None) != (self.highest is None):
            raise ValueError("lowest and highest are written together")
        if self.lowest is not None and self.highest is not None and self.lowest > self.highest:
            raise ValueError("lowest is greater than highest")
        return self

    def accept(self, keys: str) -> str | int | None:
        """Return the number of these keys; None where they are none."""
        if not (keys.isascii() and keys.isdecimal() and self.minimum <= len(keys) <= self.maximum):
            return None
        if self.lowest is None or self.highest is None:
            return keys
        return int(keys) if self.lowest <= int(keys) <= self.highest else None


class AskStep(Step):
    """Question for a key or a number.

    `keys` lead on, `answers` are saved, `digits` are a number.

    Wrong keys are asked again `retries` times, silence `silent` times (as often as wrong keys where that is not
    written), then lead to `otherwise`. Keys typed ahead of several questions answer them one after the other; those
    typed after a number that is refused are dropped.
    """

    kind: ClassVar[str] = "ask"
    ask: Spoken
    again: Name | None = None
    """Said before it is asked again after a wrong key; not said after silence."""
    keys: Annotated[dict[Key, StepName], BeforeValidator(key_names)] = Field(default_factory=dict)
    answers: Annotated[dict[Key, str | int | bool], BeforeValidator(key_names)] = Field(default_factory=dict)
    digits: NumberEntry | None = None
    save: Variable | None = None
    confirm: Name | None = None
    """A prompt that reads the number back: 1 accepts it, 2 asks for it again."""
    next: StepName | None = None
    timeout: Annotated[Seconds, Field(gt=0, le=60)] = 5.0
    retries: Annotated[int, Field(ge=0, le=5)] = 1
    silent: Annotated[int | None, Field(ge=0, le=5)] = None
    barge_in: bool = True
    """Whether a key ends the prompts."""
    typed_ahead: bool = True
    """Whether keys pressed before the question answer it. Where they do not, they are dropped as a whole."""
    otherwise: StepName

    @property
    def silent_retries(self) -> int:
        """Return how often it is asked again after silence."""
        return self.retries if self.silent is None else self.silent

    @model_validator(mode="after")
    def _one_question(self) -> "AskStep":
        saves = bool(self.answers) or self.digits is not None
        if not (self.keys or saves):
            raise ValueError("a question needs keys, answers or digits")
        if self.answers and self.digits:
            raise ValueError("answers and digits exclude each other")
        if saves != (self.save is not None) or saves != (self.next is not None):
            raise ValueError("answers and digits need save and next, and keys alone have neither")
        if self.digits and set(self.keys) - {"*"}:
            raise ValueError("with digits, only '*' can be a key: the others begin a number")
        if self.digits and "timeout" in self.model_fields_set:
            raise ValueError("with digits, write first, between and overall inside digits instead of timeout")
        if self.confirm and not self.digits:
            raise ValueError("confirm reads back digits; there are none")
        both = sorted(set(self.keys) & set(self.answers))
        if both:
            raise ValueError(f"key {both[0]} stands in both keys and answers")
        return self

    @property
    def rules(self) -> DigitRules:
        """Return the rules for collecting keys."""
        if self.digits is None:
            return DigitRules(
                maximum=1,
                terminator=None,
                first_s=self.timeout,
                barge_in=self.barge_in,
                typed_ahead=self.typed_ahead,
            )
        return DigitRules(
            maximum=self.digits.maximum,
            terminator=self.digits.terminator,
            first_s=self.digits.first,
            between_s=self.digits.between,
            overall_s=self.digits.overall,
            barge_in=self.barge_in,
            typed_ahead=self.typed_ahead,
        )

    @property
    def prompts(self) -> tuple[PromptUse, ...]:
        return self.ask if self.again is None else (*self.ask, PromptUse(prompt=self.again))

    @property
    def writes(self) -> frozenset[str]:
        return frozenset() if self.save is None else frozenset({self.save})


class RecordStep(Step):
    """Recorded answer; the recording's id is saved.

    Null is saved where nothing could be recorded, or the answer is shorter than `minimum`.
    """

    kind: ClassVar[str] = "record"
    record: Spoken
    save: Variable
    minimum: Annotated[Seconds, Field(ge=0, le=10)] = 1.0
    maximum: Annotated[Seconds, Field(ge=1, le=600)] = 60.0
    silence: Annotated[Seconds, Field(ge=1, le=30)] = 3.0
    terminator: Key = "#"
    """Ends the recording, or skips it where it is pressed during the prompts and `can_skip` is set."""
    can_skip: bool = True
    """Whether the terminator may skip the recording. Where it may not, it only ends the prompts."""
    barge_in: bool = True
    """Whether a key ends the prompts."""
    next: StepName
    otherwise: StepName | None = None
    """Where it goes when there is no answer; `next` by default."""

    @property
    def rules(self) -> SpokenRules:
        """Return the rules for recording."""
        return SpokenRules(self.maximum, self.silence, self.terminator, self.can_skip)

    @property
    def prompts(self) -> tuple[PromptUse, ...]:
        return self.record

    @property
    def writes(self) -> frozenset[str]:
        return frozenset({self.save})


class WhenStep(Step):
    """Choice of the next step by the first condition that holds."""

    kind: ClassVar[str] = "when"
    when: Annotated[tuple[tuple[Condition, StepName], ...], BeforeValidator(conditions), Field(min_length=1)]
    next: StepName

    @property
    def reads(self) -> frozenset[str]:
        return frozenset().union(*(condition.variables for condition, _ in self.when))


class DoStep(Step):
    """Run of an action.

    A text argument that is `{a.variable}` passes its value; other texts have such fields filled.
    """

    kind: ClassVar[str] = "do"
    do: Name
    arguments: Annotated[dict[Name, str | int | bool | float | None], Field(alias="with")] = Field(default_factory=dict)
    next: StepName
    failed: StepName | None = None
    """Where it goes when the action could not be carried out; `next` by default."""

    @property
    def reads(self) -> frozenset[str]:
        texts = (value for value in self.arguments.values() if isinstance(value, str))
        return frozenset(name for text in texts for name in re.findall(rf"\{{({NAME})\}}", text))

    def filled(self, variables: Mapping[str, Any]) -> dict[str, JSON]:
        """The arguments with their variables' values."""
        return {name: _fill(value, variables) for name, value in self.arguments.items()}


class QueueStep(Step):
    """Hands the caller to people."""

    kind: ClassVar[str] = "queue"
    queue: Name
    matter: Annotated[Name | None, Field(alias="kind")] = None
    """The kind of matter (H1–H3), for the desk's form."""
    priority: Priority = 0
    asks: Annotated[tuple[CallerWord, ...], BeforeValidator(words), Field(max_length=10)] = ()
    """What the caller asks for, such as `cantonese`; the queue's rules say which skills that needs."""
    otherwise: StepName | None = None
    """Where the flow goes on when the queue is closed, full, or waited for too long."""


class LanguageStep(Step):
    """Change of the language: a fixed one, or a variable's value.

    A language that the flow does not speak changes nothing.
    """

    kind: ClassVar[str] = "language"
    language: Language | Variable
    next: StepName

    @property
    def reads(self) -> frozenset[str]:
        return frozenset({self.language}) if "." in self.language else frozenset()


class GotoStep(Step):
    """Goes on with another flow, from its start, keeping the variables."""

    kind: ClassVar[str] = "goto"
    goto: Name


class HangupStep(Step):
    """Ends the call. The word says why, for the call's record."""

    kind: ClassVar[str] = "hangup"
    hangup: Name
    say: Spoken | None = None
    """Said before it ends."""
    barge_in: bool = True
    """Whether a key ends the prompts."""

    @property
    def prompts(self) -> tuple[PromptUse, ...]:
        return self.say or ()


KINDS: Mapping[str, type[Step]] = {
    model.kind: model
    for model in (
        HangupStep,  # first, because it may also carry `say`
        AskStep,
        RecordStep,
        WhenStep,
        DoStep,
        QueueStep,
        LanguageStep,
        GotoStep,
        SayStep,
    )
}


class Flow(Written):
    """Whole flow, valid by itself; `ivr.check` checks the surroundings."""

    name: Annotated[Name, Field(alias="flow")]
    title: Title | None = None
    """Its name in reports; the flow's own name where there is none."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = ("zh",)
    """The first is spoken where nothing else is known."""
    start: StepName
    fallback: StepName | None = None
    """Step for a call in a missing step or an endless loop."""
    steps: dict[StepName, Step]

    def begin(self, variables: dict[str, Any] | None = None, language: str | None = None) -> Cursor:
        """The cursor of a call that enters this flow."""
        spoken = language if language in self.languages else self.languages[0]
        return Cursor(flow=self.name, step=self.start, language=spoken, variables=variables or {})


def _fill(value: JSON, variables: Mapping[str, Any]) -> JSON:
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(rf"\{{({NAME})\}}", value)
    if whole:
        found: JSON = read(variables, whole[1])
        return found
    return re.sub(rf"\{{({NAME})\}}", lambda match: str(read(variables, match[1]) or ""), value)
