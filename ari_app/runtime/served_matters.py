"""Flows and forms that serve each matter, by channel (H21)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from crm.kinds import TicketKind
from crm.tickets.model import Channel
from foundation.reader import in_reader_language
from ivr.grammar import Flow, QueueStep, RecordStep

DESK, WEB_FORM = "desk", "web_form"
"""Staff file these matters; customers send them."""
FILED_BY_STAFF = (Channel.COUNTER, Channel.LETTER, Channel.FAX, Channel.EMAIL)


def served_matters(flows: Iterable[Flow]) -> Mapping[tuple[TicketKind, Channel], Sequence[str]]:
    """Return the names of what serves a kind on a channel.

    A queue serves the kinds that a flow's steps name; a message that callers leave in that flow becomes a ticket of
    the same kinds.
    """
    served: dict[tuple[TicketKind, Channel], list[str]] = defaultdict(list)
    for kind in TicketKind:
        served[kind, Channel.WEB] = [WEB_FORM]
        for channel in FILED_BY_STAFF:
            served[kind, channel] = [DESK]
    for flow in flows:
        name = flow.name if flow.title is None else in_reader_language(flow.title.zh, flow.title.en)
        matters = {step.matter: step.queue for step in flow.steps.values() if isinstance(step, QueueStep)}
        takes_messages = any(isinstance(step, RecordStep) for step in flow.steps.values())
        for matter, queue in matters.items():
            if matter is None:
                continue
            served[TicketKind(matter), Channel.PHONE].append(f"{name} → {queue}")
            if takes_messages:
                served[TicketKind(matter), Channel.IVR].append(name)
    return served
