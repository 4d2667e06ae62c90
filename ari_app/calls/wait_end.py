"""Reasons for the end of a wait in a queue."""

from enum import StrEnum


class WaitEnd(StrEnum):
    """Reason for the end of a wait."""

    SERVED = "served"
    SENT_ON = "sent_on"
    """An agent, or the loss of the agent, sent the caller to a queue again."""
    TIMED_OUT = "timed_out"
    """The queue's longest wait is over."""
    UNSTAFFED = "unstaffed"
    """No agent of the queue is signed in."""
    MESSAGE = "message"
    """The caller chose by key to leave a message."""
    CALL_BACK = "call_back"
    """The caller chose by key to be called back."""
    CLOSED = "closed"
    """The queue was closed when the caller came."""
    CHANGED = "changed"
    """The caller goes to another queue, by key or because this one overflows or is closed."""
