"""Language in which the present task is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

Language = Literal["zh", "en"]

_READING: ContextVar[Language] = ContextVar("reading", default="zh")


@contextmanager
def reading(language: Language) -> Iterator[None]:
    """Carry out the block for a reader of a language."""
    before = _READING.set(language)
    try:
        yield
    finally:
        _READING.reset(before)


def reader() -> Language:
    """Return the reader's language; Chinese where it is not known."""
    return _READING.get()


def in_reader_language(zh: str, en: str) -> str:
    """Return the name in the reader's language, else the Chinese one."""
    return en if en and _READING.get() == "en" else zh
