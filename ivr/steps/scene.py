"""Surroundings of a step, and its possible outcomes."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ivr.actions import Action
from ivr.cursor import Cursor
from ivr.grammar import Flow
from ivr.grammar_base import PromptUse
from ivr.prompts import PromptAudio
from ivr.variables import read
from ivr.voice import Voice


@dataclass(frozen=True)
class Ended:
    """End of the flow and of the call, with the flow's reason."""

    reason: str


@dataclass(frozen=True)
class ToQueue:
    """The caller is to wait for a person."""

    queue: str
    kind: str | None = None
    priority: int = 0
    otherwise: str | None = None
    """Step that follows a wait without an agent; None ends the call."""
    asks: tuple[str, ...] = ()
    """What the caller asks for, as the rules of the queue name it."""


Outcome = Ended | ToQueue


@dataclass(frozen=True)
class GoTo:
    """On to another step."""

    step: str


@dataclass(frozen=True)
class Jump:
    """On to another flow."""

    flow: str


@dataclass(frozen=True)
class Again:
    """The same step once more."""

    counted: bool
    """Whether it counts as an attempt without a usable answer."""
    wrong_key: bool = False
    """Whether the caller pressed something that is no answer."""


@dataclass(frozen=True)
class Leave:
    """Out of the flow."""

    outcome: Outcome


Move = GoTo | Jump | Again | Leave


@dataclass(frozen=True)
class Scene:
    """One step's surroundings."""

    cursor: Cursor
    flow: Flow
    voice: Voice
    prompts: PromptAudio
    actions: Mapping[str, Action]

    async def audio(self, uses: Iterable[PromptUse]) -> list[Path]:
        """Return the files of prompts in order, without missing ones."""
        spoken = [use for use in uses if use.only in {None, self.cursor.language}]
        files = await asyncio.gather(*map(self._file, spoken))
        return [file for file in files if file is not None]

    async def _file(self, use: PromptUse) -> Path | None:
        name = use.prompt
        if name is None and use.variable is not None:
            wanted = read(self.cursor.variables, use.variable)
            name = wanted if wanted in use.among else use.among[0]
        assert name is not None, "the grammar lets no other prompt through"
        return await self.prompts.audio(name, use.language or self.cursor.language, self.cursor.variables)
