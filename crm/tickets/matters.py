"""Open tickets about the matter of a new report (H4).

A report that is added to another person's ticket is hidden behind it: a second fault of a house would wait until the
first is closed. So a shared ticket needs a sign that it is one fault: the same cause, or nearly the same words. A
needless second ticket costs less: the agent sees the similar ones, and a merge can be undone.
"""

import hashlib

from sqlmodel.ext.asyncio.session import AsyncSession

from crm.kinds import TicketKind
from crm.tickets import compared, store
from crm.tickets.address import address_key
from crm.tickets.inputs import FileTicket
from crm.tickets.merges import store as merges_store
from crm.tickets.model import Actor, ActorKind, Ticket
from crm.tickets.similar import alike, shared_words

REPEATED = 0.6
"""Least likeness of the words of a repeated report."""
TELLING = 3
"""Least pairs of characters that two people's words share: one word, such as 漏水, tells no fault."""

MATTERS = (
    ("anyone", "the same", "any", "household and neighbours: one fault"),
    ("the same person", "none", "like", "said again"),
    ("the same person, web form", "any", "like", "said again; also for other kinds than faults"),
    ("another person", "none", "nearly the same, typed by people", "one fault of the house, told by two"),
)
"""Signs that two reports are one matter: reporter, cause, words and the reason. All else is a ticket of its own."""


def matter_key(kind: TicketKind, category_id: str | None, address: str) -> str | None:
    """Return the key of a cause at a place, or None.

    Only faults at a place with a number have one: a compound holds many households, and an agent, who is offered the
    similar tickets, decides.
    """
    if category_id is None or not _is_fault_of_house(kind, address_key(address)):
        return None
    return hashlib.sha256(f"{kind}|{category_id}|{address_key(address)}".encode()).hexdigest()


async def open_about(session: AsyncSession, given: FileTicket, actor: Actor) -> Ticket | None:
    """Lock the open ticket about a report's matter, if any.

    Raises:
        MatterMoved: another request merges or closes it at this moment.
    """
    matter = matter_key(given.kind, given.category_id, given.address)
    ticket = await merges_store.open_about(session, matter) if matter is not None else None
    return ticket or await _told_before(session, given, actor)


async def _told_before(session: AsyncSession, given: FileTicket, actor: Actor) -> Ticket | None:
    """Lock the open ticket with the words of a report, if any."""
    key, one = address_key(given.address), given.reporter
    is_form = actor.kind is ActorKind.CALLER and (one.number is not None or one.customer_id is not None)
    without_cause = given.category_id is None and _is_fault_of_house(given.kind, key)
    if not key or not (is_form or without_cause):
        return None
    words = f"{given.subject} {given.description}"
    for found in await compared.open_at(session, given.kind, key, one.number, one.customer_id):
        no_cause = without_cause and found.category_id is None
        if found.is_theirs:
            is_same = (is_form or no_cause) and alike(words, found.words) >= REPEATED
        else:
            # A machine's words are the same for every caller.
            is_same = no_cause and actor.kind is not ActorKind.SYSTEM and _nearly_same(words, found.words)
        if is_same:
            ticket = await store.locked(session, found.ticket_id)
            if ticket.status in store.OPEN_MATTERS:
                return ticket
    return None


def _is_fault_of_house(kind: TicketKind, key: str) -> bool:
    return kind is TicketKind.FAULT and any(map(str.isdigit, key))


def _nearly_same(one: str, other: str) -> bool:
    """Return whether each text says little that the other does not."""
    shared, of_both = shared_words(one, other)
    return shared >= TELLING and 2 * shared >= REPEATED * of_both
