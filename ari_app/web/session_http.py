"""Routes of sessions: sign in, sign out, show the session."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, StringConstraints

from ari_app.web import metrics
from ari_app.web.sessions import Session, Sessions
from crm.staff.people.model import ProfileView
from foundation.database import out_of_reach
from foundation.problems import Problem
from foundation.routes import EVERYONE, PUBLIC, NoQuery, Request, Role, Routes, Upload


class SignIn(BaseModel, extra="forbid"):
    """Staff number and password."""

    staff_number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32)] = Field(
        examples=["8001"]
    )
    password: Annotated[SecretStr, Field(min_length=1, max_length=256)]


class ChangePassword(BaseModel, extra="forbid"):
    """Present and new password."""

    present: Annotated[SecretStr, Field(min_length=1, max_length=256)]
    new: Annotated[SecretStr, Field(min_length=10, max_length=200)]


class SessionView(BaseModel):
    """The staff member of a session."""

    staff_id: str
    staff_number: str
    name: str
    role: Role
    department_id: str | None
    password_one_time: bool
    """True: set a password (PUT /session/password); every other route is refused until then."""
    expires_at_ms: int
    """End of the session in epoch milliseconds, however much it is used."""
    csrf_token: str
    """Pages send it as `X-CSRF-Token` where the browser sends no Origin."""
    profile: ProfileView | None
    """The account as it is now; None while the database is away."""
    time_zone: str
    """Zone of the organisation, such as Asia/Shanghai: pages show every time in it."""


class SignedInView(SessionView):
    """New session; browsers get it as a cookie too."""

    token: str
    """For API clients: `Authorization: Bearer …`. Shown once."""


@dataclass(frozen=True)
class SessionRequest(Request[object, object]):
    """Request with its session, for the handlers of sessions."""

    session: Session | None = None

    @property
    def own(self) -> Session:
        """Return the session, on a route that is not public."""
        assert self.session is not None, "a public route has no session"
        return self.session


@dataclass(frozen=True)
class SetSession:
    """Response that sets the session's cookie; without a token, deletes it."""

    body: BaseModel | Upload | None
    token: str | None


ProfileOf = Callable[[str], Awaitable[ProfileView | None]]


async def no_profile(_staff_id: str) -> ProfileView | None:
    """Return None: a server without accounts."""
    return None


def routes(sessions: Sessions, profile_of: ProfileOf = no_profile, time_zone: str = "Asia/Shanghai") -> Routes:
    """Return the routes of sessions."""
    table = Routes(tag="session")

    async def profile(session: Session) -> ProfileView | None:
        try:
            return await profile_of(session.principal.staff_id)
        except Exception as error:
            if out_of_reach(error):
                return None
            raise

    @table.add(
        "POST",
        "/session",
        roles=PUBLIC,
        summary="Sign in with staff number and password",
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
        shown = _view(signed_in.session, await profile(signed_in.session), time_zone)
        view = SignedInView(token=signed_in.token, **shown.model_dump())
        return SetSession(view, signed_in.token)

    @table.add("GET", "/session", roles=EVERYONE, summary="Return who is signed in", response=SessionView)
    async def who_am_i(request: SessionRequest) -> SessionView:
        return _view(request.own, await profile(request.own), time_zone)

    @table.add(
        "DELETE",
        "/session",
        roles=EVERYONE,
        summary="Sign out, close desks",
        response=None,
        status=204,
        problems=(503,),
    )
    async def sign_out(request: SessionRequest) -> SetSession:
        await sessions.end(request.own)
        return SetSession(None, None)

    @table.add(
        "PUT",
        "/session/password",
        roles=EVERYONE,
        summary="Change the own password, end every own session",
        body=ChangePassword,
        response=None,
        status=204,
        problems=(422, 503),
    )
    async def change_password(request: SessionRequest) -> SetSession:
        body = request.body
        assert isinstance(body, ChangePassword), "the table validates it"
        await sessions.change_password(request.own, body.present.get_secret_value(), body.new.get_secret_value())
        return SetSession(None, None)

    return table


def _view(session: Session, profile: ProfileView | None, time_zone: str) -> SessionView:
    who = session.principal
    return SessionView(
        staff_id=who.staff_id,
        staff_number=who.staff_number,
        name=who.name,
        role=who.role,
        department_id=who.department_id,
        password_one_time=who.password_one_time,
        expires_at_ms=session.expires_at_ms,
        csrf_token=session.csrf_token,
        profile=profile,
        time_zone=time_zone,
    )
