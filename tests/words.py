"""Words of the hotline as sound, to compare with a phone's."""

from typing import Any

from dev.paths import RUNTIME
from dev.programs import program
from ivr.prompts import Prompts
from ivr.speech import EspeakSpeech, SpeechCache
from tests.callflows import shipped
from tests.phones.sound import Samples, load


async def words(prompt: str, language: str = "zh", **variables: Any) -> Samples:
    """Return a prompt as it is played, with its fields filled in."""
    catalogue = shipped().library.catalogue
    speaker, sox = program("usr/bin/espeak-ng"), program("usr/bin/sox")
    speech = EspeakSpeech(speaker.command, speaker.environment, sox.command)
    audio = await Prompts(catalogue, SpeechCache(speech, RUNTIME / "prompts")).audio(prompt, language, variables)
    assert audio is not None
    return load(audio)
