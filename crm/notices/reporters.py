"""SMS to the reporters of a ticket, once to each person (H12).

They read about a matter that they reported themselves. That is the service itself and no further use of their data:
neither `do_not_call` nor a withdrawn consent forbids it, as with the callback about a ticket. An erased customer
receives nothing.
"""

from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers import store as customers_store
from crm.customers.model import Customer
from crm.customers.phone import normalise, takes_messages
from crm.events import Event, EventReporter, TicketChanged

NO_MOBILE = "no number of theirs takes messages"


@dataclass(frozen=True)
class Reached:
    """Reporter, and the number for an SMS."""

    addressee: str
    number: str | None
    language: str
    obstacle: str | None = None
    """The reason why nothing is sent."""


async def of(session: AsyncSession, event: Event) -> list[Reached]:
    """Return the reporters of an event's ticket, each person once."""
    found: dict[str, Reached] = {}
    for place, reporter in enumerate(event.reporters if isinstance(event, TicketChanged) else ()):
        reached = await _reached(session, f"{event.key}:{place}", reporter)
        if reached is not None:
            found.setdefault(reached.number or reached.addressee, reached)
    return list(found.values())


async def _reached(session: AsyncSession, addressee: str, reporter: EventReporter) -> Reached | None:
    """Return where a reporter is reached.

    None without number and customer, or for an erased customer.
    """
    number, customer_id = normalise(reporter.number), reporter.customer_id
    customer = await session.get(Customer, customer_id) if customer_id is not None else None
    if (customer is None and number is None) or (customer is not None and customer.erased_at is not None):
        return None
    language = customer.language if customer is not None else "zh"
    if number is not None and takes_messages(number):
        return Reached(addressee, number, language)
    phones = await customers_store.phones(session, customer.id) if customer is not None else ()
    mobiles = [phone.number for phone in phones if phone.current and takes_messages(phone.number)]
    if mobiles:
        return Reached(addressee, mobiles[0], language)
    return Reached(addressee, number, language, NO_MOBILE)
