"""Calls shared with departments: by a link, or with signed-in members."""

import asyncio
import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ari_app.calls.control.errors import CallOutOfReach
from ari_app.calls.model import CallState
from ari_app.calls.sharing.errors import SharedCallNotFound
from ari_app.calls.sharing.model import SharedCall, SharedMatter, drafted
from ari_app.calls.store import CallStore
from ari_app.desk.model import CallStage, Draft
from crm.tickets.errors import TicketNotFound
from crm.tickets.views import TicketView
from foundation.clock import from_milliseconds
from foundation.tasks import log_failure

LINK = "hotline:call-link:"
"""By the hash of a link's secret: the call and what it was when the link was made."""
LINK_S = 2 * 3600
SECRET = re.compile(r"[A-Za-z0-9_-]{20,64}")
SECRET_BYTES = 18
"""144 bits: it is not guessed, and fits into one SMS."""

log = structlog.get_logger()


class Linked(msgspec.Struct, frozen=True):
    """Content of a link."""

    call_id: str
    department_id: str
    agent_name: str
    staff_number: str
    since_ms: int
    ticket_id: str | None = None


class Drafts(Protocol):
    """Drafts of calls."""

    async def draft(self, call_id: str) -> Draft | None: ...


class Tickets(Protocol):
    """Tickets by id."""

    async def get(self, ticket_id: str) -> TicketView: ...


SendLink = Callable[[str, str, str], Awaitable[bool]]
"""Sends a call's link to a department; the arguments are call, department and link."""


class SharedCalls:
    """Draft and ticket of a call, for its department (H2)."""

    def __init__(
        self, redis: Redis, store: CallStore, drafts: Drafts, tickets: Tickets, send: SendLink, public_url: str
    ) -> None:
        self._redis = redis
        self._store = store
        self._drafts = drafts
        self._tickets = tickets
        self._send = send
        self._public_url = public_url.rstrip("/")
        self._sending: set[asyncio.Task[None]] = set()

    def share(self, state: CallState, department_id: str) -> None:
        """Begin to send a link; the call does not wait for it."""
        task = asyncio.create_task(self._share(state, department_id), name=f"call-link:{state.id}")
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        task.add_done_callback(log_failure)

    async def opened(self, secret: str) -> SharedCall:
        """Return the call of a link.

        Raises:
            SharedCallNotFound: there is no such link, or it is too old.
            CallOutOfReach: Redis does not answer.
        """
        if SECRET.fullmatch(secret) is None:
            raise SharedCallNotFound("the address is not whole")
        try:
            found = await self._redis.get(LINK + _hash(secret))
            if found is None:
                raise SharedCallNotFound("the link is valid for two hours")
            linked = msgspec.json.decode(found, type=Linked)
            return await self._shown(linked, await self._store.get(linked.call_id))
        except (RedisError, OSError, TimeoutError):
            raise CallOutOfReach("Redis does not answer") from None

    async def of_department(self, department_id: str) -> list[SharedCall]:
        """Return the live calls in which the department is the third party.

        Raises:
            CallOutOfReach: Redis does not answer.
        """
        try:
            states = [state for state in await self._store.all() if _department(state) == department_id]
            return [await self._shown(_linked(state, department_id), state) for state in states]
        except (RedisError, OSError, TimeoutError):
            raise CallOutOfReach("Redis does not answer") from None

    async def _share(self, state: CallState, department_id: str) -> None:
        secret = secrets.token_urlsafe(SECRET_BYTES)
        linked = _linked(state, department_id)
        try:
            await self._redis.set(LINK + _hash(secret), msgspec.json.encode(linked), ex=LINK_S)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("call_not_shared", call_id=state.id, error=type(error).__name__)
            return
        sent = await self._send(state.id, department_id, f"{self._public_url}/shared-calls/{secret}")
        log.info("call_shared", call_id=state.id, department_id=department_id, sent=sent)

    async def _shown(self, linked: Linked, state: CallState | None) -> SharedCall:
        draft = await self._drafts.draft(linked.call_id)
        ticket_id = state.ticket_id if state is not None else linked.ticket_id
        if ticket_id is None and draft is not None:
            ticket_id = _filed(draft)
        fields = msgspec.json.decode(msgspec.json.encode(draft.fields)) if draft is not None else {}
        return SharedCall(
            call_id=linked.call_id,
            agent_name=linked.agent_name,
            staff_number=linked.staff_number,
            since=from_milliseconds(linked.since_ms),
            over=state is None or state.stage is CallStage.ENDED,
            draft=drafted(fields) if draft is not None else None,
            draft_at=from_milliseconds(draft.at_ms) if draft is not None else None,
            ticket=await self._ticket(ticket_id) if ticket_id is not None else None,
        )

    async def _ticket(self, ticket_id: str) -> SharedMatter | None:
        try:
            ticket = await self._tickets.get(ticket_id)
        except TicketNotFound:
            return None
        return SharedMatter(
            number=ticket.number,
            status=ticket.status,
            kind=ticket.kind,
            urgency=ticket.urgency,
            subject=ticket.subject,
            description=ticket.description,
            address=ticket.address,
            area=ticket.area,
        )


def _linked(state: CallState, department_id: str) -> Linked:
    talk = state.talk
    return Linked(
        call_id=state.id,
        department_id=department_id,
        agent_name=talk.agent_name if talk is not None else "",
        staff_number=talk.staff_number if talk is not None else "",
        since_ms=state.started_at_ms,
        ticket_id=state.ticket_id,
    )


def _department(state: CallState) -> str | None:
    """Return the department that is in a call, or rung for it."""
    party = state.control.party if state.control is not None else None
    return party.target.department_id if party is not None and state.stage is not CallStage.ENDED else None


def _filed(draft: Draft) -> str | None:
    """Return the ticket's id that the page noted in its draft."""
    filed = draft.fields.get("filed")
    known = msgspec.json.decode(filed) if isinstance(filed, msgspec.Raw) else filed
    found = known.get("id") if isinstance(known, dict) else None
    return found if isinstance(found, str) else None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
