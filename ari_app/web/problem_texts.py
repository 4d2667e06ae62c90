"""Texts of refusals in Chinese, and the code of each broken rule.

The code says in English why it refuses. Here that sentence is found in `callflows/problems.yaml`, which gives it its
code, its parameters and its Chinese text.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, ValidationError

from ari_app.web.labels import SHIPPED, Labels, read_labels
from foundation.findings import Finding
from foundation.problems import FieldProblem, ProblemDetails
from foundation.yaml_files import broken_rules, line_inside, plain, read_yaml

PROBLEMS_FILE = "problems.yaml"
LINE = "line_of_rules"
"""Rule with another one in its sentence."""
CHOICES = "enum"
"""Rule that lists the values there are."""
Language = Literal["zh", "en"]
_NAME = re.compile(r"{(\w+)}")
_PLACE = re.compile(r"\A((?:[a-z_]+(?:\.\w+)*: )?)(.*)\Z", re.DOTALL)
_QUOTED = re.compile(r"'([^']*)'")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)")
_PREFERENCE = re.compile(r"\s*([A-Za-z*]+)(?:-[\w-]+)?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?")


class Sentence(BaseModel, extra="forbid", frozen=True):
    """Sentence in both languages, with names in braces."""

    en: Annotated[str, Field(min_length=1, max_length=300)]
    zh: Annotated[str, Field(min_length=1, max_length=300)]


class _File(BaseModel, extra="forbid"):
    titles: dict[str, Annotated[str, Field(min_length=1, max_length=100)]]
    rules: dict[str, Sentence]
    details: list[Sentence]

    def sentences(self) -> Iterator[tuple[tuple[str | int, ...], Sentence]]:
        """Return every sentence with its path in the file."""
        yield from ((("rules", code), sentence) for code, sentence in self.rules.items())
        yield from ((("details", place), sentence) for place, sentence in enumerate(self.details))


@dataclass(frozen=True)
class Recognised:
    """Sentence that was found in the catalogue."""

    code: str
    parameters: dict[str, str]
    zh: str


class _Sentences:
    """Sentences by their English text, the more literal ones first."""

    def __init__(self, sentences: Iterable[tuple[str, Sentence]], labels: Labels) -> None:
        self._labels = labels
        ordered = sorted(sentences, key=lambda one: -len(_NAME.sub("", one[1].en)))
        self._patterns = [(code, _pattern(one.en), one.zh) for code, one in ordered]

    def find(self, text: str) -> Recognised | None:
        """Return the sentence that a text is; None for an unknown one."""
        for code, pattern, zh in self._patterns:
            if found := pattern.fullmatch(text):
                given = {name: _quoted(value) for name, value in found.groupdict().items() if name[0] != "_"}
                filled = {name: self._labels.chinese(name, value) for name, value in given.items()}
                if code == CHOICES:
                    filled = {name: "、".join(_QUOTED.findall(value)) or value for name, value in filled.items()}
                chinese = _NAME.sub(lambda name: filled[name[1]], zh)  # noqa: B023 - called at once
                return Recognised(code, given, chinese)
        return None


def _quoted(value: str) -> str:
    """Return a value with all its quotation marks."""
    return f"'{value}" if value.endswith("'") and value.count("'") % 2 else value


class ProblemTexts:
    """Catalogue of refusals."""

    def __init__(self, file: _File, labels: Labels, time_zone: str = "Asia/Shanghai") -> None:
        self._file, self._labels, self._zone = file, labels, ZoneInfo(time_zone)
        self._titles = file.titles
        self._rules = _Sentences(file.rules.items(), labels)
        self._details = _Sentences((("", one) for one in file.details), labels)

    def in_zone(self, time_zone: str) -> "ProblemTexts":
        """Return the catalogue with the house's clock for its times."""
        return ProblemTexts(self._file, self._labels, time_zone)

    def rule(self, text: str) -> Recognised | None:
        """Return the rule that a text is."""
        return self._rules.find(text)

    def worded(self, details: ProblemDetails, language: Language) -> ProblemDetails:
        """Return a problem in a language, with the codes of its rules."""
        errors = [self._field(one, language) for one in details.errors]
        titles = self._titles if language == "zh" else {}
        title = titles.get(details.type.rsplit("/", 1)[1], details.title)
        detail = self.reason(details.detail, language)
        return details.model_copy(update={"errors": errors, "title": title, "detail": detail})

    def reason(self, text: str, language: Language) -> str:
        """Return a sentence in a language, its times on the house's clock."""
        known = (self._details.find(text) or self._rules.find(text)) if language == "zh" else None
        return self._on_the_clock(known.zh if known is not None else text)

    def _field(self, problem: FieldProblem, language: Language) -> FieldProblem:
        known = self._rules.find(problem.rule)
        if known is None:
            return problem.model_copy(update={"rule": self._on_the_clock(problem.rule)})
        chinese = self._line(known) if known.code == LINE else known.zh
        rule = self._on_the_clock(chinese if language == "zh" else problem.rule)
        return problem.model_copy(update={"code": known.code, "parameters": known.parameters, "rule": rule})

    def _line(self, known: Recognised) -> str:
        """Return a broken line with its sentence in Chinese too."""
        what = known.parameters["what"]
        place, sentence = _PLACE.findall(what)[0]
        return known.zh.replace(what, f"{place.replace(': ', '：')}{self.reason(sentence, 'zh')}")

    def _on_the_clock(self, text: str) -> str:
        def written(found: re.Match[str]) -> str:
            return f"{datetime.fromisoformat(found[0]).astimezone(self._zone):%Y-%m-%d %H:%M}"

        return _MOMENT.sub(written, text)


def read_problem_texts(folder: Path, labels: Labels) -> tuple[ProblemTexts | None, list[Finding]]:
    """Return the folder's texts, else the shipped ones, and findings.

    The texts are None where a finding prevents them.
    """
    own = folder / PROBLEMS_FILE
    document, findings = read_yaml(own if own.exists() else SHIPPED / PROBLEMS_FILE)
    if findings:
        return None, findings
    try:
        file = _File.model_validate(plain(document))
    except ValidationError as error:
        return None, [Finding(PROBLEMS_FILE, *place) for place in broken_rules(document, error)]
    findings = [
        Finding(PROBLEMS_FILE, line_inside(document, path), "unknown-name", f"{{{name}}} is not in the English text")
        for path, sentence in file.sentences()
        for name in sorted(set(_NAME.findall(sentence.zh)) - set(_NAME.findall(sentence.en)))
    ]
    return None if findings else ProblemTexts(file, labels), findings


@cache
def shipped_texts() -> ProblemTexts:
    """Return the texts that the release brings."""
    texts, findings = read_problem_texts(SHIPPED, read_labels()[0])
    assert texts is not None, findings
    return texts


def language_of(header: str) -> Language:
    """Return the language that an Accept-Language header prefers, else English."""
    best: tuple[float, Language] = (0.0, "en")
    for part in header[:200].split(","):
        found = _PREFERENCE.fullmatch(part)
        if found is None:
            continue
        weight = float(found[2] or 1)
        if weight > best[0]:
            if found[1].lower() == "zh":
                best = (weight, "zh")
            elif found[1].lower() == "en":
                best = (weight, "en")
    return best[1]


def _pattern(sentence: str) -> re.Pattern[str]:
    literal = [re.escape(part) for part in re.split(r"{\w+}", sentence)]
    names = [f"(?P<{name}>.*?)" for name in _NAME.findall(sentence)]
    return re.compile("".join(part for pair in zip(literal, [*names, ""], strict=True) for part in pair), re.DOTALL)
