"""Dispatcher of events to their listeners.

A listener registers before it sends the request that causes an event, so that it misses none.

Everything here runs inside a socket's reader: dictionary look-ups and hand-overs, never a wait.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Generic, TypeVar, cast

import structlog

from ari_app.ari.events import Event, StasisStart
from foundation.signals import Signal

CLAIM_S = 30.0
"""How long a new call's events wait for the task that takes it."""

LONG_INBOX = 500
"""Events waiting for one call: its task is stuck, which is logged."""

AnyOf = TypeVar("AnyOf", bound=Event)

log = structlog.get_logger()


class Inbox:
    """Events of one channel, bridge, playback or recording, in order.

    Unbounded, because an event that was dropped (a hang-up) costs more than the memory of one that waits.
    """

    def __init__(self, subject_id: str) -> None:
        self.subject_id = subject_id
        self._waiting: deque[Event] = deque()
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, event: Event) -> None:
        """Hand over an event."""
        self._waiting.append(event)
        self._arrived.set()
        if len(self._waiting) % LONG_INBOX == 0:
            log.warning("ari_inbox_long", subject_id=self.subject_id, waiting=len(self._waiting))

    async def get(self) -> Event:
        """Wait for the next event and return it."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.popleft()

    async def next_of(self, *kinds: type[AnyOf]) -> AnyOf:
        """Return the next event of these kinds; drop those before it."""
        while True:
            event = await self.get()
            if isinstance(event, kinds):
                return event


class _Expectation(Generic[AnyOf]):
    def __init__(self, kinds: tuple[type[AnyOf], ...]) -> None:
        self.kinds = kinds
        self.future: asyncio.Future[AnyOf] = asyncio.get_running_loop().create_future()

    def put(self, event: Event) -> None:
        if isinstance(event, self.kinds) and not self.future.done():
            self.future.set_result(event)


Listener = Callable[[Event], None]


class Dispatcher:
    """Registry of interest in events.

    One for each event source; `dispatch` is the source's `on_event`.
    """

    def __init__(self) -> None:
        self.new_channel = Signal[[StasisStart]]()
        """A channel without registered interest entered our application: a new call."""
        self._by_id: dict[str, list[Inbox | _Expectation[Event]]] = {}
        self._by_kind: dict[type[Event], list[Listener]] = {}
        self._unclaimed: dict[str, Inbox] = {}
        self.dispatched = 0

    def has_listener(self, subject_id: str) -> bool:
        """Tell whether a listener is registered for this id."""
        return subject_id in self._by_id

    @property
    def longest_inbox(self) -> int:
        """Return the length of the longest inbox."""
        lengths = (len(taker) for takers in self._by_id.values() for taker in takers if isinstance(taker, Inbox))
        return max(lengths, default=0)

    @contextmanager
    def subject(self, subject_id: str) -> Iterator[Inbox]:
        """Collect every event that concerns an id from now on."""
        inbox = self._unclaimed.pop(subject_id, None)
        if inbox is None:
            inbox = Inbox(subject_id)
            self._add(subject_id, inbox)
        try:
            yield inbox
        finally:
            self._remove(subject_id, inbox)

    def channel(self, channel_id: str) -> AbstractContextManager[Inbox]:
        """Collect a channel's events, with those of its playbacks and recordings.

        The channel is no new call then.

        For a new call it begins with the events after its StasisStart, so that a hang-up before the start of its task
        is not missed.
        """
        return self.subject(channel_id)

    @contextmanager
    def joined(self, subject_id: str, inbox: Inbox) -> Iterator[None]:
        """Collect the events of a further id in an existing inbox."""
        self._add(subject_id, inbox)
        try:
            yield
        finally:
            self._remove(subject_id, inbox)

    @contextmanager
    def expect(
        self, kinds: type[AnyOf] | tuple[type[AnyOf], ...], subject_id: str
    ) -> Iterator["asyncio.Future[AnyOf]"]:
        """Return a future of the first such event for an id.

        Leaving the block cancels it.
        """
        expectation = _Expectation(kinds if isinstance(kinds, tuple) else (kinds,))
        taker = cast("_Expectation[Event]", expectation)
        self._add(subject_id, taker)
        try:
            yield expectation.future
        finally:
            self._remove(subject_id, taker)
            expectation.future.cancel()

    def listen(self, kind: type[AnyOf], listener: Callable[[AnyOf], None]) -> Callable[[], None]:
        """Call a listener for every event of one kind.

        Returns a function that stops it. A listener must not wait.
        """
        listeners = self._by_kind.setdefault(kind, [])
        heard = cast("Listener", listener)
        listeners.append(heard)
        return lambda: listeners.remove(heard)

    def dispatch(self, event: Event) -> None:
        """Hand an event over."""
        self.dispatched += 1
        for subject_id in event.ids:
            for taker in self._by_id.get(subject_id, ()):
                taker.put(event)
        for listener in tuple(self._by_kind.get(type(event), ())):
            _call(listener, event)
        if type(event) is StasisStart and event.channel.id not in self._by_id and self.new_channel.has_listeners:
            self._hold_for_claim(event.channel.id)
            _call(cast("Listener", self.new_channel.announce), event)

    def _hold_for_claim(self, channel_id: str) -> None:
        inbox = Inbox(channel_id)
        self._unclaimed[channel_id] = inbox
        self._add(channel_id, inbox)
        asyncio.get_running_loop().call_later(CLAIM_S, self._drop_unclaimed, inbox)

    def _drop_unclaimed(self, inbox: Inbox) -> None:
        if self._unclaimed.get(inbox.subject_id) is inbox:
            del self._unclaimed[inbox.subject_id]
            self._remove(inbox.subject_id, inbox)

    def _add(self, subject_id: str, taker: "Inbox | _Expectation[Event]") -> None:
        self._by_id.setdefault(subject_id, []).append(taker)

    def _remove(self, subject_id: str, taker: "Inbox | _Expectation[Event]") -> None:
        takers = self._by_id[subject_id]
        takers.remove(taker)
        if not takers:
            del self._by_id[subject_id]


def _call(listener: Listener, event: Event) -> None:
    try:
        listener(event)
    except Exception:
        # One listener's bug must not stop the reader.
        log.exception("ari_listener_failed", event_type=type(event).__name__)
