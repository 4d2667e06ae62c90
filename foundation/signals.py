"""Signals: events of one object that other objects listen to.

An object that owns a signal does not know its listeners. `ari_app/runtime/subscriptions.py` alone adds them, so that
one file lists who reacts to which event. A listener that must never be missing is a constructor argument instead.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, ParamSpec

Facts = ParamSpec("Facts")


class Signal(Generic[Facts]):
    """Event that is announced without waiting; its listeners must only hand over."""

    def __init__(self) -> None:
        self._listeners: list[Callable[Facts, object]] = []

    @property
    def has_listeners(self) -> bool:
        return bool(self._listeners)

    def add_listener(self, listener: Callable[Facts, object]) -> None:
        """Call a listener at every announcement from now on."""
        self._listeners.append(listener)

    def announce(self, *args: Facts.args, **kwargs: Facts.kwargs) -> None:
        """Call every listener in the order they were added.

        Raises:
            Exception: the failure of a listener, after all were called; an ExceptionGroup where several failed.
        """
        failures: list[Exception] = []
        for listener in self._listeners:
            try:
                listener(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - raised below
                failures.append(error)
        _raise(failures)


class AsyncSignal(Generic[Facts]):
    """Event that waits for its listeners, one after another."""

    def __init__(self) -> None:
        self._listeners: list[Callable[Facts, Awaitable[object]]] = []

    def add_listener(self, listener: Callable[Facts, Awaitable[object]]) -> None:
        """Call a listener at every announcement from now on."""
        self._listeners.append(listener)

    async def announce(self, *args: Facts.args, **kwargs: Facts.kwargs) -> None:
        """Call every listener in order; raises as `Signal.announce` does."""
        failures: list[Exception] = []
        for listener in self._listeners:
            try:
                await listener(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - raised below
                failures.append(error)
        _raise(failures)


def _raise(failures: Sequence[Exception]) -> None:
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise ExceptionGroup("several listeners failed", failures)
