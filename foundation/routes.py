"""Route table: the HTTP operations of each feature with their roles.

A feature's `http.py` builds a `Routes` and returns it; its handlers translate between request models and its service
and do nothing else. Who may call a route stands beside it, and a route without roles cannot be written.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

Body = TypeVar("Body")
Query = TypeVar("Query")


class Role(StrEnum):
    """Role of a staff account: each has one."""

    AGENT = "agent"
    DEPARTMENT = "department"
    CAMPAIGNS = "campaigns"
    QUALITY = "quality"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


EVERYONE = frozenset(Role)
"""Every account that is signed in."""

PUBLIC: frozenset[Role] = frozenset()
"""Every request, signed in or not."""

DESKS = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR})
LEADERS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})


@dataclass(frozen=True)
class Principal:
    """Staff member who makes a request."""

    staff_id: str
    staff_number: str
    name: str
    role: Role
    department_id: str | None = None
    password_one_time: bool = False
    """The person must set a password before doing anything else."""


@dataclass(frozen=True)
class Request(Generic[Body, Query]):
    """Request as a handler receives it: decoded, validated, allowed."""

    principal: Principal | None
    """None only on PUBLIC routes."""
    path: dict[str, str]
    query: Query
    body: Body
    idempotency_key: str | None = None
    """The Idempotency-Key header, where the client sent one and the route is carried out once."""
    address: str = ""
    """Address of the client, for rate limits and the audit."""

    @property
    def actor(self) -> Principal:
        """Return the staff member, on a route that is not public."""
        assert self.principal is not None, "a public route has no actor"
        return self.principal


@dataclass(frozen=True)
class File:
    """File as a response, under the given name."""

    path: Path
    media_type: str
    name: str


@dataclass(frozen=True)
class Upload:
    """File as a body, on disk until the handler returns."""

    path: Path
    bytes: int


@dataclass(frozen=True)
class Page:
    """Text that is not JSON: an SVG, a printable work order."""

    text: str
    media_type: str
    style: str = ""
    """Style sheet of the page, exactly as it stands in it: browsers apply no other."""


@dataclass(frozen=True)
class Download:
    """Small file made for one response, such as a spreadsheet."""

    content: bytes
    media_type: str
    name: str


class NoQuery(BaseModel, extra="forbid"):
    """Query of a route without parameters."""


Handler = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True)
class Route:
    """Operation of the API: everything that serving and documenting it needs."""

    method: str
    path: str
    handler: Handler
    roles: frozenset[Role]
    summary: str
    tag: str
    body: type[BaseModel] | None
    query: type[BaseModel]
    response: Any
    """A pydantic model, `list[Model]`, `File`, `Page`, `Download`, or None for 204."""
    status: int
    problems: tuple[int, ...]
    public: bool
    upload_bytes: int
    """The largest file the route takes as its body; 0: it takes none."""
    once: bool
    """Repeated with the same Idempotency-Key, it is carried out once. Other routes never see a key."""
    deferrable: bool
    """While the database is away, a request with a key is stored and carried out later, which 202 says."""
    action: str
    """Action on a ticket that the route carries out, in the words of its state machine; empty for every other."""
    revalidated: bool
    """A list that changes rarely: a client stores it and asks whether it still holds."""


@dataclass
class Routes:
    """Routes of one feature; only `roles=PUBLIC` admits callers without a session."""

    tag: str
    prefix: str = "/api/v1"
    table: list[Route] = field(default_factory=list)

    def add(
        self,
        method: str,
        path: str,
        *,
        roles: frozenset[Role],
        summary: str,
        response: Any,
        body: type[BaseModel] | None = None,
        query: type[BaseModel] = NoQuery,
        status: int = 200,
        problems: tuple[int, ...] = (),
        upload_bytes: int = 0,
        once: bool = False,
        deferrable: bool = False,
        action: str = "",
        revalidated: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Declare a route, relative to the prefix; parameters are written `{ticket_id}`."""

        assert once or not deferrable, f"{method} {path} is deferrable, and may then be carried out twice"

        def declare(handler: Handler) -> Handler:
            self.table.append(
                Route(
                    method=method,
                    path=f"{self.prefix}{path}",
                    handler=handler,
                    roles=roles,
                    summary=summary,
                    tag=self.tag,
                    body=body,
                    query=query,
                    response=response,
                    status=status,
                    problems=problems,
                    public=roles is PUBLIC,
                    upload_bytes=upload_bytes,
                    once=once,
                    deferrable=deferrable,
                    action=action,
                    revalidated=revalidated,
                )
            )
            return handler

        return declare
