"""Catalogue of notices in Chinese and English, validated with problems by line.

A text names what is put into it in braces, `{number}`. Nothing else in it means anything, and nothing in what is put
in means anything at all: `{{7*7}}` in a ticket stays what it is (S37). A line of which every name is empty is left out.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, Field, ValidationError
from ruamel.yaml.comments import CommentedMap

from crm.kinds import TicketKind
from crm.outbox.model import Kind
from crm.tickets.model import TicketStatus, Urgency
from crm.tickets.refusals.model import RefusalReason
from foundation.findings import ConfigurationInvalid, Finding
from foundation.yaml_files import broken_rules, line_inside, plain, read_yaml

GENERIC = "other"
"""The event that gives its wording to events without one."""
VARIABLES = frozenset(
    {
        "event", "number", "kind", "status", "urgency", "subject", "description", "address", "area", "department",
        "reason", "words", "actor", "until", "visit", "urge_count", "redo_count", "caller_name", "caller_number",
        "due", "respond_by", "clock", "step", "other", "at", "link", "visit_before", "queue", "figure", "bound",
        "value",
    }
)  # fmt: skip
"""Facts that `facts.py` finds."""
FOR_REPORTERS = frozenset(
    {"number", "kind", "status", "words", "until", "due", "visit", "visit_before", "visit_code", "visit_page"}
)
"""Facts that a ticket's reporters may read: nothing internal, and nothing of each other."""
CODES: Mapping[str, frozenset[str]] = {
    "kind": frozenset(TicketKind),
    "status": frozenset(TicketStatus),
    "urgency": frozenset(Urgency),
    "clock": frozenset({"respond", "resolve"}),
    "reason": frozenset(RefusalReason),
    "actor": frozenset({"hotline"}),
    "figure": frozenset({"waiting", "longest_wait_s", "level", "long_pauses"}),
}
"""Values of the variables that have a wording for each of them."""
WORDED = CODES.keys()
ORGANISATION = "{organisation.name}"
"""The organisation's name in a text, in the text's language."""
Broken = tuple[int, str, str]
"""Line, rule and text of a finding."""

_NAME = re.compile(r"{([a-z_]+)}")
_BRACE = re.compile(r"[{}]")

Language = Literal["zh", "en"]
VisitChange = Literal["agreed", "moved", "cancelled"]
"""Change of a visit, by whatever action on its ticket."""
Audience = Literal["department", "helpers", "asked", "house", "role"]
"""Recipients of the department that holds the ticket, of departments that help it, of those that the event asks to
help, of no department, or of the role that the event names."""


class Words(BaseModel, extra="forbid", frozen=True):
    """Word in each language."""

    zh: Annotated[str, Field(min_length=1, max_length=60)]
    en: Annotated[str, Field(min_length=1, max_length=60)]


class NoticeWording(BaseModel, extra="forbid", frozen=True):
    """Wording of a notice, with names in braces."""

    subject: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\n]*$")]
    text: Annotated[str, Field(min_length=1, max_length=2000)]


class ReporterWording(BaseModel, extra="forbid", frozen=True):
    """Wording of an SMS to a ticket's reporters."""

    zh: Annotated[str, Field(min_length=1, max_length=500)]
    en: Annotated[str, Field(min_length=1, max_length=500)]


class EventNotice(BaseModel, extra="forbid", frozen=True):
    """Notice of one kind of event."""

    name: Words
    hear: list[Audience]
    """Recipients by default; each may switch it off, and the others may switch it on."""
    zh: NoticeWording
    en: NoticeWording
    reporter: ReporterWording | None = None
    """None: the reporters receive no SMS."""

    def wording(self, language: str) -> NoticeWording:
        """Return the wording of a language; Chinese for an unknown one."""
        return self.en if language == "en" else self.zh

    def event_name(self, language: str) -> str:
        """Return the event's name."""
        return self.name.en if language == "en" else self.name.zh


class _File(BaseModel, extra="forbid"):
    words: dict[str, dict[str, Words]]
    visits: dict[VisitChange, ReporterWording]
    events: dict[Kind, EventNotice]


@dataclass(frozen=True)
class NoticeText:
    """Text for one recipient."""

    subject: str
    text: str


class NoticeCatalogue:
    """Notices of all events."""

    def __init__(
        self,
        events: Mapping[str, EventNotice],
        words: Mapping[str, Mapping[str, Words]],
        visits: Mapping[VisitChange, ReporterWording],
    ) -> None:
        self.events = dict(events)
        self.visits = dict(visits)
        self._words = words
        self._families = {kind.partition(".")[0] for kind in events if kind != GENERIC}

    def notice(self, kind: str) -> EventNotice | None:
        """Return the notice of a kind, else the generic one.

        None for a family of events that no notice is about.
        """
        found = self.events.get(kind)
        if found is not None or kind.partition(".")[0] not in self._families:
            return found
        return self.events[GENERIC]

    def render(self, kind: str, language: str, facts: Mapping[str, str]) -> NoticeText:
        """Return the text about an event; missing facts are empty."""
        notice = self.notice(kind)
        assert notice is not None, "only events with a notice are rendered"
        wording = notice.wording(language)
        values = {**facts, "event": notice.event_name(language), **self._worded(facts, language)}
        return NoticeText(" ".join(_filled(wording.subject, values).split()), _said(wording.text, values))

    def reporter_wordings(self, kind: str, visit: VisitChange | None) -> list[ReporterWording]:
        """Return the texts for reporters about an event and its visit."""
        notice = self.notice(kind)
        own = notice.reporter if notice is not None else None
        return [wording for wording in (own, self.visits[visit] if visit is not None else None) if wording is not None]

    def render_for_reporter(
        self, kind: str, language: str, facts: Mapping[str, str], visit: VisitChange | None = None
    ) -> NoticeText:
        """Render the texts of `reporter_wordings`, one below the other."""
        notice, wordings = self.notice(kind), self.reporter_wordings(kind, visit)
        assert notice is not None, "only events with a text for reporters are rendered for them"
        values = {**facts, **self._worded(facts, language)}
        texts = [_said(wording.en if language == "en" else wording.zh, values) for wording in wordings]
        return NoticeText(notice.event_name(language), "\n".join(texts))

    def _worded(self, facts: Mapping[str, str], language: str) -> dict[str, str]:
        found = {}
        for variable in WORDED & facts.keys():
            words = self._words.get(variable, {}).get(facts[variable])
            if words is not None:
                found[variable] = words.en if language == "en" else words.zh
        return found


def _filled(template: str, values: Mapping[str, str]) -> str:
    """Replace the names in a template; inserted text is not searched."""
    return _NAME.sub(lambda found: values.get(found[1], ""), template)


def _said(text: str, values: Mapping[str, str]) -> str:
    return "\n".join(_filled(line, values) for line in text.splitlines() if _says_something(line, values)).strip()


def _says_something(line: str, values: Mapping[str, str]) -> bool:
    names = _NAME.findall(line)
    return not names or any(values.get(name) for name in names)


def load_catalogue(path: Path) -> NoticeCatalogue:
    """Load the catalogue from a file.

    Raises:
        ConfigurationInvalid: unreadable, or a rule is broken; every problem is listed with its line.
    """
    catalogue, findings, _ = read_notices(path)
    if catalogue is None or findings:
        raise ConfigurationInvalid(findings)
    return catalogue


def read_notices(
    path: Path, shipped: Path | None = None, organisation: Mapping[str, str] | None = None
) -> tuple[NoticeCatalogue | None, list[Finding], list[str]]:
    """Return catalogue, findings, and names of texts used as shipped.

    Words and texts about visits that the file lacks are those of the `shipped` one, so that a file written for an older
    release is still loaded. `organisation` is the organisation's name by language.
    """
    document, findings = read_yaml(path, aliases=True)
    if not findings and not isinstance(document, CommentedMap):
        findings = [Finding(path.name, 1, "no-notices", "the file must have words and events")]
    if findings:
        return None, findings, []
    missing: list[str] = []
    if shipped is not None and path.resolve() != shipped.resolve():
        missing = [*_completed(document, read_yaml(shipped, aliases=True)[0])]
    try:
        found = _File.model_validate(_named(plain(document), organisation or {}))
    except ValidationError as error:
        return None, [Finding(path.name, *broken) for broken in broken_rules(document, error)], missing
    findings = [
        Finding(path.name, *wrong) for wrong in (*_wrong_names(document, found), *_wrong_words(document, found))
    ]
    if GENERIC not in found.events:
        message = f"events: must have {GENERIC}, for what has no words of its own"
        findings.append(Finding(path.name, line_inside(document, ("events",)), "missing-text", message))
    findings += [
        Finding(path.name, line_inside(document, ("visits",)), "missing-text", f"visits.{change}: must have a text")
        for change in get_args(VisitChange)
        if change not in found.visits
    ]
    return NoticeCatalogue(found.events, found.words, found.visits), findings, missing


def _named(value: Any, organisation: Mapping[str, str], language: str = "") -> Any:
    """Put the organisation's name into the texts of each language."""
    if isinstance(value, dict):
        return {key: _named(one, organisation, key if key in organisation else language) for key, one in value.items()}
    return value.replace(ORGANISATION, organisation[language]) if isinstance(value, str) and language else value


def _completed(document: CommentedMap, shipped: CommentedMap) -> Iterator[str]:
    """Add missing words and texts about visits; yield their names."""
    for section in ("words", "visits"):
        yield from _added(document.setdefault(section, CommentedMap()), shipped[section], section)


def _added(given: object, shipped: CommentedMap, place: str) -> Iterator[str]:
    if not isinstance(given, CommentedMap):
        return
    for name, value in shipped.items():
        if name not in given:
            given[name] = value
            yield f"{place}.{name}"
        elif place == "words":
            yield from _added(given[name], value, f"{place}.{name}")


def _wrong_words(document: CommentedMap, found: _File) -> Iterator[Broken]:
    for variable in sorted(WORDED - found.words.keys()):
        yield line_inside(document, ("words",)), "missing-text", f"words.{variable}: must give words to every value"
    for variable, words in found.words.items():
        line = line_inside(document, ("words", variable))
        if variable not in WORDED:
            yield line, "unknown-value", f"words.{variable}: there is no such name; there are {_listed(WORDED)}"
            continue
        for value in sorted(words.keys() - CODES[variable]):
            line = line_inside(document, ("words", variable, value))
            yield line, "unknown-value", f"words.{variable}.{value}: it is one of {_listed(CODES[variable])}"


def _wrong_names(document: CommentedMap, found: _File) -> Iterator[Broken]:
    for kind, notice in found.events.items():
        for language in ("zh", "en"):
            written = notice.wording(language)
            for part, text in (("subject", written.subject), ("text", written.text)):
                yield from _wrong_names_in(document, text, VARIABLES, "events", kind, language, part)
        if notice.reporter is not None:
            yield from _wrong_names_for_reporters(document, notice.reporter, "events", kind, "reporter")
    for change, wording in found.visits.items():
        yield from _wrong_names_for_reporters(document, wording, "visits", change)


def _wrong_names_for_reporters(document: CommentedMap, wording: ReporterWording, *place: str) -> Iterator[Broken]:
    for language, text in (("zh", wording.zh), ("en", wording.en)):
        yield from _wrong_names_in(document, text, FOR_REPORTERS, *place, language)


def _wrong_names_in(document: CommentedMap, text: str, known: Collection[str], *place: str) -> Iterator[Broken]:
    """Yield the wrong names of a text with their lines."""
    below = 1 if "\n" in text else 0
    for at, line in enumerate(text.replace(ORGANISATION, "").splitlines()):
        for rule, problem in _problems_of(line, known):
            yield line_inside(document, place) + below + at, rule, f"{'.'.join(place)}: {problem}"


def _problems_of(line: str, known: Collection[str]) -> Iterator[tuple[str, str]]:
    for name in _NAME.findall(line):
        if name not in known:
            yield "unknown-variable", f"{{{name}}} is unknown; there are {_listed(known)}"
    if _BRACE.search(_NAME.sub("", line)):
        yield "wrong-value", "braces must hold one name, such as {number}, and nothing else"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
