"""Prose of the source: comments, docstrings, and documents, with their places."""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dev.paths import PROJECT

PACKAGES = ("ari_app", "bench", "callflows", "crm", "dev", "foundation", "ivr", "migrations", "recordings", "tests")
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Passage:
    """A comment or a docstring with its place."""

    path: str
    line: int
    text: str
    is_docstring: bool = False
    """Documents a module, a class or a function, as opposed to a comment or a note on an attribute."""

    @property
    def place(self) -> str:
        """The place as compilers print it."""
        return f"{self.path}:{self.line}"


def python_files() -> list[Path]:
    """Return every Python file of the project."""
    return [path for package in PACKAGES for path in sorted((PROJECT / package).rglob("*.py"))]


def documents() -> list[Path]:
    """Return the project's documents for readers."""
    return [*sorted(PROJECT.glob("*.md")), *sorted((PROJECT / "docs").glob("*.md"))]


def lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the places and the lines of a file."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        yield f"{path.relative_to(PROJECT)}:{number}", line


@cache
def passages(path: Path) -> tuple[Passage, ...]:
    """Return the comments and docstrings of a Python file."""
    return tuple(read_passages(path.read_text(encoding="utf-8"), str(path.relative_to(PROJECT))))


def read_passages(source: str, path: str) -> Iterator[Passage]:
    """Yield the comments and docstrings of a module's source."""
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        for index, statement in enumerate(body if isinstance(body, list) else ()):
            if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Constant):
                continue
            if isinstance(statement.value.value, str):
                is_docstring = index == 0 and isinstance(node, DOCUMENTED)
                yield Passage(path, statement.lineno, statement.value.value, is_docstring)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield Passage(path, token.start[0], token.string.lstrip("# "))
