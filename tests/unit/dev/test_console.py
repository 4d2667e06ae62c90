"""Build of the console's pages: once for each content."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dev import console

BUILD = """
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
mkdirSync(process.env.CONSOLE_OUT, { recursive: true })
writeFileSync(process.env.CONSOLE_OUT + '/index.html', 'page')
appendFileSync('node_modules/builds', 'x')
"""


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A console without packages, built by a script of Node."""
    folder = tmp_path / "console"
    folder.mkdir()
    package = {"name": "small", "version": "0.0.0", "private": True}
    scripts = {"build": "node build.mjs", "compress": "node --version"}
    (folder / "package.json").write_text(json.dumps({**package, "scripts": scripts}))
    lock = {**package, "lockfileVersion": 3, "requires": True, "packages": {"": package}}
    (folder / "package-lock.json").write_text(json.dumps(lock))
    (folder / "build.mjs").write_text(BUILD)
    # `npm ci` creates no folder where there is nothing to install.
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / ".hotline-lock").write_text(console._lock_hash(folder))
    monkeypatch.setattr(console, "CONSOLE", folder)
    monkeypatch.setattr(console, "BUILDS", tmp_path / "builds")
    return folder


@pytest.mark.slow
def test_two_that_ask_at_once_get_one_build_and_a_change_gets_another(sources: Path) -> None:
    with ThreadPoolExecutor(2) as both:
        first, second = both.map(lambda _: console.build(), range(2))
    assert first == second
    assert (first / "index.html").read_text() == "page"
    assert (sources / "node_modules" / "builds").read_text() == "x"

    (sources / "page.vue").write_text("changed")
    changed = console.build()

    assert changed != first
    assert first.exists(), "a running service may be serving it"
    assert (sources / "node_modules" / "builds").read_text() == "xx"


@pytest.mark.slow
def test_failed_build_says_why_and_leaves_nothing(sources: Path) -> None:
    (sources / "build.mjs").write_text("throw new Error('no such component')")

    with pytest.raises(console.ConsoleUnavailable, match="no such component"):
        console.build()

    assert not [folder for folder in console.BUILDS.iterdir() if console._complete(folder)]


def test_project_without_pages_says_so(sources: Path) -> None:
    (sources / "package-lock.json").unlink()
    with pytest.raises(console.ConsoleUnavailable, match="no pages to build"):
        console.build()
