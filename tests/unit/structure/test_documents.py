"""Documents name files, settings and commands that exist."""

import re
from pathlib import Path

import pytest

from ari_app.settings import Settings
from dev.paths import PROJECT
from tests.unit.structure.source import PACKAGES, documents, lines

PLACES = (*PACKAGES, "docs", "asterisk", "docker", ".ci", "unit", "chaos", "phones")
"""Folders of the project, and those of tests/ that docs/faults.md names without it."""
FROM_THE_OPERATOR = ("asterisk/site/pjsip.d/", "callflows/recorded/")
"""Folders that an operator makes."""
PATH = re.compile(rf"(?<![\w./<>{{-])((?:{'|'.join(re.escape(place) for place in PLACES)})/[\w./-]*|[\w-]+\.(?:py|sh))")
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)")
SETTING = re.compile(r"HOTLINE_[A-Z_]+")
TARGET = re.compile(r"(?:`|\$ )make ([a-z]+)")
OF_COMPOSE = re.compile(r"\$\{(HOTLINE_[A-Z_]+)")
OF_THE_SCRIPTS = frozenset({"HOTLINE_RUNTIME", "HOTLINE_DEBIAN_MIRROR"})
"""Variables of the Makefile and of asterisk/bootstrap.sh."""


DECLARED = re.compile(r'(?:"(?:GET|POST|PUT|PATCH|DELETE)",|\bReport\()\s*f?"(/[^"]*)"')
"""A route of a feature's table."""
NAMED_ROUTE = re.compile(r"(?:/api/v1|(?<=`)(?!/(?:etc|srv|var)/))(/[a-z][a-z-]*(?:/[a-z{}_-]+)*)")
SERVED_BESIDE = frozenset({"/desk/socket", "/metrics", "/readyz", "/healthz", "/api/openapi"})
"""Addresses that the server has without a route table."""


def shape(route: str) -> str:
    """Return a route without the names of its parameters."""
    return re.sub(r"{[^}]*}", "{}", route).rstrip("/")


def exists(named: str) -> bool:
    """Tell whether a named file or folder exists.

    It is looked for at the root, in tests/, and, given without a folder, by its name in all packages.
    """
    if any(named.startswith(made) for made in FROM_THE_OPERATOR):
        return True
    if (PROJECT / named).exists() or (PROJECT / "tests" / named).exists():
        return True
    return "/" not in named and any(next((PROJECT / place).rglob(named), None) for place in PLACES)


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_a_document_names_files_that_exist(document: Path) -> None:
    missing = []
    for place, line in lines(document):
        named = [match[1].rstrip(".") for match in PATH.finditer(line)]
        linked = [match[1] for match in LINK.finditer(line)]
        missing += [f"{place}: {name}" for name in named if not exists(name)]
        missing += [f"{place}: {link}" for link in linked if not (document.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_a_document_names_settings_that_have_a_reader(document: Path) -> None:
    read = {f"HOTLINE_{name.upper()}" for name in Settings.model_fields} | OF_THE_SCRIPTS
    for written in (PROJECT / "docker-compose.yml", PROJECT / "docker-compose.bridge.yml", PROJECT / ".env.sample"):
        read |= set(OF_COMPOSE.findall(written.read_text(encoding="utf-8")))
    unknown = [
        f"{place}: {match[0]}"
        for place, line in lines(document)
        for match in SETTING.finditer(line)
        if match[0] not in read and not match[0].endswith("_")
    ]
    assert not unknown


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_a_document_names_make_targets_that_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    unknown = [
        f"{place}: make {match[1]}"
        for place, line in lines(document)
        for match in TARGET.finditer(line)
        if match[1] not in targets
    ]
    assert not unknown


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_a_document_names_routes_that_exist(document: Path) -> None:
    sources = [path for place in PACKAGES if place != "tests" for path in (PROJECT / place).rglob("*.py")]
    declared = {shape(found) for path in sources for found in DECLARED.findall(path.read_text(encoding="utf-8"))}
    assert declared
    unknown = [
        f"{place}: {route}"
        for place, line in lines(document)
        for route in NAMED_ROUTE.findall(line)
        if shape(route) not in declared and route not in SERVED_BESIDE
    ]
    assert not unknown


def test_the_check_finds_a_file_that_is_gone() -> None:
    assert not exists("ari_app/calls/gone.py")
    assert not exists("gone.py")
    assert PATH.findall("see `ari_app/calls/gone.py`, asterisk/gone.py and test_gone.py.") == [
        "ari_app/calls/gone.py",
        "asterisk/gone.py",
        "test_gone.py",
    ]
