"""Survey script for an agent: the machine's words without its keys."""

import re
from collections.abc import Mapping
from itertools import takewhile

from ari_app.campaigns.asking_model import ScriptPart
from ari_app.campaigns.survey import QUESTIONS_BY_KIND, prompts_for
from crm.kinds import TicketKind
from ivr.prompts import PromptCatalogue
from ivr.wording import fill

_KEYS = re.compile(r"按\s*\d|按.?井号|井号键|嘀声|\bpress\b|\bhash\b|\btone\b", re.IGNORECASE)
"""What only a machine says."""
_SENTENCE = re.compile(r"[^。？！.?!]+(?:[。？！]|[.?!](?=\s|$)|$)")
_CLAUSE = re.compile(r"[，,]")
_COMMA, _STOP, _GAP = {"zh": "，", "en": ","}, {"zh": "。", "en": "."}, {"zh": "", "en": " "}
_NOT_ASKED = {
    TicketKind.CONSULTATION: frozenset({ScriptPart.CHARGED, ScriptPart.SCORE, ScriptPart.SUGGESTION}),
    TicketKind.COMPLAINT: frozenset({ScriptPart.CHARGED}),
    TicketKind.SUGGESTION: frozenset({ScriptPart.CHARGED}),
}
"""Questions that a kind leaves out, as the flow does (H1)."""


def parts_of(kind: TicketKind, *, remind_payment: bool) -> list[ScriptPart]:
    """Return the parts of the script about a ticket, in order."""
    left_out = set(_NOT_ASKED.get(kind, frozenset()))
    if not (remind_payment and kind is TicketKind.FAULT):
        left_out.add(ScriptPart.REMIND_PAYMENT)
    return [part for part in ScriptPart if part not in left_out]


def words(
    catalogue: PromptCatalogue, part: ScriptPart, kind: TicketKind, language: str, variables: Mapping[str, str]
) -> str:
    """Return what an agent says, in a language."""
    name = prompts_for(kind)[part] if part in QUESTIONS_BY_KIND else f"survey_{part.value}"
    found = catalogue.texts.get(language, {}).get(name)
    if found is None:
        return ""
    # Digits are written as digits: an agent knows how to read them out.
    return without_keys(fill(found.text.replace(":digits}", "}"), language, {"survey": variables}), language)


def without_keys(text: str, language: str) -> str:
    """Return a spoken text up to the first key that it names.

    All of it, if it begins with a key.
    """
    kept: list[str] = []
    for sentence in _SENTENCE.findall(text):
        if _KEYS.search(sentence):
            if not kept:
                kept = [*takewhile(lambda clause: not _KEYS.search(clause), _CLAUSE.split(sentence))]
                return f"{_COMMA[language].join(kept)}{_STOP[language]}" if kept else text
            break
        kept.append(sentence.strip())
    return _GAP[language].join(kept)
