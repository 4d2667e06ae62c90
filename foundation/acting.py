"""Person for whom the present task works, for audits."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from foundation.routes import Principal

ACTOR = "actor"
"""Key in the info of a session that writes: the person for whom it does."""
_ACTING: ContextVar[Principal | None] = ContextVar("acting", default=None)


@contextmanager
def acting(principal: Principal | None) -> Iterator[None]:
    """Carry out the block for a person; None is the service itself."""
    before = _ACTING.set(principal)
    try:
        yield
    finally:
        _ACTING.reset(before)


def actor() -> Principal | None:
    """Return the person for whom the task works, or None."""
    return _ACTING.get()
