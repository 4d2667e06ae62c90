"""Plain language in docstrings, comments, log events, API summaries and problem details."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.paths import PROJECT
from tests.unit.structure.source import PACKAGES, Passage, passages, python_files, read_passages

LONGEST_FIRST_LINE = 12
"""Words of a docstring's first line."""
VAGUE = re.compile(
    r"\b(whoever|whomever|whose|somebody|someone|nobody|anybody|everybody|told|he|she|him|his|her|hers)\b",
    re.IGNORECASE,
)
"""Words in place of a noun: the caller, agent, department, process, recipient."""
INDIRECT = frozenset(
    "what who whoever whether how where why which when as that from whom".split()  # noqa: SIM905 - a list to read
)
"""First words of a riddle; a first line begins with a verb or a noun."""
CODE = re.compile(r"\([A-Z]+\d+[^)]*\)")
"""A reference to a row of a document."""


def vague_words(passage: Passage) -> Iterator[str]:
    """Yield the vague words of a passage, with their place."""
    for match in VAGUE.finditer(passage.text):
        yield f"{passage.place}: {match[0]!r} in {passage.text.strip().splitlines()[0][:100]!r}"


def wrong_first_line(passage: Passage) -> Iterator[str]:
    """Yield the faults of a docstring's first line, with their place."""
    first = passage.text.strip().split("\n")[0]
    words = [word for word in CODE.sub("", first).split() if any(map(str.isalnum, word))]
    if len(words) > LONGEST_FIRST_LINE:
        yield f"{passage.place}: {len(words)} words: {first[:120]!r}"
    if words and words[0].lower().strip(",.:") in INDIRECT:
        yield f"{passage.place}: begins with {words[0]!r}: {first[:120]!r}"


def texts_for_users(path: Path) -> Iterator[Passage]:
    """Yield API summaries, problem titles and problem details of a file."""
    name = str(path.relative_to(PROJECT))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg in {"summary", "detail", "title", "reason", "rule"}:
            found: ast.AST = node.value
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            found = node.exc.args[0]
        else:
            continue
        text = "".join(
            part.value for part in ast.walk(found) if isinstance(part, ast.Constant) and isinstance(part.value, str)
        )
        if text:
            yield Passage(name, getattr(found, "lineno", 0), text)


def files_of(*packages: str) -> list[Path]:
    """Return the Python files of packages."""
    return [path for path in python_files() if path.relative_to(PROJECT).parts[0] in packages]


IN_SERVICE = files_of(*(package for package in PACKAGES if package not in {"tests", "bench"}))


@pytest.mark.parametrize("package", PACKAGES)
def test_comments_and_docstrings_name_the_person(package: str) -> None:
    found = [fault for path in files_of(package) for one in passages(path) for fault in vague_words(one)]
    assert not found, "name the caller, agent, department, process or recipient"


@pytest.mark.parametrize("package", PACKAGES)
def test_first_lines_are_short_and_direct(package: str) -> None:
    found = [
        fault
        for path in files_of(package)
        for one in passages(path)
        if one.is_docstring
        for fault in wrong_first_line(one)
    ]
    assert not found, f"at most {LONGEST_FIRST_LINE} words, beginning with a verb or a noun"


def test_summaries_and_problems_name_the_person() -> None:
    found = [fault for path in IN_SERVICE for one in texts_for_users(path) for fault in vague_words(one)]
    assert not found, "name the caller, agent, department, process or recipient"


def test_log_events_are_one_word_of_small_letters() -> None:
    found = []
    for path in IN_SERVICE:
        source = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)) if "structlog" in source else ():
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
                continue
            of_log = isinstance(node.func.value, ast.Name) and node.func.value.id == "log"
            event = node.args[0]
            if of_log and isinstance(event, ast.Constant) and not re.fullmatch(r"[a-z][a-z0-9_]*", str(event.value)):
                found.append(f"{path.relative_to(PROJECT)}:{node.lineno}: {event.value!r}")
    assert not found


def test_the_rules_find_what_they_are_for() -> None:
    source = '''"""Whoever calls."""\n\n\ndef whom():\n    """What somebody is told."""\n    # he waits\n'''
    found = list(read_passages(source, "sample.py"))
    assert [fault.split(": ")[1].split(" ")[0] for one in found for fault in vague_words(one)] == [
        "'Whoever'", "'somebody'", "'told'", "'he'"
    ]  # fmt: skip
    assert [fault.split(": ")[1] for one in found if one.is_docstring for fault in wrong_first_line(one)] == [
        "begins with 'Whoever'", "begins with 'What'"
    ]  # fmt: skip
    long = Passage("sample.py", 1, "One two three four five six seven eight nine ten eleven twelve (H4).", True)
    assert not list(wrong_first_line(long))
    assert list(wrong_first_line(Passage("sample.py", 1, long.text.replace("(H4)", "thirteen"), True)))
