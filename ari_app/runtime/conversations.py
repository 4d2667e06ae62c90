"""Conversations with callers: flows, prompts, speech, and actions."""

import asyncio
import shlex
import shutil

import structlog

from ari_app.calls.pauses import write_pause_tone
from ari_app.calls.wording import AgentWording
from ari_app.campaigns.actions import SurveyActions
from ari_app.missed.actions import CallBackActions
from ari_app.runtime.configuration import Configuration
from ari_app.runtime.domain import DomainServices
from ari_app.runtime.entry_points import EntryPoints
from ari_app.settings import Settings
from callflows.actions import CallerActions
from dev.programs import Program, program
from ivr.cursor import CursorStore
from ivr.prompts import Prompts
from ivr.speech import EspeakSpeech, SpeechCache
from ivr.voice import Voice
from ivr.walker import FlowWalker

FALLBACK_PROMPTS = ("fallback_wait", "fallback_message", "fallback_contact")

SENTENCE_KEPT_S = 24 * 3600.0
"""How long a spoken sentence stays on disk after it was last played."""
FORGET_EVERY_S = 3600.0

log = structlog.get_logger()


class Conversations:
    """Spoken content of a valid configuration."""

    def __init__(self, settings: Settings, domain: DomainServices, configuration: Configuration) -> None:
        caller_actions = CallerActions(domain.customers, domain.tickets, domain.departments, domain.self_service)
        self._actions = {
            **caller_actions.actions(),
            **SurveyActions(domain.campaigns).actions(),
            **CallBackActions(
                domain.planned, configuration.library.catalogue, domain.customers.wishes_no_calls
            ).actions(),
        }
        library = configuration.library
        self._flows = dict(library.flows)
        self._folder = settings.prompts
        self.pause_tone = settings.prompts / "pause_tone.wav"
        speech = SpeechCache(_speech(settings), settings.prompts)
        self.catalogue = library.catalogue
        self.prompts = Prompts(library.catalogue, speech)
        self.wording = AgentWording(library.catalogue, domain.calendar)
        self.entry_points = EntryPoints(
            self._flows,
            configuration.numbers,
            domain.calendar,
            domain.tickets,
            domain.customers,
            domain.campaigns,
            settings.hotline_number,
        )

    def walker(self, voice: Voice, store: CursorStore) -> FlowWalker:
        """Return the walker of one call."""
        return FlowWalker(self._flows, voice, self.prompts, self._actions, store)

    async def prepare(self) -> None:
        """Synthesise all prompts, and copy those that the dialplan itself plays."""
        spoken = await self.prompts.prepare()
        log.info(
            "prompts_ready", ready=spoken.ready, failed=list(spoken.failed), not_converted=list(spoken.not_converted)
        )
        for name in FALLBACK_PROMPTS:
            audio = await self.prompts.audio(name, "zh", {})
            if audio is not None:
                await asyncio.to_thread(shutil.copyfile, audio, self._folder / f"{name}.wav")
        await asyncio.to_thread(write_pause_tone, self.pause_tone)

    async def forget_sentences(self) -> None:
        """Remove sentences about customers a day after they were last played."""
        while True:
            await asyncio.sleep(FORGET_EVERY_S)
            removed = await self.prompts.forget(SENTENCE_KEPT_S)
            log.info("sentences_removed", files=removed)

    async def aclose(self) -> None:
        """Stop what is being synthesised and converted."""
        await self.prompts.aclose()


def _speech(settings: Settings) -> EspeakSpeech:
    espeak = Program(tuple(shlex.split(settings.espeak))) if settings.espeak else program("usr/bin/espeak-ng")
    sox = Program(tuple(shlex.split(settings.sox))) if settings.sox else program("usr/bin/sox")
    return EspeakSpeech(espeak.command, espeak.environ(), sox.command)
