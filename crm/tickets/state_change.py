"""One change of a ticket: checked, made, logged, and told to whoever must hear of it, in the caller's transaction."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlmodel.ext.asyncio.session import AsyncSession

from crm.outbox.service import enqueue
from crm.tickets import store
from crm.tickets.cohandling import store as cohandling_store
from crm.tickets.errors import ChangedMeanwhile, NotAllowedNow
from crm.tickets.extensions import store as extensions_store
from crm.tickets.merges import store as merges_store
from crm.tickets.model import CLOSED, Actor, ActorKind, Ticket, TicketAttachment, TicketLog, TicketStatus
from crm.tickets.transitions import WAITING, DepartmentStanding, TicketAction, lead, permit, standing_of
from crm.tickets.visibility import others
from foundation.clock import utc_now
from foundation.ids import new_id
from foundation.problems import FieldProblem
from foundation.routes import Role

TOLD_DETAILS = (
    "call_id",
    "recording_id",
    "reason",
    "instruction",
    "grounds",
    "until",
    "from_department",
    "asked_departments",
    "corrected",
    "withdrawn_extension",
)
"""What of an action's details others hear as well."""
TOLD_CHANGES = 10
"""How many changes a conflict names; the ticket's log has them all."""

_LISTENERS = "ticket_listeners"


class TicketListener(Protocol):
    """Whoever changes something of its own whenever a ticket changes, in the same transaction."""

    async def changed(
        self,
        session: AsyncSession,
        ticket: Ticket,
        action: TicketAction,
        before: TicketStatus | None,
        detail: dict[str, Any],
    ) -> Mapping[str, Any]:
        """The ticket was changed, and is held; `detail` is what the log will keep. What others are told besides."""


def listen(session: AsyncSession, listeners: Iterable[TicketListener]) -> None:
    """Let them hear of every change of a ticket in this session's transaction."""
    session.info[_LISTENERS] = tuple(listeners)


@dataclass
class Change:
    """What a block changes."""

    session: AsyncSession
    ticket: Ticket
    detail: dict[str, Any] = field(default_factory=dict)
    """What the log keeps of it."""
    reporters: list[store.Reported] | None = None
    """Who reported the matter by now, where the block knows."""

    async def attach(self, recording_id: str, note: str) -> None:
        """Add a recording to the ticket, once; one that it has from a merge becomes its own."""
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
        """From now on it lies with them."""
        ticket = self.ticket
        if ticket.shared:
            await cohandling_store.release(self.session, ticket.id, department_id)
        if ticket.dispatched_at is not None:
            self.detail.update(await extensions_store.withdraw(self.session, ticket.id, department_id))
        self.detail.update(from_department=ticket.department_id, to_department=department_id, person_id=person_id)
        ticket.department_id, ticket.person_id, ticket.dispatched_at = department_id, person_id, utc_now()


@asynccontextmanager
async def change(
    session: AsyncSession, ticket: Ticket, action: TicketAction, actor: Actor, expected_version: int | None = None
) -> AsyncIterator[Change]:
    """Change a ticket that is held: the block makes the change, its end moves state and version and writes the log.

    Raises:
        Forbidden: the actor may not do it.
        NotYours: it lies with another department.
        ChangedMeanwhile: the ticket is not at `expected_version` any more; says what changed.
        NotAllowedNow: its state does not allow the action.
    """
    # Whose it is comes first: to a stranger even a version would tell that the ticket exists (S7, S39).
    permit(action, actor, ticket, await others(session, ticket))
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
    made = Change(session, ticket)
    yield made
    if to is TicketStatus.DISPATCHED and was is not to:
        ticket.dispatched_at = utc_now()
    ticket.status = to
    ticket.version += 1
    if to in CLOSED and before not in CLOSED:
        ticket.open_matter, ticket.escalated, ticket.closed_at = None, False, utc_now()
    await record(session, ticket, action, before, actor, made.detail, made.reporters)


async def _stood_for(session: AsyncSession, ticket: Ticket, actor: Actor) -> str:
    """Where to go instead with a merged ticket, in a few words; to a department only what it may know of (S7)."""
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
    """What was done after a version, newest first, in a few words."""
    later = await store.log_after(session, ticket.id, version, TOLD_CHANGES)
    told = [f"{entry.action} by {entry.actor_name or entry.actor_kind} ({entry.to_status})" for entry in later]
    return f"; since then, newest first: {', '.join(told)}" if told else ""


async def record(
    session: AsyncSession,
    ticket: Ticket,
    action: TicketAction,
    before: TicketStatus | None,
    actor: Actor,
    detail: dict[str, Any],
    reporters: list[store.Reported] | None = None,
) -> None:
    """Log what was done to a ticket, and tell it; `reporters` are looked up where they are not given."""
    now = utc_now()
    besides: dict[str, Any] = {}
    for listener in session.info.get(_LISTENERS, ()):
        besides |= await listener.changed(session, ticket, action, before, detail)
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
            detail=detail,
        )
    )
    if reporters is None:
        reporters = await store.who_reported(session, ticket.id)
    payload = {
        "ticket_id": ticket.id,
        "version": ticket.version,
        "action": action,
        "at": now.isoformat(),
        "from_status": before,
        "status": ticket.status,
        "number": ticket.number,
        "kind": ticket.kind,
        "subject": ticket.subject,
        "urgency": ticket.urgency,
        "category_id": ticket.category_id,
        "area": ticket.area,
        "customer_id": ticket.customer_id,
        "department_id": ticket.department_id,
        "person_id": ticket.person_id,
        "co_department_ids": [
            department_id
            for department_id, standing in (await others(session, ticket)).items()
            if standing is DepartmentStanding.CO_HANDLER
        ],
        "redo_count": ticket.redo_count,
        "reporters": [reported._asdict() for reported in reporters],
        **{key: detail[key] for key in TOLD_DETAILS if detail.get(key) is not None},
        **besides,
    }
    enqueue(session, f"ticket.{action}", ticket.id, payload)
