"""Customers and reporters of a report."""

from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers import store as customers_store
from crm.customers.model import Customer
from crm.tickets import store
from crm.tickets.errors import UnknownReference
from crm.tickets.inputs import Reporter
from crm.tickets.model import Actor, ActorKind, TicketReporter
from foundation.clock import utc_now
from foundation.ids import new_id
from foundation.problems import FieldProblem

FIELD = "reporter.customer_id"


async def known(session: AsyncSession, given: Reporter, actor: Actor) -> Reporter:
    """Find the customer of a report: follow merges, else match the number.

    The customer is locked until the transaction ends, against merging and erasure. A number of several customers
    matches none (H15).

    Raises:
        UnknownReference: no such customer, or a member of staff named an erased one.
    """
    customer = await named(session, given.customer_id, actor) if given.customer_id is not None else None
    if customer is None and given.number is not None:
        only = await customers_store.only_one_at(session, given.number)
        customer = await customers_store.standing_for(session, only) if only is not None else None
    return given.model_copy(update={"customer_id": customer.id if customer is not None else None})


def same_person(found: store.Reported | TicketReporter, reporter: Reporter) -> bool:
    """Return whether two reporters are the same person.

    Different extensions of one switchboard are different persons, also of one customer; an empty one matches any.
    """
    if reporter.number is not None and found.number == reporter.number:
        return not found.extension or not reporter.extension or found.extension == reporter.extension
    return reporter.customer_id is not None and found.customer_id == reporter.customer_id


def reported(ticket_id: str, given: Reporter, call_id: str | None) -> TicketReporter:
    """Build the row of a reporter."""
    return TicketReporter(
        id=new_id("reporter"), ticket_id=ticket_id, call_id=call_id, at=utc_now(), **given.model_dump()
    )


async def named(session: AsyncSession, customer_id: str, actor: Actor, field: str = FIELD) -> Customer | None:
    """Return the named customer, following merges.

    None where a machine named a customer that was erased since.

    Raises:
        UnknownReference: no such customer, or a member of staff named an erased one.
    """
    customer = await customers_store.standing_for(session, customer_id)
    if customer is None:
        problem = FieldProblem(field=field, rule="must exist and be in use")
        raise UnknownReference(f"{field} names nothing: {customer_id}", [problem])
    if customer.erased_at is None:
        return customer
    if actor.kind is ActorKind.STAFF:
        problem = FieldProblem(field=field, rule="must not be an erased customer")
        raise UnknownReference(f"the data of {customer_id} were erased", [problem])
    # The customer may have been erased since the call began: the report counts without one.
    return None
