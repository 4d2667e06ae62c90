"""Parts of the grammar that every step shares: names, durations, prompts."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from ivr.conditions import parse_condition
from ivr.variables import NAME

Language = Literal["zh", "en"]

REPLAY = "replay"
"""A target that asks the same step again without counting it as a mistake."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}


def seconds(written: Any) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m)", written, re.ASCII) if isinstance(written, str) else None
    if match is None:
        raise ValueError(f"{written!r} is not a duration; write it with its unit, such as 5s, 500ms or 1m")
    return float(match[1]) * _UNITS[match[2]]


def spoken(written: Any) -> Any:
    items = written if isinstance(written, list | tuple) else [written]
    return tuple({"prompt": item} if isinstance(item, str) else item for item in items)


def key_names(written: Any) -> Any:
    if not isinstance(written, Mapping):
        return written
    keys = {str(key): value for key, value in written.items()}
    if len(keys) != len(written):
        raise ValueError("a key is written twice, once as a number and once as text")
    return keys


def conditions(written: Any) -> Any:
    if not isinstance(written, Mapping):
        # pydantic turns a ValueError into a finding; a TypeError would pass through it.
        raise ValueError("write conditions and the steps they lead to, such as `{ customer.known: welcome_back }`")  # noqa: TRY004
    return tuple((parse_condition(str(text)), target) for text, target in written.items())


def words(written: Any) -> Any:
    return (written,) if isinstance(written, str) else tuple(written) if isinstance(written, list) else written


Seconds = Annotated[float, BeforeValidator(seconds)]
StepName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_*#]+)*$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Variable = Annotated[str, StringConstraints(pattern=f"^{NAME}$", max_length=80)]
Key = Annotated[str, StringConstraints(pattern=r"^[0-9*#]$")]
CallerWord = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""What a caller asks for, as the rules of a queue name it: `cantonese`."""
Priority = Annotated[int, Field(ge=-100, le=100)]


class Written(BaseModel):
    """Part of a flow file; an unknown word is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, populate_by_name=True)


class PromptUse(Written):
    """Prompt by its name: fixed, or chosen by a variable."""

    prompt: Name | None = None
    language: Language | None = None
    """Where it is to be spoken in another language than the call's."""
    only: Language | None = None
    """Where it is meant for callers of one language alone, such as the hint that another one is spoken."""
    variable: Annotated[Variable | None, Field(alias="from")] = None
    among: tuple[Name, ...] = ()
    """What the variable may name; the first is spoken where it names something else."""

    @model_validator(mode="after")
    def _one_way(self) -> "PromptUse":
        if (self.prompt is None) == (self.variable is None) or bool(self.among) != (self.variable is not None):
            raise ValueError("write a prompt's name, or `{from: variable, among: [prompt, …]}`")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every prompt that it may speak."""
        return self.among if self.prompt is None else (self.prompt,)


Spoken = Annotated[tuple[PromptUse, ...], BeforeValidator(spoken), Field(min_length=1, max_length=10)]


TitleText = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class Title(Written):
    """Name of a flow or a step in reports, in both languages."""

    zh: TitleText
    en: TitleText


class Step(Written):
    """Step of a flow.

    In the file, the field named by `kind` tells the kind of step.
    """

    kind: ClassVar[str]

    title: Title | None = None
    """Its name in reports; the step's own name where there is none."""

    @property
    def prompts(self) -> tuple[PromptUse, ...]:
        """Return the prompts that it may play."""
        return ()

    @property
    def reads(self) -> frozenset[str]:
        """The variables it reads, apart from those in its prompts' texts."""
        return frozenset(use.variable for use in self.prompts if use.variable is not None)

    @property
    def writes(self) -> frozenset[str]:
        """The variables it sets by itself."""
        return frozenset()
