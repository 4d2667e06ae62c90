"""Shipped call flows for tests: read once, or copied and edited."""

import shutil
from functools import cache
from pathlib import Path

from ari_app.runtime.configuration import Configuration, load_configuration, read_configuration
from dev.paths import PROJECT

CALLFLOWS = PROJECT / "callflows"


@cache
def shipped() -> Configuration:
    """Return the shipped configuration."""
    return load_configuration(CALLFLOWS)


def copied(folder: Path) -> Path:
    """Copy the shipped call flows; return the copy."""
    return Path(shutil.copytree(CALLFLOWS, folder / "callflows", ignore=shutil.ignore_patterns("__pycache__")))


def edit(file: Path, old: str, new: str) -> None:
    """Replace a text in a file once."""
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{file.name} has no {old!r}"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def findings(folder: Path) -> list[str]:
    """Return the findings of a folder, as they are printed."""
    return [str(finding) for finding in read_configuration(folder).findings]
