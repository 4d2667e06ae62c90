"""Use cases of merges: merge and undo (H4, S39)."""

from collections.abc import Iterable

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.tickets import store as tickets_store
from crm.tickets.errors import ChangedMeanwhile, NotMerged, SameMatterAlready, StandsForOthers, TicketNotFound
from crm.tickets.merges import store
from crm.tickets.merges.model import MergedTickets, MergeTicket, MergeView, TicketMerge
from crm.tickets.model import Actor, Ticket, Urgency
from crm.tickets.state_change import Change, DoneBefore, TicketTransaction, change
from crm.tickets.transitions import TicketAction, permit
from crm.tickets.unit_of_work import TicketUnitOfWork
from crm.tickets.views import TicketView
from foundation.clock import utc_now
from foundation.ids import new_id

RACES = 3
"""Attempts of a merge while others merge the same tickets."""
_URGENCIES = list(Urgency)
"""Urgencies from the least to the most."""


class MergeService:
    """Merges tickets about one matter, and undoes it (并单/拆单)."""

    def __init__(self, tickets: TicketUnitOfWork) -> None:
        self._tickets = tickets

    async def merge(self, ticket_id: str, given: MergeTicket, actor: Actor) -> TicketView:
        """Merge a ticket into another one, the head, and return that.

        The head gets this ticket's reporters and recordings beside its own, so that one reply, one callback and one
        archive reach all reporters, and is as urgent as the more urgent of both. Where `into` is merged itself, its
        head is meant.

        Raises:
            SameMatterAlready: the tickets are merged already.
            StandsForOthers: tickets were merged into this one.
            NotAllowedNow: one of them is closed.
            ChangedMeanwhile: the version is outdated, or others keep merging the same tickets.
        """
        permit(TicketAction.MERGE, actor)
        for _ in range(RACES):
            try:
                async with self._tickets.transaction() as transaction:
                    merged = await self._merge_once(transaction, ticket_id, given, actor)
            except IntegrityError:
                continue
            except DoneBefore as done:
                return (await self.of(ticket_id)).into or done.ticket
            if merged is not None:
                self._tickets.outbox_written.announce()
                return TicketView.model_validate(merged)
        raise ChangedMeanwhile("others are merging these tickets right now; read them again")

    async def unmerge(self, ticket_id: str, actor: Actor, *, expected_version: int | None = None) -> TicketView:
        """Undo a merge: both tickets are as they were before.

        Later actions on the head stay.

        Raises:
            NotMerged: the ticket is not merged.
            ChangedMeanwhile: the version is outdated, or others keep changing the same tickets.
        """
        permit(TicketAction.UNMERGE, actor)
        for _ in range(RACES):
            try:
                async with self._tickets.transaction() as transaction:
                    restored = await self._unmerge_once(transaction, ticket_id, actor, expected_version)
            except IntegrityError:
                # Another ticket took the matter's key at this moment: look again.
                continue
            if restored is not None:
                self._tickets.outbox_written.announce()
                return TicketView.model_validate(restored)
        raise ChangedMeanwhile("others are changing these tickets right now; read them again")

    async def of(self, ticket_id: str) -> MergedTickets:
        """Return the merges of a ticket in both directions, and undone ones.

        Raises:
            TicketNotFound: there is no such ticket.
        """
        async with self._tickets.database.read() as session:
            if await session.get(Ticket, ticket_id) is None:
                raise TicketNotFound(f"there is no ticket {ticket_id}")
            history = await store.history(session, ticket_id)
            now = [merge for merge in history if merge.undone_at is None]
            into = [await session.get_one(Ticket, merge.into_id) for merge in now if merge.ticket_id == ticket_id]
            merged = [await session.get_one(Ticket, merge.ticket_id) for merge in now if merge.into_id == ticket_id]
        return MergedTickets(
            into=TicketView.model_validate(into[0]) if into else None,
            merged=[TicketView.model_validate(ticket) for ticket in reversed(merged)],
            history=[MergeView.model_validate(merge) for merge in history],
        )

    async def _merge_once(
        self, transaction: TicketTransaction, ticket_id: str, given: MergeTicket, actor: Actor
    ) -> Ticket | None:
        """Merge and return the head; None where it changed before the locks."""
        session = transaction.session
        head_id = await store.head_of(session, given.into)
        if head_id == ticket_id:
            raise SameMatterAlready(f"{given.into} and {ticket_id} are one ticket already")
        held = await _held(session, (ticket_id, head_id))
        if await store.head_of(session, given.into) != head_id:
            return None
        ticket, head = held[ticket_id], held[head_id]
        others = await store.into(session, ticket_id)
        if others:
            raise StandsForOthers(f"{len(others)} tickets were merged into {ticket.number}: unmerge them first")
        merge = TicketMerge(
            id=new_id("merge"),
            ticket_id=ticket_id,
            into_id=head_id,
            at=utc_now(),
            by=actor.name,
            parked_from=ticket.parked_from,
            escalated=ticket.escalated,
            open_matter=ticket.open_matter,
            own_urgency=await _own_urgency(session, head),
        )
        async with change(transaction, ticket, TicketAction.MERGE, actor, given.version) as made:
            made.detail.update(into=head_id, into_number=head.number)
            ticket.parked_from = ticket.status
        session.add(merge)
        # The merged ticket releases its matter's key and passes all checks before the head changes.
        await session.flush()
        await store.copy(session, merge)
        async with change(transaction, head, TicketAction.ABSORB, actor) as made:
            made.detail.update(merged=ticket_id, merged_number=ticket.number)
            _as_urgent(made, _most([head.urgency, ticket.urgency]))
        return head

    async def _unmerge_once(
        self, transaction: TicketTransaction, ticket_id: str, actor: Actor, expected_version: int | None
    ) -> Ticket | None:
        session = transaction.session
        head_id = await store.head_of(session, ticket_id)
        held = await _held(session, {ticket_id, head_id})
        merge = await store.active(session, ticket_id)
        if merge is None and head_id == ticket_id:
            raise NotMerged(f"ticket {held[ticket_id].number} is not merged")
        if merge is None or merge.into_id != head_id:
            return None
        ticket, head = held[ticket_id], held[head_id]
        async with change(transaction, ticket, TicketAction.UNMERGE, actor, expected_version) as made:
            made.detail.update(out_of=head_id, out_of_number=head.number)
            ticket.parked_from, ticket.escalated, ticket.closed_at = merge.parked_from, merge.escalated, None
            free = merge.open_matter is not None and not await store.matter_is_taken(session, merge.open_matter)
            ticket.open_matter = merge.open_matter if free else None
        async with change(transaction, head, TicketAction.RELEASE, actor) as made:
            made.detail.update(unmerged=ticket_id, unmerged_number=ticket.number)
            _as_urgent(made, await _urgency_without(session, head, ticket))
            merge.undone_at, merge.undone_by = utc_now(), actor.name
            await store.remove_copies(session, merge)
            await session.flush()
            for other in await store.into(session, head_id):
                # Reporters and recordings of both were copied once.
                await store.copy(session, other)
        return ticket


async def _held(session: AsyncSession, ticket_ids: Iterable[str]) -> dict[str, Ticket]:
    """Lock tickets in one order, so that opposite merges cannot deadlock."""
    return {ticket_id: await tickets_store.locked(session, ticket_id) for ticket_id in sorted(ticket_ids)}


def _as_urgent(made: Change, urgency: Urgency) -> None:
    if made.ticket.urgency is not urgency:
        made.detail.update(from_urgency=made.ticket.urgency, to_urgency=urgency)
        made.ticket.urgency = urgency


async def _own_urgency(session: AsyncSession, head: Ticket) -> Urgency:
    """Return a head's own urgency, raised before or since the merge."""
    merges = await store.into(session, head.id)
    if merges and head.urgency is await _together(session, merges):
        return merges[0].own_urgency
    for merge in merges:
        merge.own_urgency = head.urgency
    return head.urgency


async def _urgency_without(session: AsyncSession, head: Ticket, ticket: Ticket) -> Urgency:
    """Return a head's urgency without a merged ticket; later corrections stay."""
    merges = await store.into(session, head.id)
    if head.urgency is not await _together(session, merges):
        return head.urgency
    left = [merge for merge in merges if merge.ticket_id != ticket.id]
    return await _together(session, left) if left else merges[0].own_urgency


async def _together(session: AsyncSession, merges: Iterable[TicketMerge]) -> Urgency:
    """Return the urgency that merged tickets give their head."""
    found = [(merge.own_urgency, (await session.get_one(Ticket, merge.ticket_id)).urgency) for merge in merges]
    return _most(urgency for pair in found for urgency in pair)


def _most(urgencies: Iterable[Urgency]) -> Urgency:
    return max(urgencies, key=_URGENCIES.index)
