"""Sessions: opaque tokens, stored in Redis as hashes, known to every node."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ari_app.web.errors import SignInFailed
from ari_app.web.sign_in_limits import SignInGuard, SignInLimits
from foundation.clock import milliseconds, utc_now
from foundation.problems import Problem, Unauthenticated, Unavailable
from foundation.routes import Principal
from foundation.signals import AsyncSignal

SESSION = "hotline:session:"
SESSIONS_OF = "hotline:sessions-of:"
TICKET = "hotline:desk-ticket:"

ENDED = b"ended"
"""Stored in place of a session that was ended on purpose: a desk still open on another node must not restore it."""

TRIES = "hotline:password-tries:"

TICKET_S = 30
PASSWORD_TRIES = 5
"""Changes of the password that one session may try."""
TOKEN_BYTES = 32
PARALLEL_VERIFICATIONS = 4
"""Password checks at a time; the hash costs tens of megabytes and milliseconds on purpose."""
PARALLEL_QUESTIONS = 32
"""Commands to Redis at a time: a thousand desks that reconnect leave connections to the calls."""
DEADLINE_S = 2.0


class Authenticator(Protocol):
    """Checks passwords, in equal time for unknown staff numbers (S11)."""

    async def authenticate(self, staff_number: str, password: str) -> Principal | None:
        """Return the staff member, or None; computes the hash in a thread."""

    async def change_password(self, staff_id: str, present: str, new: str) -> None:
        """Replace a password; raises a Problem that names the field."""


class Session(msgspec.Struct, frozen=True):
    """One sign-in; `id` is the token's hash and cannot open it."""

    id: str
    principal: Principal
    csrf_token: str
    expires_at_ms: int


class SignedIn(msgspec.Struct, frozen=True):
    """New session with the only copy of its token."""

    token: str
    session: Session


class OpenDesks(Protocol):
    """Desks that were opened under sessions."""

    def session(self, session_id: str) -> Session | None:
        """Return the session of an open desk by its id."""

    async def end_session(self, staff_id: str, session_id: str | None) -> None:
        """Close the desks of a session; without an id, of the person."""


class Sessions:
    """Creates, finds and ends sessions.

    A session ends after `idle_s` without use and `longest_s` after the sign-in. Ending it closes its `desks`.
    """

    def __init__(
        self,
        redis: Redis,
        authenticator: Authenticator,
        desks: OpenDesks,
        *,
        limits: SignInLimits | None = None,
        idle_s: int = 8 * 3600,
        longest_s: int = 24 * 3600,
    ) -> None:
        self.longest_s = longest_s
        self._over: set[str] = set()
        """Sessions that ended here while their desks may still be closing."""
        self._redis = redis
        self._authenticator = authenticator
        self._desks = desks
        self._guard = SignInGuard(redis, limits or SignInLimits())
        self._idle_s = idle_s
        self._verifying = asyncio.Semaphore(PARALLEL_VERIFICATIONS)
        self._turns = asyncio.Semaphore(PARALLEL_QUESTIONS)
        self._decoder = msgspec.json.Decoder(Session)
        self.ended = AsyncSignal[[str, str | None]]()
        """A session ended, by staff member and id; without an id, every one of the person."""

    async def sign_in(self, staff_number: str, password: str, address: str) -> SignedIn:
        """Create a session.

        Raises:
            SignInFailed: staff number or password is wrong.
            TooManyAttempts: too many failures for this number or from this address.
            Unavailable: Redis is out of reach.
        """
        async with self._reachable():
            attempt = await self._guard.begin(staff_number, address)
        async with self._verifying:
            principal = await self._authenticator.authenticate(staff_number, password)
        if principal is None:
            raise SignInFailed
        async with self._reachable():
            await self._guard.succeeded(attempt)
            return await self._begin(principal)

    async def change_password(self, session: Session, present: str, new: str) -> None:
        """Replace the password of an account; its sessions end.

        The session ends after `PASSWORD_TRIES` refused passwords: a stolen one must not serve to guess the password.

        Raises:
            Problem: names the password that broke its rule.
            Unauthenticated: the session had its tries.
            Unavailable: Redis is out of reach.
        """
        # Counted before the check, so that parallel tries do not pass together.
        async with self._reachable(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.incr(TRIES + session.id)
            pipeline.expire(TRIES + session.id, self.longest_s)
            tries, _ = await pipeline.execute()
        if tries > PASSWORD_TRIES:
            await self.end(session)
            raise Unauthenticated("Too many wrong passwords: sign in again.")
        try:
            async with self._verifying:
                await self._authenticator.change_password(session.principal.staff_id, present, new)
        except Problem:
            if tries == PASSWORD_TRIES:
                await self.end(session)
            raise

    async def find(self, token: str) -> Session | None:
        """Return the session of a token and restart its idle time.

        Raises:
            Unavailable: Redis is out of reach.
        """
        return await self.find_by_id(_hash(token))

    async def find_by_id(self, session_id: str) -> Session | None:
        """Return a session by its id, as `find` does.

        Raises:
            Unavailable: Redis is out of reach.
        """
        async with self._reachable():
            stored = await self._redis.getex(SESSION + session_id, ex=self._idle_s)
        if stored == ENDED:
            return None
        session = self._decoder.decode(stored) if stored is not None else await self._restored(session_id)
        return session if session is not None and session.expires_at_ms > milliseconds(utc_now()) else None

    async def _restored(self, session_id: str) -> Session | None:
        """Store again the session of an open desk that Redis lost (F19).

        An ended one is marked in Redis, or here.
        """
        session = self._desks.session(session_id) if session_id not in self._over else None
        if session is not None:
            async with self._reachable():
                await self._store(session)
        return session

    async def alive(self, session_id: str) -> bool:
        """Return whether a session has not ended, without using it.

        Raises:
            Unavailable: Redis is out of reach.
        """
        async with self._reachable():
            stored = await self._redis.get(SESSION + session_id)
        if stored is None:
            return session_id not in self._over and self._desks.session(session_id) is not None
        return bool(stored != ENDED)

    async def end(self, session: Session) -> None:
        """End a session: its token opens nothing from now on.

        Raises:
            Unavailable: Redis is out of reach.
        """
        staff_id = session.principal.staff_id
        self._over.add(session.id)
        async with self._reachable(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.set(SESSION + session.id, ENDED, ex=self.longest_s)
            pipeline.srem(SESSIONS_OF + staff_id, session.id)
            await pipeline.execute()
        await self._desks.end_session(staff_id, session.id)
        await self.ended.announce(staff_id, session.id)

    async def end_all(self, staff_id: str) -> None:
        """End every session of a staff member.

        Raises:
            Unavailable: Redis is out of reach.
        """
        async with self._reachable():
            ids = await self._redis.smembers(SESSIONS_OF + staff_id)
            ended = [one.decode() if isinstance(one, bytes) else one for one in ids]
            self._over.update(ended)
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.delete(SESSIONS_OF + staff_id)
                for one in ended:
                    pipeline.set(SESSION + one, ENDED, ex=self.longest_s)
                await pipeline.execute()
        await self._desks.end_session(staff_id, None)
        await self.ended.announce(staff_id, None)

    async def ticket(self, session: Session) -> str:
        """Create a ticket that opens the desk's WebSocket once, within `TICKET_S` seconds.

        Raises:
            Unavailable: Redis is out of reach.
        """
        ticket = secrets.token_urlsafe(TOKEN_BYTES)
        async with self._reachable():
            await self._redis.set(TICKET + _hash(ticket), session.id, ex=TICKET_S)
        return ticket

    async def redeem(self, ticket: str) -> Session | None:
        """Return the session of a valid ticket, else None.

        Raises:
            Unavailable: Redis is out of reach.
        """
        async with self._reachable():
            session_id = await self._redis.getdel(TICKET + _hash(ticket))
        if session_id is None:
            return None
        return await self.find_by_id(session_id.decode() if isinstance(session_id, bytes) else session_id)

    async def _begin(self, principal: Principal) -> SignedIn:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        session = Session(
            id=_hash(token),
            principal=principal,
            csrf_token=secrets.token_urlsafe(TOKEN_BYTES),
            expires_at_ms=milliseconds(utc_now()) + self.longest_s * 1000,
        )
        await self._store(session)
        return SignedIn(token, session)

    async def _store(self, session: Session) -> None:
        of_person = SESSIONS_OF + session.principal.staff_id
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.set(SESSION + session.id, msgspec.json.encode(session), ex=self._idle_s)
            pipeline.sadd(of_person, session.id)
            pipeline.expire(of_person, self.longest_s)
            await pipeline.execute()

    @asynccontextmanager
    async def _reachable(self) -> AsyncIterator[None]:
        async with self._turns:
            try:
                async with asyncio.timeout(DEADLINE_S):
                    yield
            except (RedisError, OSError, TimeoutError) as error:
                raise Unavailable("Sign-in is out of reach for the moment.") from error


def _hash(secret: str) -> str:
    """Hash a token; its 256 random bits make a plain hash safe."""
    return hashlib.sha256(secret.encode()).hexdigest()
