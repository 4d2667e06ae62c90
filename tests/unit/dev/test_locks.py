"""Lock files hold every imported package, and nothing else is needed."""

import re
import tomllib
from pathlib import Path

import pytest

from dev.paths import PROJECT

NAME = re.compile(r"[A-Za-z0-9_.-]+")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def asked_for(*extras: str) -> set[str]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    return {normal(match[0]) for line in wanted if (match := NAME.match(line))}


def pinned(lock: Path) -> set[str]:
    return {normal(name) for name in re.findall(r"^([A-Za-z0-9_.-]+)==", lock.read_text(), flags=re.MULTILINE)}


@pytest.mark.parametrize(
    ("lock", "extras"), [("requirements.lock", ("dev", "bench")), ("requirements-service.lock", ())]
)
def test_every_dependency_is_locked(lock: str, extras: tuple[str, ...]) -> None:
    missing = asked_for(*extras) - pinned(PROJECT / lock)
    assert not missing, f"run `make lock`: {', '.join(sorted(missing))}"
