"""Codes such as `(H4)` name a row of a document."""

import re
from collections.abc import Iterator

import pytest

from dev.paths import PROJECT
from tests.unit.structure.source import documents, lines, passages, python_files

CODE = re.compile(r"(?<![\w%.#-])([A-Z][1-9][0-9]?)(?![\w%])")
OF_A_TEST = re.compile(r"(?:async )?def test_([a-z][1-9][0-9]?)_")
DEFINITION = re.compile(r"^\| \*{0,2}([A-Z][1-9][0-9]?)\*{0,2} \||\*\*([A-Z][1-9][0-9]?)\*\*", re.MULTILINE)
WRITTEN_BY_HAND = ("*.yaml", "*.lua", "*.sh", "*.conf", "*.toml", "Makefile", "Dockerfile", "*.html", "*.js")
FOLDERS = ("ari_app", "asterisk", "callflows", "docker", "dev")
OTHER_MEANINGS = frozenset({"A4"})
"""Terms of a letter and a digit that are no code: a paper size."""


def defined() -> set[str]:
    """Return the codes that have a row in a document."""
    found: set[str] = set()
    for document in (PROJECT / "docs").glob("*.md"):
        for match in DEFINITION.finditer(document.read_text(encoding="utf-8")):
            found.add(match[1] or match[2])
    return found


def used() -> Iterator[tuple[str, str]]:
    """Yield each code that the project's files mention, with its place."""
    for text, place in prose():
        for match in CODE.finditer(text):
            yield match[1], place
    for path in (PROJECT / "tests").rglob("*.py"):
        for place, line in lines(path):
            if found := OF_A_TEST.match(line):
                yield found[1].upper(), place


def prose() -> Iterator[tuple[str, str]]:
    """Yield comments, docstrings and documents, with their places."""
    for path in python_files():
        for passage in passages(path):
            yield passage.text, passage.place
    for folder in FOLDERS:
        for pattern in WRITTEN_BY_HAND:
            for path in sorted((PROJECT / folder).rglob(pattern)):
                for place, line in lines(path):
                    yield _comment(line), place
    for path in documents():
        for place, line in lines(path):
            yield line, place


def _comment(line: str) -> str:
    """Return the comment of a line of YAML, Lua, shell or Asterisk."""
    found = re.search(r"(?:^|\s)(?:#|--|;)(.*)", line)
    return found[1] if found else ""


def test_every_code_has_a_row_in_a_document() -> None:
    rows = defined()
    missing = [f"{place}: {code}" for code, place in used() if code not in rows | OTHER_MEANINGS]
    assert not missing, "add the row to docs/requirements.md, security.md or faults.md, or drop the code"


@pytest.mark.parametrize("code", ["H4", "S29", "F12", "I1", "R3", "G14"])
def test_documents_define_each_family_of_codes(code: str) -> None:
    assert code in defined()


def test_a_code_is_found_alone_and_in_a_list() -> None:
    assert CODE.findall("Mask personal data (S29, H4); F1–F7 and I1.") == ["S29", "H4", "F1", "F7", "I1"]
    assert not CODE.findall("RFC 4733, G711, 2026-11-29T12:00, IPv4, %F1, x-G2, SHA256")
