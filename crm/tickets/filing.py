"""Filing of reports: new tickets, and additions to open ones (H4)."""

import hashlib
import secrets
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from crm.categories.model import Category
from crm.customers.protection.store import is_protected_within
from crm.tickets import reporters, store
from crm.tickets.address import address_key, address_tail
from crm.tickets.errors import NotTheirChannel, UnknownReference
from crm.tickets.files.naming import UploadedFiles, bring
from crm.tickets.forms import store as forms_store
from crm.tickets.forms.filling import fill
from crm.tickets.inputs import AppendToTicket, FileTicket, Reporter
from crm.tickets.merges import store as merges_store
from crm.tickets.model import OF_MACHINES, Actor, ActorKind, Ticket, TicketKind, TicketStatus, Urgency
from crm.tickets.similar import alike
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


def matter_key(kind: TicketKind, category_id: str | None, address: str) -> str | None:
    """Return the key of a matter, or None.

    Without a key each report is a ticket of its own. Only faults at a place with a number have one: a compound holds
    many households, and an agent, who is offered the similar tickets, decides.
    """
    key = address_key(address)
    if kind is not TicketKind.FAULT or not any(character.isdigit() for character in key):
        return None
    return hashlib.sha256(f"{kind}|{category_id or ''}|{key}".encode()).hexdigest()


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
REPEATED = 0.6
"""Least likeness of the words of a repeated report."""


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
        FormNotFilled: the answers break the rules of the kind's form.
        IntegrityError: another request files the same matter at this moment.
        MatterMoved: another request merges or closes it at this moment.
    """
    session = transaction.session
    given = given.model_copy(update={"reporter": await reporters.known(session, given.reporter, actor)})
    form = await _filled(session, given, actor)
    matter = matter_key(given.kind, given.category_id, given.address)
    ticket = await merges_store.open_about(session, matter) if matter is not None else None
    if ticket is None and actor.kind is ActorKind.CALLER:
        ticket = await _repeated(session, given)
    if ticket is None:
        return await _create(transaction, given, form, matter, actor, now, day, files)
    addition = AppendToTicket(text=given.description or given.subject, reporter=given.reporter, call_id=given.call_id)
    raised = await _raise_if_protected(session, ticket, given.reporter.customer_id, now)
    await _add(transaction, ticket, addition, actor, raised | _taken_over(ticket, given, form), files)
    return ticket


async def _repeated(session: AsyncSession, given: FileTicket) -> Ticket | None:
    """Lock the open ticket that a report repeats, if any (H4).

    No agent sees a web form before it is filed: the same person, kind and place in like words is the same matter,
    whatever cause was chosen.
    """
    key, one = address_key(given.address), given.reporter
    if not key or (one.number is None and one.customer_id is None):
        return None
    words = f"{given.subject} {given.description}"
    for told, found in await store.open_of_person_at(session, given.kind, key, one.number, one.customer_id):
        if alike(words, told) >= REPEATED:
            ticket = await store.locked(session, found)
            if ticket.status in store.OPEN_MATTERS:
                return ticket
    return None


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
        made.reporters = known
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
    matter: str | None,
    actor: Actor,
    now: datetime,
    day: str,
    files: UploadedFiles,
) -> Ticket:
    session = transaction.session
    await category_in_use(session, given.category_id)
    key = address_key(given.address)
    ticket = Ticket(
        id=new_id("ticket"),
        number=await store.next_number(session, day),
        customer_id=given.reporter.customer_id,
        address_key=key,
        address_tail=address_tail(key),
        open_matter=matter,
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
    made = Change(session, ticket, {"call_id": given.call_id, "subject": given.subject, **raised})
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


async def category_in_use(session: AsyncSession, category_id: str | None) -> None:
    """Check that a category can be used for a ticket.

    Raises:
        UnknownReference: the category does not exist, or is out of use.
    """
    category = await session.get(Category, category_id) if category_id is not None else None
    if category_id is not None and (category is None or not category.active):
        problem = FieldProblem(field="category_id", rule="must exist and be in use")
        raise UnknownReference(f"category_id names nothing: {category_id}", [problem])


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
