"""Fakes for the walker: caller, prompts, actions, cursor store."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from ari_app.campaigns.survey import QUESTIONS_BY_KIND
from ivr.actions import Action, ActionCall
from ivr.cursor import Cursor
from ivr.flow_checks import Vocabulary
from ivr.variables import JSON
from ivr.voice import DigitRules, Digits, DigitsEnd, Spoken, SpokenRules

CALLFLOWS = Path(__file__).parents[3] / "callflows"

PROGRESS = frozenset({"progress.prompt", "progress.department"})
CALL_BACK = frozenset(f"call_back.{name}" for name in ("possible", "asked", "prompt", "why_not", "title"))
WINDOWS = frozenset(f"call_back.{name}" for name in ("has_windows", "window_codes", "window_2", "window_3", "window_4"))
FOUND = frozenset(
    {f"customer.{name}" for name in ("id", "name", "known", "matches", "arrears_cents", "language")}
    | {f"offer.{name}" for name in ("open", "several", "ticket_id", "subject", "department", "prompt")}
)
GIVEN = frozenset(
    {f"call.{name}" for name in ("number", "access_number", "greeting", "open")}
    | {"hours.opens", "organisation.name", "queue.ended", "queue.left_by_key"}
    | {
        f"survey.{name}"
        for name in ("ticket_number", "subject", "kind", "remind_payment", "hotline_number", *QUESTIONS_BY_KIND)
    }
)
QUEUES = frozenset({"consult", "complaint", "repair"})


@dataclass
class Service:
    """Fakes of flow actions, with results and calls.

    A list of results is used up one call after the other.
    """

    answers: dict[str, Mapping[str, JSON] | Exception | list[Mapping[str, JSON]]] = field(default_factory=dict)
    calls: list[tuple[str, Mapping[str, JSON]]] = field(default_factory=list)

    def table(self) -> dict[str, Action]:
        """Return the actions by name."""
        written = [
            ("identify_caller", frozenset[str](), FOUND),
            ("find_account", frozenset({"account_number"}), FOUND | {"account.own_number", "account.found"}),
            ("check_account", frozenset({"check"}), FOUND | {"account.checked"}),
            ("next_ticket", frozenset[str](), FOUND),
            ("find_progress", frozenset({"number", "check"}), PROGRESS),
            ("ask_call_back", frozenset[str](), CALL_BACK),
            ("ask_own_call_back", frozenset[str](), CALL_BACK),
            ("find_call_back_windows", frozenset[str](), WINDOWS),
            ("urge_ticket", frozenset[str](), frozenset[str]()),
            ("store_answers", frozenset[str](), frozenset[str]()),
            ("postpone_survey", frozenset({"when"}), frozenset[str]()),
        ]
        choices = {"when": frozenset({"hour", "evening", "tomorrow"})}
        return {
            name: Action(name, self._run(name), arguments, sets, choices=choices if "when" in arguments else {})
            for name, arguments, sets in written
        }

    def vocabulary(self) -> Vocabulary:
        """Return the vocabulary of the shipped flows."""
        return Vocabulary(self.table(), QUEUES, GIVEN)

    def _run(self, name: str) -> Any:
        async def run(call: ActionCall) -> Mapping[str, JSON]:
            self.calls.append((name, dict(call.arguments)))
            answer = self.answers.get(name, {})
            if isinstance(answer, Exception):
                raise answer
            if isinstance(answer, list):
                return answer.pop(0)
            return answer

        return run


@dataclass
class Caller:
    """Fake caller: answers question after question.

    An answer is keys as pressed, `#` included; an empty text is silence.

    After the last answer the caller says nothing more. `heard` holds the prompts played, `clock_s` the time it took.
    """

    answers: list[str] = field(default_factory=list)
    spoken: str | None = "recording-1"
    spoken_s: float = 4.0
    hang_up_at: int | None = None
    """The question, counted from 0, at which the caller hangs up."""
    heard: list[str] = field(default_factory=list)
    clock_s: float = 0.0
    asked: int = 0
    rules: list[DigitRules] = field(default_factory=list)
    purposes: list[str] = field(default_factory=list)
    interruptible: list[str] = field(default_factory=list)
    """Prompts that a key would have ended."""
    dropped: list[int] = field(default_factory=list)
    """How many questions had been asked when keys typed ahead were dropped."""

    async def say(self, audio: Sequence[Path], *, barge_in: bool = False) -> None:
        """Play to the end."""
        self.heard += [str(file) for file in audio]
        self.interruptible += [str(file) for file in audio if barge_in]
        self.clock_s += len(audio)

    def drop_keys(self) -> None:
        """Note it."""
        self.dropped.append(self.asked)

    async def ask(self, audio: Sequence[Path], rules: DigitRules) -> Digits:
        """Play and collect."""
        await self.say(audio, barge_in=rules.barge_in)
        self.asked += 1
        self.rules.append(rules)
        if self.hang_up_at == self.asked - 1:
            raise asyncio.CancelledError
        keys = self.answers.pop(0) if self.answers else ""
        if rules.maximum > 1 and rules.terminator and rules.terminator in keys[: rules.maximum + 1]:
            return Digits(keys.partition(rules.terminator)[0], DigitsEnd.TERMINATED)
        if len(keys) >= rules.maximum:
            return Digits(keys[: rules.maximum], DigitsEnd.COMPLETE)
        self.clock_s += rules.between_s if keys else rules.first_s
        return Digits(keys, DigitsEnd.TIMEOUT)

    async def record(self, purpose: str, rules: SpokenRules) -> Spoken | None:
        """Return the recording."""
        self.purposes.append(purpose)
        self.clock_s += rules.silence_s
        return Spoken(self.spoken, self.spoken_s) if self.spoken else None


class Names:
    """Fake of prompts: the path of each is its language and name."""

    def __init__(self, missing: Sequence[str] = ()) -> None:
        self.missing = missing

    async def audio(self, name: str, language: str, variables: Mapping[str, Any]) -> Path | None:
        """Return language and name as a path."""
        return None if name in self.missing else Path(language) / name


@dataclass
class Kept:
    """Fake of the cursor store.

    `dead_at` is the save after which the process dies.
    """

    saved: list[bytes] = field(default_factory=list)
    dead_at: int | None = None

    async def save(self, cursor: Cursor) -> None:
        """Store it."""
        self.saved.append(msgspec.json.encode(cursor))
        if self.dead_at == len(self.saved) - 1:
            raise asyncio.CancelledError

    @property
    def last(self) -> Cursor:
        """Return the cursor that another process would find."""
        return msgspec.json.decode(self.saved[-1], type=Cursor)

    @property
    def steps(self) -> list[str]:
        """Return the steps of the call, in order."""
        return [msgspec.json.decode(saved, type=Cursor).step for saved in self.saved]
