"""Catalogue of notices in Chinese and English, validated with problems by line.

A text names what is put into it in braces, `{number}`. Nothing else in it means anything, and nothing in what is put
in means anything at all: `{{7*7}}` in a ticket stays what it is (S37). A line of which every name is empty is left out.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import structlog
from pydantic import BaseModel, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase, CommentedMap
from ruamel.yaml.error import MarkedYAMLError

from crm.notices.errors import CatalogueInvalid
from crm.outbox.model import Kind
from foundation.problems import FieldProblem

GENERIC = "other"
"""The event that gives its wording to events without one."""
VARIABLES = frozenset(
    {
        "event", "number", "kind", "status", "urgency", "subject", "description", "address", "area", "department",
        "reason", "words", "actor", "until", "visit", "urge_count", "redo_count", "caller_name", "caller_number",
        "due", "respond_by", "clock", "step", "other", "at", "link", "visit_before",
    }
)  # fmt: skip
"""Facts that `facts.py` finds."""
FOR_REPORTERS = frozenset({"number", "kind", "status", "words", "until", "due", "visit", "visit_before"})
"""Facts that a ticket's reporters may read: nothing internal, and nothing of each other."""
WORDED = frozenset({"kind", "status", "urgency", "clock", "reason", "actor"})
"""Variables with a wording for each of their values."""
log = structlog.get_logger()

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


def load_catalogue(path: Path, shipped: Path | None = None) -> NoticeCatalogue:
    """Load the catalogue from a file.

    Words and texts about visits that the file lacks are those of the `shipped` one, so that a file written for an older
    release is still loaded; a warning names them.

    Raises:
        CatalogueInvalid: unreadable, or a rule is broken; every problem is listed with its line.
    """
    document = _read(path)
    if shipped is not None and path.resolve() != shipped.resolve():
        missing = [*_completed(document, _read(shipped))]
        if missing:
            log.warning("notice_texts_missing", file=str(path), used_as_shipped=missing)
    try:
        found = _File.model_validate(document)
    except ValidationError as error:
        problems = [
            FieldProblem(field=_where(document, problem["loc"]), rule=problem["msg"])
            for problem in error.errors(include_url=False)
        ]
        raise _invalid(path, problems) from error
    problems = [*_wrong_names(document, found)]
    if GENERIC not in found.events:
        problems.append(FieldProblem(field="events", rule=f"must have {GENERIC}, for what has no words of its own"))
    problems += [
        FieldProblem(field=f"visits.{change}", rule="must have a text for each language")
        for change in get_args(VisitChange)
        if change not in found.visits
    ]
    problems += [
        FieldProblem(field=f"words.{variable}", rule="must give words to every value")
        for variable in sorted(WORDED - found.words.keys())
    ]
    if problems:
        raise _invalid(path, problems)
    return NoticeCatalogue(found.events, found.words, found.visits)


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


def _read(path: Path) -> CommentedMap:
    try:
        document = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _invalid(path, [FieldProblem(field="file", rule=f"must be readable: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise _invalid(path, [FieldProblem(field="file", rule="must be UTF-8 text")]) from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _invalid(path, [FieldProblem(field=f"line {line}", rule=f"must be YAML: {error.problem}")]) from error
    if not isinstance(document, CommentedMap):
        raise _invalid(path, [FieldProblem(field="line 1", rule="must have words and events")])
    return document


def _wrong_names(document: CommentedMap, found: _File) -> Iterator[FieldProblem]:
    for kind, notice in found.events.items():
        for language in ("zh", "en"):
            written = notice.wording(language)
            for part, text in (("subject", written.subject), ("text", written.text)):
                for at, line in enumerate(text.splitlines()):
                    where = _where(document, ("events", kind, language, part), later=at)
                    yield from (FieldProblem(field=where, rule=rule) for rule in _problems_of(line, VARIABLES))
        if notice.reporter is not None:
            yield from _wrong_names_for_reporters(document, notice.reporter, "events", kind, "reporter")
    for change, wording in found.visits.items():
        yield from _wrong_names_for_reporters(document, wording, "visits", change)


def _wrong_names_for_reporters(document: CommentedMap, wording: ReporterWording, *place: str) -> Iterator[FieldProblem]:
    for language, text in (("zh", wording.zh), ("en", wording.en)):
        for at, line in enumerate(text.splitlines()):
            where = _where(document, (*place, language), later=at)
            yield from (FieldProblem(field=where, rule=rule) for rule in _problems_of(line, FOR_REPORTERS))


def _problems_of(line: str, known: Collection[str]) -> Iterator[str]:
    for name in _NAME.findall(line):
        if name not in known:
            yield f"{{{name}}} is unknown; there are {', '.join(sorted(known))}"
    if _BRACE.search(_NAME.sub("", line)):
        yield "braces must hold one name, such as {number}, and nothing else"


def _where(document: CommentedMap, loc: tuple[int | str, ...], later: int = 0) -> str:
    """Return the line of a place in the document."""
    node: Any = document
    line = 1
    for part in loc:
        if not isinstance(node, CommentedBase) or not isinstance(node, dict) or part not in node:
            break
        if part in (node.lc.data or {}):  # an item that is merged in from elsewhere has no line here
            line = node.lc.key(part)[0] + 1
        node = node[part]
    below = 1 + later if isinstance(node, str) and "\n" in node else 0
    return f"line {line + below}, {'.'.join(str(part) for part in loc)}"


def _invalid(path: Path, problems: list[FieldProblem]) -> CatalogueInvalid:
    listed = "; ".join(f"{problem.field}: {problem.rule}" for problem in problems)
    return CatalogueInvalid(f"{path.name}: {listed}", problems)
