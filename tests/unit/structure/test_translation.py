"""README.zh-CN.md covers what README.md covers."""

import re

from dev.paths import PROJECT

ENGLISH, CHINESE = ((PROJECT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
NAMED = re.compile(r"`([^`\n]+)`")
TRANSLATED = re.compile(r"callflows/(recorded/)?<")
"""Paths with a placeholder in words of the language."""


def named(text: str) -> set[str]:
    """Return the commands, files and settings that a document names."""
    return {name for name in NAMED.findall(text) if not TRANSLATED.search(name)}


def test_both_have_the_same_sections() -> None:
    levels = [[line.split()[0] for line in text.splitlines() if re.match("#+ ", line)] for text in (ENGLISH, CHINESE)]
    assert levels[0] == levels[1]


def test_both_name_the_same_commands_files_and_settings() -> None:
    assert named(ENGLISH) - named(CHINESE) == set()
    assert named(CHINESE) - named(ENGLISH) == set()


def test_both_have_tables_of_the_same_size() -> None:
    rows = [sum(line.startswith("|") for line in text.splitlines()) for text in (ENGLISH, CHINESE)]
    assert rows[0] == rows[1]


def test_both_have_the_same_measured_numbers() -> None:
    numbers = [
        re.findall(
            r"\d[\d,.]*\d ms|\d[\d,]+ /s", text.partition("## Benchmarks" if text is ENGLISH else "## 基准测试")[2]
        )
        for text in (ENGLISH, CHINESE)
    ]
    assert sorted(numbers[0]) == sorted(numbers[1])
