"""Who is asking, from where, and through which page: decided before any handler runs."""

import ipaddress
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass

from aiohttp import web

from ari_app.desk.errors import Malformed, WrongOrigin
from ari_app.web.sessions import Session, Sessions
from foundation.problems import Forbidden, Unauthenticated
from foundation.routes import Role

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER = re.compile(r"[Bb]earer +([A-Za-z0-9_-]{20,128})")
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


@dataclass(frozen=True)
class Caller:
    """A session, and how it was proved."""

    session: Session
    by_cookie: bool


class RequestGuard:
    """Recognises sessions and refuses requests that a foreign page made a browser send (S19, S38)."""

    def __init__(
        self, sessions: Sessions, *, allowed_origins: Collection[str], trusted_proxies: Collection[str] = ()
    ) -> None:
        self.allowed_origins = frozenset(origin.rstrip("/").lower() for origin in allowed_origins)
        self.secure = bool(self.allowed_origins) and all(one.startswith("https://") for one in self.allowed_origins)
        self.cookie = "__Host-hotline" if self.secure else "hotline"
        self.sessions = sessions
        self._proxies = frozenset(trusted_proxies)

    async def enter(self, request: web.Request, roles: frozenset[Role]) -> Caller:
        """Who asks, where he or she may.

        Raises:
            Unauthenticated: nobody is signed in.
            Forbidden: the role is another one, or a foreign page sent the request.
            Unavailable: sessions cannot be looked up.
        """
        self.check_origin(request)
        caller = await self.recognise(request)
        if caller is None:
            raise Unauthenticated("Sign in and send the session's cookie or token.")
        if caller.session.principal.role not in roles:
            raise Forbidden("Your role may not do this.")
        if caller.by_cookie and request.method not in SAFE_METHODS:
            self._check_page(request, caller.session)
        return caller

    async def recognise(self, request: web.Request) -> Caller | None:
        """The session of a request; a header counts alone, so that a cookie beside it cannot stand in for it."""
        header = request.headers.get("Authorization")
        if header is not None:
            match = _BEARER.fullmatch(header.strip())
            session = await self.sessions.find(match[1]) if match else None
            return Caller(session, by_cookie=False) if session else None
        token = request.cookies.get(self.cookie)
        if token is None or len(token) > 128:
            return None
        session = await self.sessions.find(token)
        return Caller(session, by_cookie=True) if session else None

    def check_origin(self, request: web.Request) -> None:
        """Refuse what another site's page made a browser send.

        Raises:
            WrongOrigin: the request names an origin that is not allowed, and changes something.
        """
        if request.method in SAFE_METHODS:
            return
        origins = request.headers.getall("Origin", [])
        if any(not self.allows(origin) for origin in origins):
            raise WrongOrigin("This page is not allowed to do that.")

    def allows(self, origin: str) -> bool:
        """Whether pages of this origin are ours."""
        return origin.lower() in self.allowed_origins

    def address(self, request: web.Request) -> str:
        """Where a request came from: the nearest address that is not a proxy of ours."""
        address = request.remote or ""
        hops = [hop.strip() for value in request.headers.getall("X-Forwarded-For", []) for hop in value.split(",")]
        while address in self._proxies and hops:
            address = hops.pop()
        return address[:64]

    def is_local(self, request: web.Request) -> bool:
        """Whether a program on this machine asks directly; behind a proxy nobody does."""
        if any(name in request.headers for name in _FORWARDED):
            return False
        try:
            return ipaddress.ip_address(request.remote or "").is_loopback
        except ValueError:
            return False

    def remember(self, response: web.StreamResponse, token: str | None, longest_s: int) -> None:
        """Give the browser the session, or take it away."""
        if token is None:
            response.del_cookie(self.cookie, path="/", secure=self.secure, httponly=True, samesite="Strict")
            return
        response.set_cookie(
            self.cookie, token, path="/", max_age=longest_s, secure=self.secure, httponly=True, samesite="Strict"
        )

    def _check_page(self, request: web.Request, session: Session) -> None:
        """A browser sends cookies by itself: something must show that our page asked."""
        if "Origin" in request.headers:  # `check_origin` has found it to be ours
            return
        token = request.headers.get("X-CSRF-Token", "")
        if not secrets.compare_digest(token.encode(), session.csrf_token.encode()):
            raise WrongOrigin("Send the session's X-CSRF-Token.")


def idempotency_key(request: web.Request) -> str | None:
    """The Idempotency-Key header.

    Raises:
        Malformed: it is no key.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not re.fullmatch(r"[!-~]{1,128}", key):
        raise Malformed("Idempotency-Key must be 1 to 128 visible ASCII characters.")
    return key
