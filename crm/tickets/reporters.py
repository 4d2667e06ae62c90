"""Who it is that reports: the customer who stands for the one that was named, or whose the telephone is."""

from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers import store as customers_store
from crm.customers.model import Customer
from crm.tickets import store
from crm.tickets.errors import UnknownReference
from crm.tickets.model import Actor, ActorKind, Reporter, TicketReporter
from foundation.clock import utc_now
from foundation.ids import new_id
from foundation.problems import FieldProblem

FIELD = "reporter.customer_id"


async def known(session: AsyncSession, given: Reporter, actor: Actor) -> Reporter:
    """A reporter with the customer the report belongs to, who can be neither merged nor erased until the end.

    Without a customer, the only one whose number it is (H15); several are for a person to tell apart.

    Raises:
        UnknownReference: there is no such customer, or the data were erased and somebody named it all the same.
    """
    customer = await named(session, given.customer_id, actor) if given.customer_id is not None else None
    if customer is None and given.number is not None:
        only = await customers_store.only_one_at(session, given.number)
        customer = await customers_store.standing_for(session, only) if only is not None else None
    return given.model_copy(update={"customer_id": customer.id if customer is not None else None})


def same_person(found: store.Reported | TicketReporter, reporter: Reporter) -> bool:
    """Whether somebody who reported the matter is who reports it now."""
    if reporter.customer_id is not None and found.customer_id == reporter.customer_id:
        return True
    return reporter.number is not None and found.number == reporter.number


def reported(ticket_id: str, given: Reporter, call_id: str | None) -> TicketReporter:
    """A reporter as one is stored."""
    return TicketReporter(
        id=new_id("reporter"), ticket_id=ticket_id, call_id=call_id, at=utc_now(), **given.model_dump()
    )


async def named(session: AsyncSession, customer_id: str, actor: Actor, field: str = FIELD) -> Customer | None:
    """The customer who stands for the one that was named; None where a machine named one who was erased meanwhile.

    Raises:
        UnknownReference: there is no such customer, or the data were erased and somebody named it all the same.
    """
    customer = await customers_store.standing_for(session, customer_id)
    if customer is None:
        problem = FieldProblem(field=field, rule="must exist and be in use")
        raise UnknownReference(f"{field} names nothing: {customer_id}", [problem])
    if customer.erased_at is None:
        return customer
    if actor.kind is ActorKind.STAFF:
        problem = FieldProblem(field=field, rule="must not be a customer whose data were erased")
        raise UnknownReference(f"the data of {customer_id} were erased", [problem])
    # What a machine knew when the call began may be erased by now: the report counts without it.
    return None
