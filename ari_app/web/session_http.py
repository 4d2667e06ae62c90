"""The desk's own routes: sign in and out, who am I, and the ticket for the socket."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, StringConstraints

from ari_app.desk import metrics
from ari_app.desk.socket import SUBPROTOCOL
from ari_app.web.sessions import TICKET_S, Session, Sessions
from foundation.problems import Problem
from foundation.routes import EVERYONE, PUBLIC, NoQuery, Request, Role, Routes, Upload

DESK_ROLES = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR})
"""Who may open the desk's socket."""


class SignIn(BaseModel, extra="forbid"):
    """What somebody signs in with."""

    staff_number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32)] = Field(
        examples=["8001"]
    )
    password: Annotated[SecretStr, Field(min_length=1, max_length=256)]


class SessionView(BaseModel):
    """Who is signed in."""

    staff_id: str
    staff_number: str
    name: str
    role: Role
    department_id: str | None
    expires_at_ms: int
    """When to sign in again at the latest, in epoch milliseconds."""
    csrf_token: str
    """Pages send it as `X-CSRF-Token` where the browser sends no Origin."""


class SignedInView(SessionView):
    """A new session. Browsers get it as a cookie as well and need not keep the token."""

    token: str
    """For API clients: `Authorization: Bearer …`. Shown once."""


class DeskTicket(BaseModel):
    """Opens the desk's socket, once."""

    ticket: str
    """Send it as the first message, `{"type": "hello", "ticket": "…"}`, or as the subprotocol `ticket.…`."""
    expires_in_s: int
    subprotocol: str
    """The protocol the socket speaks."""


@dataclass(frozen=True)
class DeskRequest(Request[object, object]):
    """A request as the desk's own handlers see it."""

    session: Session | None = None

    @property
    def own(self) -> Session:
        """The session, on a route that is not public."""
        assert self.session is not None, "a public route has no session"
        return self.session


@dataclass(frozen=True)
class SetSession:
    """An answer that sets the session's cookie, or without a token clears it."""

    body: BaseModel | Upload | None
    token: str | None


def routes(sessions: Sessions) -> Routes:
    """The desk's own routes."""
    table = Routes(tag="session")

    @table.add(
        "POST",
        "/session",
        roles=PUBLIC,
        summary="Sign in",
        body=SignIn,
        response=SignedInView,
        status=201,
        problems=(401, 429, 503),
    )
    async def sign_in(request: Request[SignIn, NoQuery]) -> SetSession:
        body = request.body
        try:
            signed_in = await sessions.sign_in(body.staff_number, body.password.get_secret_value(), request.address)
        except Problem as problem:
            metrics.SIGN_INS.labels(problem.slug).inc()
            raise
        metrics.SIGN_INS.labels("ok").inc()
        view = SignedInView(token=signed_in.token, **_view(signed_in.session).model_dump())
        return SetSession(view, signed_in.token)

    @table.add("GET", "/session", roles=EVERYONE, summary="Who am I", response=SessionView)
    async def who_am_i(request: DeskRequest) -> SessionView:
        return _view(request.own)

    @table.add("DELETE", "/session", roles=EVERYONE, summary="Sign out", response=None, status=204, problems=(503,))
    async def sign_out(request: DeskRequest) -> SetSession:
        await sessions.end(request.own)
        return SetSession(None, None)

    @table.add(
        "POST",
        "/desk/ticket",
        roles=DESK_ROLES,
        summary="A one-time ticket for the desk's socket",
        response=DeskTicket,
        status=201,
        problems=(503,),
    )
    async def ticket(request: DeskRequest) -> DeskTicket:
        value = await sessions.ticket(request.own)
        return DeskTicket(ticket=value, expires_in_s=TICKET_S, subprotocol=SUBPROTOCOL)

    return table


def _view(session: Session) -> SessionView:
    who = session.principal
    return SessionView(
        staff_id=who.staff_id,
        staff_number=who.staff_number,
        name=who.name,
        role=who.role,
        department_id=who.department_id,
        expires_at_ms=session.expires_at_ms,
        csrf_token=session.csrf_token,
    )
