"""Decoder of Asterisk's frames.

An unknown or malformed frame is counted and never raises.
"""

from collections import Counter
from typing import get_args

import msgspec
import structlog

from ari_app.ari.events import AnyEvent, Event

LOGGED_BYTES = 300
KNOWN_TYPES = frozenset(event.__name__ for event in get_args(AnyEvent))

log = structlog.get_logger()


class _TypeOnly(msgspec.Struct):
    type: str = ""


class EventDecoder:
    """Decoder of one source; counts the frames it could not use."""

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(AnyEvent).decode
        self._decode_type = msgspec.json.Decoder(_TypeOnly).decode
        self.decoded = 0
        self.ignored: Counter[str] = Counter()
        """Events of a type we do not use, by type."""
        self.malformed: Counter[str] = Counter()
        """Unreadable frames, by type where the type was readable."""

    def decode(self, frame: bytes) -> Event | None:
        """Return the event; None where the frame is of no use."""
        event: Event
        try:
            event = self._decode(frame)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            self._count(frame, error)
            return None
        self.decoded += 1
        return event

    def _count(self, frame: bytes, error: Exception) -> None:
        try:
            kind = self._decode_type(frame).type
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            kind = ""
        if kind and kind not in KNOWN_TYPES:
            self.ignored[kind] += 1
            return
        self.malformed[kind] += 1
        # Cut and quoted: a frame may carry any text as a caller's name.
        log.warning("ari_event_malformed", type=kind, error=str(error), frame=repr(frame[:LOGGED_BYTES]))
