"""Request guard: session, role and origin, before any handler."""

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass

from aiohttp import web

from ari_app.web.errors import Malformed, PasswordOneTime, WrongOrigin
from ari_app.web.sessions import Session, Sessions
from foundation.problems import Forbidden, Unauthenticated
from foundation.routes import Role

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_TO_ONE_TIME_PASSWORDS = frozenset({"/api/v1/session", "/api/v1/session/password"})
_BEARER = re.compile(r"[Bb]earer +([A-Za-z0-9_-]{20,128})")


@dataclass(frozen=True)
class Caller:
    """Session of a request, and how the request proved it."""

    session: Session
    by_cookie: bool


class RequestGuard:
    """Finds sessions and refuses requests sent by pages of other sites (S19, S38).

    `allowed_origins` are the pages that may use cookies and open desks, such as `https://desk.example`; where all of
    them are https, cookies are.
    """

    def __init__(self, sessions: Sessions, *, allowed_origins: Collection[str]) -> None:
        self.allowed_origins = frozenset(origin.rstrip("/").lower() for origin in allowed_origins)
        self.secure = bool(self.allowed_origins) and all(one.startswith("https://") for one in self.allowed_origins)
        self.cookie = "__Host-hotline" if self.secure else "hotline"
        self.sessions = sessions

    async def enter(self, request: web.Request, roles: frozenset[Role]) -> Caller:
        """Return the caller, where the role may use the route.

        Raises:
            Unauthenticated: the request has no valid session.
            PasswordOneTime: the person must set a password first.
            Forbidden: the role may not, or a page of another site sent the request.
            Unavailable: sessions cannot be looked up.
        """
        self.check_origin(request)
        caller = await self.recognise(request)
        if caller is None:
            raise Unauthenticated("Sign in and send the session's cookie or token.")
        if caller.session.principal.password_one_time and request.path not in OPEN_TO_ONE_TIME_PASSWORDS:
            raise PasswordOneTime("This password works once: set your own with PUT /api/v1/session/password.")
        if caller.session.principal.role not in roles:
            raise Forbidden("Your role may not do this.")
        if caller.by_cookie and request.method not in SAFE_METHODS:
            self._check_page(request, caller.session)
        return caller

    async def recognise(self, request: web.Request) -> Caller | None:
        """Return the caller by the Authorization header, else by the cookie.

        Where there is a header, the cookie is ignored: a page of another site could have made the browser send it.
        """
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
        """Refuse changes that a page of another site made a browser send.

        Raises:
            WrongOrigin: the request names an origin that is not allowed, and changes something.
        """
        if request.method in SAFE_METHODS:
            return
        origins = request.headers.getall("Origin", [])
        if any(not self.allows(origin) for origin in origins):
            raise WrongOrigin("This page is not allowed to do that.")

    def allows(self, origin: str) -> bool:
        """Return whether pages of this origin are ours."""
        return origin.lower() in self.allowed_origins

    def remember(self, response: web.StreamResponse, token: str | None, longest_s: int) -> None:
        """Set the session's cookie; without a token, delete it."""
        if token is None:
            response.del_cookie(self.cookie, path="/", secure=self.secure, httponly=True, samesite="Strict")
            return
        response.set_cookie(
            self.cookie, token, path="/", max_age=longest_s, secure=self.secure, httponly=True, samesite="Strict"
        )

    def _check_page(self, request: web.Request, session: Session) -> None:
        """Require an allowed Origin or the CSRF token.

        Browsers send cookies by themselves.
        """
        if "Origin" in request.headers:  # `check_origin` has found it to be ours
            return
        token = request.headers.get("X-CSRF-Token", "")
        if not secrets.compare_digest(token.encode(), session.csrf_token.encode()):
            raise WrongOrigin("Send the session's X-CSRF-Token.")


def idempotency_key(request: web.Request) -> str | None:
    """Return the Idempotency-Key header.

    Raises:
        Malformed: the header is not a key.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not re.fullmatch(r"[!-~]{1,128}", key):
        raise Malformed("Idempotency-Key must be 1 to 128 visible ASCII characters.")
    return key
