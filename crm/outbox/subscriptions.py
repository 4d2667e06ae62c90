"""Subscriptions: handlers of stored events by type and kind."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from crm.events import Event, EventType


@dataclass(frozen=True)
class EventEnvelope:
    """An event with its id and time, for listeners of every event."""

    id: str
    """The same at every delivery: a receiver recognises a repeated one by it (F26)."""
    event: Event
    at: datetime
    """When the event was stored."""

    @property
    def kind(self) -> str:
        """The event's kind."""
        return self.event.kind

    @property
    def key(self) -> str:
        """The event's key."""
        return self.event.key


Listener = Callable[[EventEnvelope], Awaitable[None]]
"""Receives every event; raises where the event must be delivered again."""


@dataclass(frozen=True)
class _Subscription:
    event_type: type[Event]
    kinds: frozenset[str]
    handler: Callable[[Any], Awaitable[None]]

    def matches(self, event: Event) -> bool:
        return isinstance(event, self.event_type) and (not self.kinds or event.kind in self.kinds)


class Subscriptions:
    """Handlers in the order in which they were added."""

    def __init__(self) -> None:
        self._subscriptions: list[_Subscription] = []
        self._listeners: list[Listener] = []

    def on(
        self,
        event_type: type[EventType],
        handler: Callable[[EventType], Awaitable[None]],
        *,
        kinds: Collection[str] = (),
    ) -> None:
        """Add a handler of a type of events, or of some kinds.

        The handler raises where the event must be delivered again.
        """
        self._subscriptions.append(_Subscription(event_type, frozenset(kinds), handler))

    def on_every_event(self, listener: Listener) -> None:
        """Add a listener of every event; it is called after the handlers."""
        self._listeners.append(listener)

    def calls(self, envelope: EventEnvelope) -> Sequence[Callable[[], Awaitable[None]]]:
        """Return the calls that deliver an event."""
        event = envelope.event
        handlers = [partial(found.handler, event) for found in self._subscriptions if found.matches(event)]
        return [*handlers, *(partial(listener, envelope) for listener in self._listeners)]
