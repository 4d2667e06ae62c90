"""How those who reported a ticket are told of it (H12): by SMS, each once, in their language.

What they hear of is a matter that they reported themselves. That is the service itself and not a further use of their
data, so that neither `do_not_call` nor a withdrawn consent stands in its way, as with the callback about a ticket; who
was erased is never written to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers import store as customers_store
from crm.customers.model import Customer
from crm.customers.phone import normalise, takes_messages
from crm.outbox.service import OutboxEvent

NO_MOBILE = "no number of theirs takes messages"


@dataclass(frozen=True)
class Reached:
    """One reporter, and where a message would go."""

    addressee: str
    number: str | None
    language: str
    obstacle: str | None = None
    """Why nothing is sent."""


async def of(session: AsyncSession, event: OutboxEvent) -> list[Reached]:
    """Everybody who reported the ticket by then; somebody who did so twice, once."""
    found: dict[str, Reached] = {}
    for place, reporter in enumerate(event.payload.get("reporters") or ()):
        reached = await _reached(session, f"{event.key}:{place}", reporter)
        if reached is not None:
            found.setdefault(reached.number or reached.addressee, reached)
    return list(found.values())


async def _reached(session: AsyncSession, addressee: str, reporter: Mapping[str, Any]) -> Reached | None:
    """None where there is nobody to tell: no number and no customer, or one who was erased."""
    number, customer_id = normalise(reporter.get("number")), reporter.get("customer_id")
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
