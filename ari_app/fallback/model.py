"""Notes of the dialplan on calls that it took.

It stores them in Asterisk's database while the service is away.
"""

import re
from datetime import UTC, datetime

import msgspec

FAMILY = "hotline_fallback"
CONTACT_FAMILY = "hotline_fallback_contact"
"""Customers whom the service was calling: the time of their apology by channel."""
QUEUE = "hotline_fallback"
CONTEXT, EXTENSION = "fallback", "s"
ALIVE = "HOTLINE_ALIVE"
"""Global variable of the service's last beat, in seconds since the epoch."""
BEAT_S = 3.0
AWAY_S = 15.0
"""After this long without a beat the dialplan stops waiting for the service; `extensions.conf` has the same number."""

_ID = re.compile(r"(call|rec)-[0-9a-f]{26}")
_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)
"""Seconds: of the epoch until the year 2286, or of a wait."""
_FIELDS = 9
_PHONE = "PJSIP/"


class FallbackCall(msgspec.Struct, frozen=True):
    """A call in the fallback."""

    id: str
    started_at: datetime
    ended_at: datetime | None
    """None while it lasts."""
    number: str
    access_number: str
    endpoint: str | None
    """The SIP user of the phone that answered."""
    waited_s: int | None
    talk_segment: str
    message_segment: str
    channel_id: str
    """The caller's channel: the service knows its own calls by it."""


def parse(call_id: str, note: str) -> FallbackCall | None:
    """Parse a note of the dialplan; None where it is none."""
    fields = note.split("|")
    if len(fields) != _FIELDS or not _ID.fullmatch(call_id):
        return None
    started, ended, number, access_number, interface, waited, talk, message, channel_id = fields
    if not _NUMBER.fullmatch(started) or any(segment and not _ID.fullmatch(segment) for segment in (talk, message)):
        return None
    return FallbackCall(
        id=call_id,
        started_at=_moment(started),
        ended_at=_moment(ended) if _NUMBER.fullmatch(ended) else None,
        number=number,
        access_number=access_number,
        endpoint=interface.removeprefix(_PHONE) if interface.startswith(_PHONE) else None,
        waited_s=int(waited) if _NUMBER.fullmatch(waited) else None,
        talk_segment=talk,
        message_segment=message,
        channel_id=channel_id,
    )


def _moment(seconds: str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
