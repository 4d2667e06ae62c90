"""Use cases of missed callers."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from ari_app.missed import store
from ari_app.missed.errors import ClaimedByAnother, NoSuchMissedCaller
from ari_app.missed.model import (
    CallAgain,
    CallBackTime,
    MissedCaller,
    MissedClaim,
    MissedQuery,
    MissedReason,
    MissedResult,
    MissedTicket,
    ResultInput,
)
from ari_app.missed.people import by_person, last_reached, newest_claim
from ari_app.missed.planned import store as planned
from ari_app.missed.planned.model import LEFT_TO_THE_LIST
from crm.history.model import CallRecord
from crm.tickets.model import Ticket, TicketReporter
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import LEADERS, Principal

LONGEST_DAYS = 30
MOST = 200
"""Callers of a list."""


class MissedCallers:
    """List of callers who did not reach an agent.

    A caller is a customer, with all numbers, or else a number. The entry disappears by itself when a later call of the
    person, in either direction, was answered by an agent.
    """

    def __init__(self, database: Database, taken: Callable[[str], Awaitable[None]] | None = None) -> None:
        """Begin with a database.

        Args:
            taken: gives a number's planned call back up, since an agent calls.
        """
        self._database = database
        self._taken = taken

    async def listed(self, wanted: MissedQuery, who: Principal) -> list[MissedCaller]:
        """Return missed callers, the longest waiting first."""
        since = utc_now() - timedelta(days=wanted.days)
        async with self._database.read() as session:
            messages = await store.with_message(session, since)
            again = await store.to_call_again(session, since)
            claims = await store.claims(session, utc_now() - timedelta(days=LONGEST_DAYS))
            waiting = await _waiting(session, since, messages, again, claims)
            if wanted.mine:
                waiting = {
                    person: found
                    for person, found in waiting.items()
                    if _holder(newest_claim(claims, found)) == who.staff_id
                }
            oldest = sorted(waiting.items(), key=lambda one: one[1][-1].started_at)[:MOST]
            return await _entries(session, oldest, claims, messages, again)

    async def counted(self) -> Counter[str]:
        """Return how many callers are missed, by queue.

        It is the queue of the newest call.
        """
        since = utc_now() - timedelta(days=MissedQuery().days)
        async with self._database.read() as session:
            messages = await store.with_message(session, since)
            again = await store.to_call_again(session, since)
            claims = await store.claims(session, utc_now() - timedelta(days=LONGEST_DAYS))
            waiting = await _waiting(session, since, messages, again, claims)
        return Counter(calls[0].queue for calls in waiting.values() if calls[0].queue is not None)

    async def claim(self, call_id: str, who: Principal) -> None:
        """Say that a person calls a caller back.

        Raises:
            NoSuchMissedCaller: there is no such call with a number.
            ClaimedByAnother: another person has the caller.
        """
        try:
            async with self._database.write() as session:
                record = await _record(session, call_id)
                held = await store.claim_of_person(session, record)
                if _holder(held) is not None:
                    if held is not None and held.staff_id != who.staff_id:
                        raise ClaimedByAnother(f"{held.staff_id} calls back")
                    return
                row = await session.get(MissedClaim, call_id)
                if row is None:
                    attempts = held.attempts if held is not None else 0
                    session.add(
                        MissedClaim(call_id=call_id, staff_id=who.staff_id, claimed_at=utc_now(), attempts=attempts)
                    )
                else:
                    row.staff_id, row.claimed_at, row.done_at = who.staff_id, utc_now(), None
            if self._taken is not None and record.number is not None:
                await self._taken(record.number)
        except IntegrityError as error:
            raise ClaimedByAnother("another person calls back") from error

    async def release(self, call_id: str, who: Principal) -> None:
        """Give a caller back to the list.

        Raises:
            NoSuchMissedCaller: there is no such call with a number.
            ClaimedByAnother: another person has the caller, and the asking one is no supervisor.
        """
        async with self._database.write() as session:
            held = await store.claim_of_person(session, await _record(session, call_id))
            if held is None or _holder(held) is None:
                return
            _check_holder(held, who)
            if held.attempts:
                held.done_at, held.result = utc_now(), MissedResult.NOT_REACHED
            else:
                await session.delete(held)

    async def call_again(self, call_id: str, at: datetime | None, who: Principal) -> None:
        """Note when a call's number is called again; None: not any more."""
        async with self._database.write() as session:
            row = await session.get(CallAgain, call_id)
            if row is not None:
                await session.delete(row)
                await session.flush()
            if at is not None:
                session.add(CallAgain(call_id=call_id, at=at, staff_id=who.staff_id))

    async def finish(self, call_id: str, given: ResultInput, who: Principal, *, is_new: bool = True) -> None:
        """Store the result of calling back; without a claim, claim and finish.

        Args:
            is_new: it is a further attempt, not another result of the last one.

        Raises:
            NoSuchMissedCaller: there is no such call with a number.
            ClaimedByAnother: another person has the caller, and the asking one is no supervisor.
        """
        async with self._database.write() as session:
            held = await store.claim_of_person(session, await _record(session, call_id))
            if held is not None and _holder(held) is not None:
                _check_holder(held, who)
                row = held
            else:
                row = await session.get(MissedClaim, call_id) or MissedClaim(
                    call_id=call_id,
                    staff_id=who.staff_id,
                    claimed_at=utc_now(),
                    attempts=held.attempts if held is not None else 0,
                )
                row.claimed_at = utc_now()
                session.add(row)
            row.staff_id, row.result, row.note, row.done_at = who.staff_id, given.result, given.note, utc_now()
            row.attempts += is_new


async def _waiting(
    session: AsyncSession,
    since: datetime,
    messages: Collection[str],
    again: Collection[str],
    claims: Mapping[str, MissedClaim],
) -> dict[str, list[CallRecord]]:
    """Return the missed calls of each person, newest first.

    Those who talked with an agent since are left out.
    """
    reached = await store.reached(session, since)
    waiting: dict[str, list[CallRecord]] = {}
    for person, calls in by_person(await store.missed(session, since, messages, again)).items():
        talked_at, claim = last_reached(reached, person, calls), newest_claim(claims, calls)
        left = [
            call for call in calls if (talked_at is None or talked_at <= call.started_at) and not _settled(claim, call)
        ]
        if left:
            waiting[person] = left
    return waiting


def _reason(calls: Sequence[CallRecord], left: Sequence[str], again: Collection[str]) -> MissedReason:
    if left:
        return MissedReason.MESSAGE
    if calls[0].id in again:
        return MissedReason.CALL_AGAIN
    asked = any(call.outcome == MissedReason.CALL_BACK for call in calls)
    return MissedReason.CALL_BACK if asked else MissedReason(calls[0].outcome)


def _holder(claim: MissedClaim | None) -> str | None:
    """Return the person who has a caller now."""
    return claim.staff_id if claim is not None and claim.done_at is None else None


def _settled(claim: MissedClaim | None, call: CallRecord) -> bool:
    """Return whether a result covers a call, stored after it."""
    if claim is None or claim.done_at is None or claim.result is MissedResult.NOT_REACHED:
        return False
    return claim.done_at >= call.started_at


def _check_holder(held: MissedClaim, who: Principal) -> None:
    if held.staff_id != who.staff_id and who.role not in LEADERS:
        raise ClaimedByAnother(f"{held.staff_id} calls back")


async def _record(session: AsyncSession, call_id: str) -> CallRecord:
    record = await session.get(CallRecord, call_id)
    if record is None or record.number is None:
        raise NoSuchMissedCaller(f"there is no missed call {call_id}")
    return record


async def _entries(
    session: AsyncSession,
    waiting: Sequence[tuple[str, list[CallRecord]]],
    claims: dict[str, MissedClaim],
    messages: set[str],
    again: Mapping[str, datetime],
) -> list[MissedCaller]:
    numbers = {call.number or "" for _, calls in waiting for call in calls}
    customers = {call.customer_id for _, calls in waiting for call in calls if call.customer_id is not None}
    names = await store.customer_names(session, customers)
    people = await store.staff_names(session, {claim.staff_id for claim in claims.values()})
    tickets = await store.open_tickets(session, numbers, customers)
    asked = await planned.of_calls(session, {call.id for _, calls in waiting for call in calls})
    found = []
    for _, calls in waiting:
        newest, claim = calls[0], newest_claim(claims, calls)
        own = {call.number or "" for call in calls}
        customer_id = next((call.customer_id for call in calls if call.customer_id is not None), None)
        left = [call.id for call in calls if call.id in messages]
        holder = _holder(claim)
        back = next((asked[call.id] for call in calls if call.id in asked), None)
        in_line = back if back is not None and back.ended_at is None else None
        found.append(
            MissedCaller(
                call_id=newest.id,
                number=newest.number or "",
                customer_id=customer_id,
                customer_name=names.get(customer_id) if customer_id is not None else None,
                reason=_reason(calls, left, again),
                queue=newest.queue,
                calls=sum(call.direction == "inbound" and call.outcome != store.ANSWERED for call in calls),
                first_at=calls[-1].started_at,
                last_at=newest.started_at,
                joined_at=min((call.queued_at for call in calls if call.queued_at is not None), default=None),
                longest_wait_ms=max(call.wait_ms or 0 for call in calls),
                message_call_ids=left,
                open_tickets=_of_caller(tickets, own, customer_id),
                claimed_by=holder,
                claimed_by_name=people.get(holder) if holder is not None else None,
                claimed_at=claim.claimed_at if claim is not None and holder is not None else None,
                attempts=claim.attempts if claim is not None else 0,
                call_again_at=again.get(newest.id),
                in_line_from=in_line.due_at if in_line is not None else None,
                window=CallBackTime(zh=back.window_zh, en=back.window_en)
                if back is not None and back.window_zh
                else None,
                call_back_end=back.end if back is not None and back.end in LEFT_TO_THE_LIST else None,
            )
        )
    return found


def _of_caller(
    tickets: Sequence[tuple[TicketReporter, Ticket]], numbers: Collection[str], customer_id: str | None
) -> list[MissedTicket]:
    own = {
        ticket.id: ticket
        for reporter, ticket in tickets
        if reporter.number in numbers or (customer_id is not None and reporter.customer_id == customer_id)
    }
    return [
        MissedTicket(id=ticket.id, number=ticket.number, kind=ticket.kind, status=ticket.status, subject=ticket.subject)
        for ticket in own.values()
    ]
