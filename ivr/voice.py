"""Interface of a live call to its flow: speech, keys, recording."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class DigitRules:
    """Rules for collecting keys during and after a prompt.

    Times in seconds, counted from the end of the prompt.
    """

    maximum: int = 1
    terminator: str | None = "#"
    """The key that ends the input before `maximum`; it is not part of the digits. Not used where `maximum` is 1."""
    first_s: float = 5.0
    between_s: float = 3.0
    overall_s: float = 30.0
    barge_in: bool = True
    """Whether a key stops the prompt. Where it does not, keys pressed during the prompt still count."""
    typed_ahead: bool = True
    """Whether keys pressed before the question count. Where they do not, they are dropped as a whole."""


class DigitsEnd(StrEnum):
    """Reason for the end of collecting keys."""

    COMPLETE = "complete"
    TERMINATED = "terminated"
    TIMEOUT = "timeout"


@dataclass(frozen=True)
class Digits:
    """The keys pressed, without the terminator; may be empty."""

    keys: str
    end: DigitsEnd


@dataclass(frozen=True)
class SpokenRules:
    """Rules for recording an answer. Times in seconds."""

    maximum_s: float = 60.0
    silence_s: float = 3.0
    terminator: str | None = "#"
    can_skip: bool = True
    """Whether the terminator, pressed before the recording, skips it."""


@dataclass(frozen=True)
class Spoken:
    """A recorded answer."""

    recording_id: str
    duration_s: float


class Voice(Protocol):
    """Sound and keypad of one caller.

    A hang-up cancels the task that walks the flow and raises nothing else. Keys pressed ahead are taken in their order
    by the questions that follow, each as many as it needs.
    """

    async def say(self, audio: Sequence[Path], *, barge_in: bool = False) -> None:
        """Play files one after another; with `barge_in`, until a key is pressed.

        The key is left to the next question; where one was pressed ahead, nothing is played. A file that cannot be
        played is skipped and logged.
        """

    async def ask(self, audio: Sequence[Path], rules: DigitRules) -> Digits:
        """Play files and collect keys, those pressed during the prompt included."""

    def drop_keys(self) -> None:
        """Drop all keys pressed ahead."""

    async def record(self, purpose: str, rules: SpokenRules) -> Spoken | None:
        """Record the caller's words under `purpose`; None where there are none.

        There are none where recording failed, and where the terminator was pressed before it began
        and may skip it.
        """
