"""Corrections of a ticket and their consequences."""

from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers.protection.store import is_protected_within
from crm.tickets import reporters
from crm.tickets import store as tickets_store
from crm.tickets.address import address_key, address_tail
from crm.tickets.corrections.model import ABOUT_IT, CorrectTicket
from crm.tickets.errors import ChangedMeanwhile, NothingCorrected, SameMatterOpen
from crm.tickets.filing import check_cause
from crm.tickets.forms import store as forms_store
from crm.tickets.forms.filling import fill
from crm.tickets.matters import matter_key
from crm.tickets.merges import store as merges_store
from crm.tickets.model import Actor, Ticket, Urgency
from crm.tickets.state_change import Change
from crm.tickets.transitions import TicketAction, permit
from crm.tickets.unit_of_work import TicketUnitOfWork
from crm.tickets.views import TicketView
from foundation.clock import utc_now
from foundation.problems import FieldProblem

RACES = 3
"""Attempts of a correction while others file the same matter."""


class CorrectionService:
    """Corrects entered tickets (更正)."""

    def __init__(self, tickets: TicketUnitOfWork) -> None:
        self._tickets = tickets

    async def correct(
        self, ticket_id: str, given: CorrectTicket, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """Change the given fields that differ; log the values before and after.

        The matter's key and the deadlines follow, so that one fault at one address stays one open ticket. A ticket that
        becomes a protected customer's gets the highest urgency while the list is in force (H25).

        Raises:
            SameMatterOpen: another open ticket is about that matter; append to it, or merge this one into it.
            UnknownReference: a customer or category that does not exist, or a category out of use.
            FormNotFilled: the answers are not what the kind's form asked when the ticket was filed.
            NothingCorrected: every given field has that value already.
            ChangedMeanwhile: it is not at the version any more, or others keep filing the same matter.
        """
        permit(TicketAction.CORRECT, actor)
        for _ in range(RACES):
            try:
                async with self._tickets.change(ticket_id, TicketAction.CORRECT, actor, expected_version) as made:
                    await _correct(made, given, actor)
            except IntegrityError:
                # The same matter was filed at this moment: look again, and name it.
                continue
            return TicketView.model_validate(made.ticket)
        raise ChangedMeanwhile("the same matter is being filed by others right now; try again")


async def _correct(made: Change, given: CorrectTicket, actor: Actor) -> None:
    session, ticket = made.session, made.ticket
    wanted = await _checked(session, ticket, given, actor)
    before = {name: getattr(ticket, name) for name in wanted}
    changed = [name for name in wanted if wanted[name] != before[name]]
    if not changed:
        raise NothingCorrected(
            f"ticket {ticket.number} has no other {' or '.join(wanted)}",
            [FieldProblem(field=name, rule="must differ from the present value") for name in wanted],
        )
    old_matter = _matter(ticket)
    ticket.sqlmodel_update({name: wanted[name] for name in changed})
    ticket.address_key = address_key(ticket.address)
    ticket.address_tail = address_tail(ticket.address_key)
    await _follow_matter(session, ticket, old_matter)
    if "customer_id" in changed:
        await _follow_customer(made, before["customer_id"])
    made.detail.update(
        corrected=changed,
        before={name: before[name] for name in changed},
        after={name: wanted[name] for name in changed},
    )
    if given.reason:
        made.detail.update(reason=given.reason)
    if "urgency" in changed and wanted["urgency"] is not given.urgency:
        made.detail.update(protected=True)


async def _checked(session: AsyncSession, ticket: Ticket, given: CorrectTicket, actor: Actor) -> dict[str, Any]:
    """Return the wanted values of given fields and of dependent ones."""
    wanted = given.model_dump(include=CorrectTicket.model_fields.keys() - ABOUT_IT, exclude_unset=True)
    if wanted.get("category_id", ticket.category_id) != ticket.category_id:
        await check_cause(session, wanted["category_id"], ticket.kind)
    if wanted.get("customer_id", ticket.customer_id) != ticket.customer_id:
        wanted["customer_id"] = await _standing(session, wanted["customer_id"], actor)
    if "form" in wanted:
        wanted["form"] = await _filled(session, ticket, wanted["form"])
    customer_id = wanted.get("customer_id", ticket.customer_id)
    if (
        {"urgency", "customer_id"} & wanted.keys()
        and customer_id is not None
        and await is_protected_within(session, customer_id, utc_now())
    ):
        wanted["urgency"] = Urgency.CRITICAL
    return wanted


async def _standing(session: AsyncSession, customer_id: str | None, actor: Actor) -> str | None:
    customer = await reporters.named(session, customer_id, actor, "customer_id") if customer_id is not None else None
    return customer.id if customer is not None else None


async def _filled(session: AsyncSession, ticket: Ticket, answers: dict[str, Any]) -> dict[str, Any]:
    asked = await forms_store.of_version(session, ticket.kind, ticket.form_version)
    if asked is None:
        asked = await forms_store.in_force(session, ticket.kind)
    return fill(asked.fields, answers)


def _matter(ticket: Ticket) -> str | None:
    return matter_key(ticket.kind, ticket.category_id, ticket.address)


async def _follow_matter(session: AsyncSession, ticket: Ticket, before: str | None) -> None:
    """Make the ticket the open one about its corrected matter.

    The other ticket is not locked: only merges lock two tickets, in one order, so that no deadlock is possible.
    """
    matter = _matter(ticket)
    if matter == before:
        return
    other_id = await merges_store.about(session, matter) if matter is not None else None
    if other_id is not None and other_id != ticket.id:
        other = await session.get_one(Ticket, other_id)
        rule = f"must not make it the same matter as open ticket {other.number}: append to that one, or merge this one"
        raise SameMatterOpen(
            f"open ticket {other.number} ({other.id}) is about the same fault at the same address",
            [FieldProblem(field=name, rule=rule) for name in ("address", "category_id")],
        )
    ticket.open_matter = matter


async def _follow_customer(made: Change, before: str | None) -> None:
    """Move the old customer's reports to the new customer.

    Without an old customer, the first report is moved.
    """
    reported = await tickets_store.reporters_of(made.session, made.ticket.id)
    theirs = reported[:1] if before is None else [found for found in reported if found.customer_id == before]
    for reporter in theirs:
        if reporter.customer_id == before:
            reporter.customer_id = made.ticket.customer_id
