"""Offers of reserved agents to waiting callers, and their results."""

from enum import StrEnum

from ari_app.ari.channels import HangupReason
from ari_app.calls.call_services import AgentPhone, CallServices
from ari_app.calls.model import RecordingStage, Talk
from ari_app.queues.model import DeclineReason, Offer
from foundation.clock import milliseconds, utc_now
from foundation.ids import new_id
from recordings.service import new_segment_id

TOO_LATE = "reservation_over"
"""Word in the log for an offer that the queue had ended before."""
MISSED = frozenset({DeclineReason.NO_ANSWER, DeclineReason.BUSY, DeclineReason.REFUSED})
"""Failed offers that count against the agent: several in a row pause."""

UNHEARD = frozenset({DeclineReason.CALLER_GONE, DeclineReason.ANSWERED_ELSEWHERE})
"""Offers after which the agent has nothing to wrap up, also where the queue believes in an answer."""
HANG_UP_REASONS: dict[DeclineReason, HangupReason] = {DeclineReason.ANSWERED_ELSEWHERE: "answered_elsewhere"}
"""Reasons that phones show: these are no missed calls."""


class OfferEnd(StrEnum):
    """Result of an offer."""

    DECLINED = "declined"
    """The agent did not take the call; the caller goes on waiting."""
    TALKED = "talked"
    """Caller and agent talked, and the agent hung up."""
    SENT_ON = "sent_on"
    """They talked, and the caller goes to a queue again."""


def staged(offer: Offer, phone: AgentPhone, reservation_id: str | None = None) -> Talk:
    """Return an offer to one agent as a talk, every id chosen."""
    return Talk(
        reservation_id=reservation_id or offer.reservation_id,
        agent_id=phone.agent_id,
        staff_number=phone.staff_number,
        channel_id=new_id("agent-leg"),
        bridge_id=new_id("talk"),
        ring_ms=offer.ring_ms,
        waited_ms=offer.waited_ms,
        position=offer.position,
        offered_at_ms=milliseconds(utc_now()),
        agent_name=phone.name,
        recording=RecordingStage(new_segment_id()),
    )


def phone_of(services: CallServices, talk: Talk) -> AgentPhone:
    """Return the phone of a talk's agent.

    The agent may have been removed meanwhile; the leg still has its ids.
    """
    return services.agents.phone(talk.agent_id) or AgentPhone(talk.agent_id, talk.staff_number, "", "")
