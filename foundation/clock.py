"""Clock: every time is aware UTC."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def milliseconds(moment: datetime) -> int:
    """Milliseconds since the epoch: how Redis and the wire carry a time."""
    return int(moment.timestamp() * 1000)


def from_milliseconds(value: int) -> datetime:
    """Return the aware UTC time of milliseconds since the epoch."""
    return datetime.fromtimestamp(value / 1000, UTC)
