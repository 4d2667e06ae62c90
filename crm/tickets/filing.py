"""Filing of reports: new tickets, and additions to open ones (H4)."""

import secrets
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from crm.categories import store as categories_store
from crm.categories.kinds import fitting
from crm.customers.protection.store import is_protected_within
from crm.kinds import TicketKind
from crm.tickets import reporters, store
from crm.tickets.address import address_key, address_tail
from crm.tickets.errors import CauseDoesNotFit, NotTheirChannel, UnknownReference
from crm.tickets.files.naming import UploadedFiles, bring
from crm.tickets.forms import store as forms_store
from crm.tickets.forms.filling import fill
from crm.tickets.inputs import AppendToTicket, FileTicket, Reporter
from crm.tickets.matters import matter_key, open_about
from crm.tickets.merges import store as merges_store
from crm.tickets.model import OF_MACHINES, Actor, ActorKind, Ticket, TicketStatus, Urgency
from crm.tickets.state_change import Change, TicketTransaction, change, record
from crm.tickets.transitions import TicketAction
from foundation.clock import utc_now
from foundation.ids import new_id
from foundation.problems import FieldProblem

_URGENCIES = list(Urgency)
"""Urgencies from the least to the most."""


class _Form(NamedTuple):
    """Answers, and the version of the form."""

    answers: dict[str, Any]
    version: int


def check_channel(channel: str, actor: Actor) -> None:
    """Refuse a channel of machines from a member of staff.

    Raises:
        NotTheirChannel: no member of staff takes part in this channel.
    """
    if actor.kind is ActorKind.STAFF and channel in OF_MACHINES:
        problem = FieldProblem(
            field="channel", rule=f"must not be a channel of machines: {' or '.join(sorted(OF_MACHINES))}"
        )
        raise NotTheirChannel(f"staff cannot use the channel {channel}", [problem])


NO_FILES = UploadedFiles("")


async def file(
    transaction: TicketTransaction,
    given: FileTicket,
    actor: Actor,
    now: datetime,
    day: str,
    files: UploadedFiles = NO_FILES,
) -> Ticket:
    """Create a ticket, or add the report to the matter's open one.

    `day` begins the number of a new ticket.

    Raises:
        UnknownReference: no such customer or category, an erased customer, or a category out of use.
        CauseDoesNotFit: the category is one of other kinds of tickets.
        FormNotFilled: the answers break the rules of the kind's form.
        IntegrityError: another request files the same matter at this moment.
        MatterMoved: another request merges or closes it at this moment.
    """
    session = transaction.session
    given = given.model_copy(update={"reporter": await reporters.known(session, given.reporter, actor)})
    form = await _filled(session, given, actor)
    ticket = await open_about(session, given, actor)
    if ticket is None:
        return await _create(transaction, given, form, actor, now, day, files)
    addition = AppendToTicket(text=given.description or given.subject, reporter=given.reporter, call_id=given.call_id)
    raised = await _raise_if_protected(session, ticket, given.reporter.customer_id, now)
    taken_over = raised | _taken_over(ticket, given, form)
    await _add(transaction, ticket, addition, actor, taken_over, files, asked_at=given.asked_at)
    return ticket


async def append(transaction: TicketTransaction, ticket: Ticket, given: AppendToTicket, actor: Actor) -> None:
    """Add a report to a locked ticket.

    A new reporter is called back as well. The department gets the ticket again, marked (H4). After its reply, an
    addition counts as a redo.

    Raises:
        UnknownReference: no such customer, or an erased one.
    """
    known = await reporters.known(transaction.session, given.reporter, actor)
    await _add(transaction, ticket, given.model_copy(update={"reporter": known}), actor, {})


async def _raise_if_protected(
    session: AsyncSession, ticket: Ticket, customer_id: str | None, now: datetime
) -> dict[str, object]:
    """Raise the urgency for a protected customer (H25); return the log detail."""
    before = ticket.urgency
    if before is Urgency.CRITICAL or customer_id is None or not await is_protected_within(session, customer_id, now):
        return {}
    ticket.urgency = Urgency.CRITICAL
    return {"protected": True, "from_urgency": before, "to_urgency": Urgency.CRITICAL}


def _taken_over(ticket: Ticket, given: FileTicket, form: _Form) -> dict[str, object]:
    """Take over a later report's urgency and window; return the log detail.

    A window that the ticket has already stays: the other one is only logged.
    """
    noted: dict[str, object] = {"form": form.answers} if form.answers else {}
    if given.visit_from is not None and given.visit_until is not None:
        noted |= {"visit_from": given.visit_from.isoformat(), "visit_until": given.visit_until.isoformat()}
        if ticket.visit_from is None:
            ticket.visit_from, ticket.visit_until = given.visit_from, given.visit_until
    if _URGENCIES.index(given.urgency) > _URGENCIES.index(ticket.urgency):
        noted |= {"from_urgency": ticket.urgency, "to_urgency": given.urgency}
        ticket.urgency = given.urgency
    return noted


async def _add(
    transaction: TicketTransaction,
    ticket: Ticket,
    given: AppendToTicket,
    actor: Actor,
    more: dict[str, object],
    files: UploadedFiles = NO_FILES,
    asked_at: datetime | None = None,
) -> None:
    session = transaction.session
    async with change(transaction, ticket, TicketAction.APPEND, actor) as made:
        known = await store.current_reporters(session, ticket.id)
        is_identified = given.reporter.number is not None or given.reporter.customer_id is not None
        is_new = is_identified and not any(reporters.same_person(found, given.reporter) for found in known)
        if is_new:
            session.add(reporters.reported(ticket.id, given.reporter, given.call_id))
            one = given.reporter
            known.append(store.Reported(one.customer_id, one.number, one.name, one.extension))
        elif is_identified:
            await _adopt_reporter(session, ticket.id, given)
            await _fill_extension(session, ticket.id, given.reporter)
        made.reporters, made.asked_at = known, asked_at
        raised = await _raise_if_protected(session, ticket, given.reporter.customer_id, utc_now())
        await bring(made, files, ticket.version + 1)
        ticket.urge_count += 1
        ticket.added_to = ticket.department_id is not None
        ticket.redo_count += ticket.status in {TicketStatus.REPLIED, TicketStatus.SURVEY}
        made.detail.update(
            text=given.text,
            call_id=given.call_id,
            reporter=given.reporter.name,
            customer_id=given.reporter.customer_id,
            new_reporter=is_new,
            urge_count=ticket.urge_count,
            **more,
            **raised,
        )


async def _create(
    transaction: TicketTransaction,
    given: FileTicket,
    form: _Form,
    actor: Actor,
    now: datetime,
    day: str,
    files: UploadedFiles,
) -> Ticket:
    session = transaction.session
    await check_cause(session, given.category_id, given.kind)
    key = address_key(given.address)
    ticket = Ticket(
        id=new_id("ticket"),
        number=await store.next_number(session, day),
        customer_id=given.reporter.customer_id,
        address_key=key,
        address_tail=address_tail(key),
        open_matter=matter_key(given.kind, given.category_id, given.address),
        registered_at=now,
        form=form.answers,
        form_version=form.version,
        visit_code=new_visit_code(),
        **given.model_dump(exclude={"reporter", "call_id", "number_typed", "form"}),
    )
    raised = await _raise_if_protected(session, ticket, ticket.customer_id, now)
    session.add(ticket)
    await session.flush()
    session.add(reporters.reported(ticket.id, given.reporter, given.call_id))
    detail = {"call_id": given.call_id, "subject": given.subject, **raised}
    made = Change(session, ticket, detail, asked_at=given.asked_at)
    await bring(made, files, ticket.version)
    await record(transaction, made, TicketAction.FILE, None, actor)
    return ticket


def new_visit_code() -> str:
    """Return a code that few attempts do not guess."""
    return f"{secrets.randbelow(10**8):08d}"


async def _filled(session: AsyncSession, given: FileTicket, actor: Actor) -> _Form:
    """Check the answers to the form; machines may file without answers."""
    asked = await forms_store.in_force(session, given.kind)
    if not given.form and actor.kind is ActorKind.SYSTEM:
        return _Form({}, asked.version)
    return _Form(fill(asked.fields, given.form), asked.version)


async def check_cause(session: AsyncSession, category_id: str | None, kind: TicketKind) -> None:
    """Check that a ticket of a kind may name a cause.

    Raises:
        UnknownReference: the cause does not exist, or is out of use.
        CauseDoesNotFit: it is one of other kinds of tickets.
    """
    if category_id is None:
        return
    nodes = {node.id: node for node in await categories_store.categories(session)}
    if category_id not in nodes or not nodes[category_id].active:
        problem = FieldProblem(field="category_id", rule="must exist and be in use")
        raise UnknownReference(f"category_id names nothing: {category_id}", [problem])
    fits = fitting(nodes, category_id)
    if kind not in fits:
        problem = FieldProblem(field="category_id", rule="must fit the kind of the ticket")
        raise CauseDoesNotFit(f"{nodes[category_id].name} is a cause of {' or '.join(fits)}", [problem])


async def _fill_extension(session: AsyncSession, ticket_id: str, given: Reporter) -> None:
    """Add an extension to a reporter who was stored without one."""
    if not given.extension:
        return
    same = [one for one in await store.reporters_of(session, ticket_id) if one.number == given.number]
    blank = next((one for one in same if not one.extension), None)
    if blank is not None and not any(one.extension == given.extension for one in same):
        blank.extension = given.extension


async def _adopt_reporter(session: AsyncSession, ticket_id: str, given: AppendToTicket) -> None:
    """Make a reporter copied by a merge the ticket's own."""
    found = await merges_store.adopt_reporter(
        session, ticket_id, lambda known: reporters.same_person(known, given.reporter)
    )
    if found is not None:
        found.sqlmodel_update(given.reporter.model_dump() | {"call_id": given.call_id, "at": utc_now()})
