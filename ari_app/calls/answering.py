"""Wait for the answer of a phone, or the reason against it."""

from ari_app.ari.dispatch import Inbox
from ari_app.ari.events import ChannelDestroyed, Event, StasisStart
from ari_app.queues.model import DeclineReason

ANSWER_GRACE_S = 5.0
"""Time beyond the ringing time until Asterisk must have reported the end."""

# Q.850 causes with which Asterisk reports the end of a leg.
BUSY = frozenset({17})
REFUSED = frozenset({21})
UNAVAILABLE = frozenset({1, 2, 3, 20, 27, 31, 34, 38, 41, 42, 58, 127})


class Withdrawn(Event, frozen=True, kw_only=True):
    """Another agent took the call while this one was rung."""

    leg_id: str

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.leg_id,)


async def until_answered(inbox: Inbox) -> DeclineReason | None:
    """Wait until the leg is answered; else return the reason."""
    while True:
        event = await inbox.get()
        if isinstance(event, StasisStart):
            return None
        if isinstance(event, Withdrawn):
            return DeclineReason.ANSWERED_ELSEWHERE
        if isinstance(event, ChannelDestroyed):
            return _reason(event.cause)


def _reason(cause: int) -> DeclineReason:
    if cause in BUSY:
        return DeclineReason.BUSY
    if cause in REFUSED:
        return DeclineReason.REFUSED
    return DeclineReason.UNAVAILABLE if cause in UNAVAILABLE else DeclineReason.NO_ANSWER
