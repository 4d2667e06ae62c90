"""Change of a ticket: checks, listeners, log and event in one transaction."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlmodel.ext.asyncio.session import AsyncSession

from crm.events import EventReporter, TicketChanged
from crm.outbox.service import enqueue
from crm.tickets import store
from crm.tickets.cohandling import store as cohandling_store
from crm.tickets.errors import ChangedMeanwhile, NotAllowedNow
from crm.tickets.extensions import store as extensions_store
from crm.tickets.log_facts import LogFacts, read_facts
from crm.tickets.merges import store as merges_store
from crm.tickets.model import CLOSED, Actor, ActorKind, Ticket, TicketAttachment, TicketLog, TicketStatus
from crm.tickets.transitions import WAITING, DepartmentStanding, TicketAction, lead, permit, standing_of
from crm.tickets.views import TicketView
from crm.tickets.visibility import others
from foundation.clock import utc_now
from foundation.ids import new_id
from foundation.problems import FieldProblem
from foundation.routes import Role

CHANGES_IN_CONFLICT = 10
"""How many changes a conflict names; the ticket's log has them all."""


class DoneBefore(Exception):
    """The request was carried out before, and its answer was lost."""

    def __init__(self, ticket: Ticket) -> None:
        super().__init__(ticket.id)
        # Read now: the transaction ends with this.
        self.ticket = TicketView.model_validate(ticket)


@dataclass(frozen=True)
class ChangeEffects:
    """Times changed by an action or its listeners, for log and event."""

    respond_by: datetime | None = None
    due_at: datetime | None = None
    visit_from: datetime | None = None
    visit_until: datetime | None = None
    freed_visit_from: datetime | None = None
    """The start of a visit that is cancelled."""

    def __or__(self, later: "ChangeEffects") -> "ChangeEffects":
        """Return both; where both have a time, the later one's."""
        return ChangeEffects(
            respond_by=later.respond_by or self.respond_by,
            due_at=later.due_at or self.due_at,
            visit_from=later.visit_from or self.visit_from,
            visit_until=later.visit_until or self.visit_until,
            freed_visit_from=later.freed_visit_from or self.freed_visit_from,
        )

    def logged(self) -> dict[str, str]:
        """Return the logged times: visits, since deadlines have their own table."""
        visits = {
            "visit_from": self.visit_from,
            "visit_until": self.visit_until,
            "freed_visit_from": self.freed_visit_from,
        }
        return {name: moment.isoformat() for name, moment in visits.items() if moment is not None}


@dataclass(frozen=True)
class StateChange:
    """Change of a ticket as its listeners see it, before the log."""

    ticket: Ticket
    action: TicketAction
    before: TicketStatus | None
    """The state before; None for a new ticket."""
    facts: LogFacts
    effects: ChangeEffects = field(default_factory=ChangeEffects)
    """Effects of the action and of the listeners before."""
    asked_at: datetime = field(default_factory=utc_now)
    """When the request was made: before now where it waited for the database."""


class TicketListener(Protocol):
    """Part that follows each change of a ticket in its transaction."""

    async def changed(self, session: AsyncSession, change: StateChange) -> ChangeEffects:
        """React to a change of a locked ticket."""
        ...


@dataclass(frozen=True)
class TicketTransaction:
    """Transaction in which tickets may change, with their listeners."""

    session: AsyncSession
    listeners: Sequence[TicketListener]


@dataclass
class Change:
    """A change that a block makes."""

    session: AsyncSession
    ticket: Ticket
    detail: dict[str, object] = field(default_factory=dict)
    """What the log keeps of it."""
    effects: ChangeEffects = field(default_factory=ChangeEffects)
    reporters: list[store.Reported] | None = None
    """The ticket's reporters after the change, where the block knows them."""
    had_part: frozenset[str] = frozenset()
    """Departments with a part in the ticket before the change."""
    asked_at: datetime | None = None
    """When the request was made, where it waited since."""

    async def attach(self, recording_id: str, note: str) -> None:
        """Attach a recording, once; a merge's copy becomes the ticket's own."""
        if await store.is_attached(self.session, self.ticket.id, recording_id):
            copied = await merges_store.adopt_recording(self.session, self.ticket.id, recording_id)
            if copied is not None:
                copied.note, copied.at = note, utc_now()
            return
        self.session.add(
            TicketAttachment(
                id=new_id("attachment"), ticket_id=self.ticket.id, recording_id=recording_id, note=note, at=utc_now()
            )
        )

    async def hand_to(self, department_id: str, person_id: str | None) -> None:
        """Give the ticket to a department, or to a person in it."""
        ticket = self.ticket
        if ticket.shared:
            await cohandling_store.release(self.session, ticket.id, department_id)
        if ticket.dispatched_at is not None:
            self.detail.update(await extensions_store.withdraw(self.session, ticket.id, department_id))
        self.detail.update(from_department=ticket.department_id, to_department=department_id, person_id=person_id)
        ticket.department_id, ticket.person_id, ticket.dispatched_at = department_id, person_id, utc_now()


@asynccontextmanager
async def change(
    transaction: TicketTransaction,
    ticket: Ticket,
    action: TicketAction,
    actor: Actor,
    expected_version: int | None = None,
) -> AsyncIterator[Change]:
    """Change a locked ticket: the block changes it, its end logs that.

    Raises:
        DoneBefore: the actor's request changed it before.
        KeyReused: the key of the actor's request belongs to another request.
        Forbidden: the role may not do this.
        NotYours: the ticket lies with another department.
        ChangedMeanwhile: the ticket is not at `expected_version` any more; the message lists the changes since.
        NotAllowedNow: its state does not allow the action.
    """
    session = transaction.session
    # A department that refused a ticket has no part in it any more, and may still ask whether that was carried out.
    await _only_once(session, ticket, actor)
    # Permission comes next: even a version would reveal that the ticket exists (S7, S39).
    sharing = await others(session, ticket)
    permit(action, actor, ticket, sharing)
    if expected_version is not None and ticket.version != expected_version:
        raise ChangedMeanwhile(
            f"ticket {ticket.number} is at version {ticket.version}, not {expected_version}"
            + await _since(session, ticket, expected_version),
            [FieldProblem(field="version", rule=f"must be {ticket.version}; read the ticket again")],
        )
    try:
        before, to = ticket.status, lead(action, ticket)
    except NotAllowedNow as refusal:
        raise NotAllowedNow(f"{refusal}{await _stood_for(session, ticket, actor)}") from None
    was = ticket.parked_from if before in WAITING else before
    made = Change(session, ticket, had_part=_parts(ticket, sharing))
    yield made
    if to is TicketStatus.DISPATCHED and was is not to:
        ticket.dispatched_at = utc_now()
    ticket.status = to
    ticket.version += 1
    if to in CLOSED and before not in CLOSED:
        ticket.open_matter, ticket.escalated, ticket.closed_at = None, False, utc_now()
    await record(transaction, made, action, before, actor)


async def _only_once(session: AsyncSession, ticket: Ticket, actor: Actor) -> None:
    if actor.request is None:
        return
    key = f"act:{actor.id}:{actor.request.key}:{ticket.id}"
    if await store.ticket_of_request(session, key, actor.request.fingerprint) is not None:
        raise DoneBefore(ticket)
    store.remember_request(session, key, ticket.id, actor.request.fingerprint)


async def _stood_for(session: AsyncSession, ticket: Ticket, actor: Actor) -> str:
    """Name a merged ticket's head, if the actor may know it (S7)."""
    merge = await merges_store.active(session, ticket.id) if ticket.status is TicketStatus.MERGED else None
    if merge is None or actor.kind is ActorKind.CALLER:
        return ""
    head = await session.get_one(Ticket, merge.into_id)
    if actor.role is Role.DEPARTMENT:
        standing = standing_of(actor.department_id, head.department_id, await others(session, head))
        if standing is None:
            return ""
    return f"; ticket {head.number} ({head.id}) stands for it"


async def _since(session: AsyncSession, ticket: Ticket, version: int) -> str:
    """Name the actions after a version, newest first."""
    later = await store.log_after(session, ticket.id, version, CHANGES_IN_CONFLICT)
    actions = [f"{entry.action} by {entry.actor_name or entry.actor_kind} ({entry.to_status})" for entry in later]
    return f"; since then, newest first: {', '.join(actions)}" if actions else ""


async def record(
    transaction: TicketTransaction,
    made: Change,
    action: TicketAction,
    before: TicketStatus | None,
    actor: Actor,
) -> None:
    """Inform the listeners of a change, log it, and store its event."""
    session, ticket, now = made.session, made.ticket, utc_now()
    facts, effects = read_facts(made.detail), made.effects
    for listener in transaction.listeners:
        seen = StateChange(ticket, action, before, facts, effects, made.asked_at or now)
        effects |= await listener.changed(session, seen)
    session.add(
        TicketLog(
            id=new_id("log"),
            ticket_id=ticket.id,
            version=ticket.version,
            at=now,
            action=action,
            from_status=before,
            to_status=ticket.status,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
            detail=made.detail | effects.logged(),
        )
    )
    sharing = await others(session, ticket)
    reporters = made.reporters if made.reporters is not None else await store.current_reporters(session, ticket.id)
    event = TicketChanged(
        ticket_id=ticket.id,
        version=ticket.version,
        action=action,
        at=now,
        from_status=before,
        status=ticket.status,
        number=ticket.number,
        ticket_kind=ticket.kind,
        subject=ticket.subject,
        urgency=ticket.urgency,
        category_id=ticket.category_id,
        area=ticket.area,
        customer_id=ticket.customer_id,
        department_id=ticket.department_id,
        person_id=ticket.person_id,
        co_department_ids=_of_standing(sharing, DepartmentStanding.CO_HANDLER),
        below_department_ids=_of_standing(sharing, DepartmentStanding.BELOW),
        left_department_ids=tuple(sorted(made.had_part - _parts(ticket, sharing))),
        redo_count=ticket.redo_count,
        reporters=tuple(EventReporter(one.customer_id, one.number, one.name) for one in reporters),
        call_id=facts.call_id,
        recording_id=facts.recording_id,
        reason=facts.reason,
        instruction=facts.instruction,
        grounds=facts.grounds,
        until=facts.until,
        from_department=facts.from_department,
        asked_departments=facts.asked_departments,
        corrected=facts.corrected,
        withdrawn_extension=facts.withdrawn_extension,
        respond_by=effects.respond_by,
        due_at=effects.due_at,
        visit_from=effects.visit_from,
        visit_until=effects.visit_until,
        freed_visit_from=effects.freed_visit_from,
    )
    enqueue(session, event)


def _parts(ticket: Ticket, sharing: Mapping[str, DepartmentStanding]) -> frozenset[str]:
    """Return the departments with a part in a ticket."""
    return frozenset(sharing) | ({ticket.department_id} if ticket.department_id is not None else frozenset())


def _of_standing(sharing: Mapping[str, DepartmentStanding], wanted: DepartmentStanding) -> tuple[str, ...]:
    return tuple(department for department, standing in sharing.items() if standing is wanted)
