"""Catalogue of prompts: recorded files and texts, by language."""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import structlog

from foundation.findings import Finding
from foundation.yaml_files import read_yaml
from ivr.recorded_cache import RecordedCache
from ivr.recorded_files import find_recorded
from ivr.speech import LONGEST_TEXT, SpeechCache, SpeechError
from ivr.wording import FORMATS, fields, fill, stray_braces

LANGUAGES = ("zh", "en")
ORGANISATION = "{organisation.name}"
"""The organisation's name in a text, in the text's language."""

TOLD_EVERY_S = 2.0
"""A first start says how far it is: a person who waits sees that it goes on."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Text:
    """A prompt's text in one language, and where it stands."""

    text: str
    file: str
    line: int

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Its variables and their formats."""
        return fields(self.text)


@dataclass
class PromptCatalogue:
    """Prompts by language and name."""

    texts: dict[str, dict[str, Text]] = field(default_factory=dict)
    recorded: dict[str, dict[str, Path]] = field(default_factory=dict)

    def text(self, name: str, language: str, variables: Mapping[str, Any] | None = None) -> str | None:
        """Return a prompt's text with its fields filled, if any."""
        found = self.texts.get(language, {}).get(name)
        return None if found is None else fill(found.text, language, variables or {})

    def is_recorded(self, name: str, language: str) -> bool:
        """Tell whether a recorded file replaces the synthetic voice."""
        return name in self.recorded.get(language, {})

    def has(self, name: str, language: str) -> bool:
        """Check whether a prompt can be played in a language."""
        return name in self.texts.get(language, {})


def read_catalogue(
    folder: Path,
    organisation: Mapping[str, str] | None = None,
    is_known: Callable[[Path], bool] = lambda _: False,
) -> tuple[PromptCatalogue, list[Finding]]:
    """Read `prompts/<language>.yaml` and `recorded/<language>/` of a folder of call flows.

    Args:
        organisation: the organisation's name by language, for `{organisation.name}`.
        is_known: tells that a recorded file was converted before, so that its sound needs no check.
    """
    catalogue, findings = PromptCatalogue(), []
    for language in LANGUAGES:
        path = folder / "prompts" / f"{language}.yaml"
        if path.exists():
            catalogue.texts[language], found = _read_texts(path, (organisation or {}).get(language))
            found = [replace(finding, file=f"prompts/{path.name}") for finding in found]
            findings += found
    if not findings:
        names = {language: set(catalogue.texts.get(language, {})) for language in LANGUAGES}
        catalogue.recorded, findings = find_recorded(folder, names, is_known)
    return catalogue, findings


def _read_texts(path: Path, organisation: str | None) -> tuple[dict[str, Text], list[Finding]]:
    document, findings = read_yaml(path)
    if findings:
        return {}, findings
    if not isinstance(document, Mapping):
        return {}, [Finding(path.name, 1, "no-prompts", "a prompt file maps names to texts")]
    texts: dict[str, Text] = {}
    for name, written in document.items():
        line = document.lc.key(name)[0] + 1  # type: ignore[attr-defined]
        fault = _fault(name, written)
        if fault:
            findings.append(Finding(path.name, line, "wrong-prompt", f"prompt {name}: {fault}"))
        else:
            text = " ".join(str(written).split())
            if organisation is not None:
                # The same on every call: the text needs no call to be spoken ahead of.
                text = text.replace(ORGANISATION, organisation)
            texts[str(name)] = Text(text, f"prompts/{path.name}", line)
    return texts, findings


def _fault(name: Any, written: Any) -> str | None:
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return "a name is written in small letters, digits and underscores"
    if not isinstance(written, str) or not written.strip():
        return "the text is missing"
    if len(written) > LONGEST_TEXT:
        return f"the text is longer than {LONGEST_TEXT} characters; make it shorter, people are listening"
    if stray_braces(written):
        return "braces are for fields such as {ticket.number:digits}"
    unknown = [form for _, form in fields(written) if form not in FORMATS]
    return f"there is no format {unknown[0]}; there are {', '.join(FORMATS)}" if unknown else None


class PromptAudio(Protocol):
    """Source of the walker's audio files."""

    async def audio(self, name: str, language: str, variables: Mapping[str, Any]) -> Path | None:
        """Return a prompt's file; None, with a log entry, without one.

        The call goes on without the prompt.
        """


class Prompts:
    """Prompts as audio files; close them with `aclose()`."""

    def __init__(self, catalogue: PromptCatalogue, speech: SpeechCache) -> None:
        self._catalogue = catalogue
        self._speech = speech
        self._recorded = RecordedCache(catalogue.recorded, speech.folder)

    async def audio(self, name: str, language: str, variables: Mapping[str, Any]) -> Path | None:
        """Return the recorded file, else the synthesised one.

        None, with a log entry, where there is neither.
        """
        if self._recorded.holds(name, language):
            recorded = self._recorded.file(name, language)
            if recorded is not None:
                return recorded
        return await self._synthetic(name, language, variables)

    async def _synthetic(self, name: str, language: str, variables: Mapping[str, Any]) -> Path | None:
        text = self._catalogue.text(name, language, variables)
        if text is None:
            log.error("prompt_missing", prompt=name, language=language)
            return None
        try:
            return await self._speech.audio(text, language)
        except SpeechError as error:
            log.error("prompt_not_spoken", prompt=name, language=language, error=str(error))  # noqa: TRY400
            return None

    async def prepare(self, languages: Iterable[str] = LANGUAGES) -> "Prepared":
        """Convert every recorded file and speak every text without fields.

        This precedes the first call. A recorded prompt's text is spoken too: it takes the file's place in a moment.
        """
        not_converted = await self._recorded.prepare()
        names = [
            (name, language)
            for language in languages
            for name, text in self._catalogue.texts.get(language, {}).items()
            if not text.fields
        ]
        told, ready = asyncio.get_running_loop().time(), 0

        async def spoken(name: str, language: str) -> Path | None:
            nonlocal told, ready
            path = await self._synthetic(name, language, {})
            ready += 1
            if (now := asyncio.get_running_loop().time()) - told >= TOLD_EVERY_S:
                told = now
                log.info("prompts_being_made", ready=ready, prompts=len(names))
            return path

        made = await asyncio.gather(*(spoken(name, language) for name, language in names))
        failed = [f"{language}/{name}" for (name, language), path in zip(names, made, strict=True) if path is None]
        return Prepared(len(names) - len(failed), failed, not_converted)

    async def forget(self, unused_s: float) -> int:
        """Remove the sentences of earlier calls; texts without fields stay."""
        await self.prepare()
        return await self._speech.sweep(unused_s)

    async def aclose(self) -> None:
        """Stop what is being synthesised and converted."""
        await self._recorded.aclose()
        await self._speech.aclose()


@dataclass(frozen=True)
class Prepared:
    """Result of `prepare`."""

    ready: int
    failed: Sequence[str]
    not_converted: Sequence[str] = ()
    """Recorded files that failed: their text is spoken."""
