"""Routes of dead letters: events that were given up."""

from pydantic import BaseModel, Field

from crm.outbox.errors import NoDeadLetter
from crm.outbox.model import DeadLetterView, Drop, Kind, Redelivered
from crm.outbox.service import OutboxService
from foundation.routes import LEADERS, NoQuery, Request, Routes


class DeadLetterQuery(BaseModel, extra="forbid"):
    """Filters of dead letters, newest first."""

    kind: Kind | None = None
    after: int | None = Field(default=None, ge=1, lt=2**63)
    """The last sequence of the page before."""
    limit: int = Field(default=50, ge=1, le=200)


class RedeliverAll(BaseModel, extra="forbid"):
    """Kind of the dead letters to deliver again; left out: all kinds."""

    kind: Kind | None = None


def routes(service: OutboxService) -> Routes:
    """Return the routes of dead letters."""
    table = Routes("outbox")

    @table.add(
        "GET",
        "/outbox/dead-letters",
        roles=LEADERS,
        summary="List dead letters, newest first, each with its last error",
        query=DeadLetterQuery,
        response=list[DeadLetterView],
    )
    async def dead_letters(request: Request[None, DeadLetterQuery]) -> list[DeadLetterView]:
        query = request.query
        return await service.dead_letters(kind=query.kind, after=query.after, limit=query.limit)

    @table.add(
        "POST",
        "/outbox/dead-letters/redeliver",
        roles=LEADERS,
        summary="Deliver all dead letters again, or those of one kind",
        body=RedeliverAll,
        response=Redelivered,
    )
    async def redeliver_all(request: Request[RedeliverAll, NoQuery]) -> Redelivered:
        return Redelivered(count=await service.redeliver_all(kind=request.body.kind))

    @table.add(
        "POST",
        "/outbox/dead-letters/{sequence}/redeliver",
        roles=LEADERS,
        summary="Deliver a dead letter again",
        response=None,
        problems=(404,),
    )
    async def redeliver(request: Request[None, NoQuery]) -> None:
        await service.redeliver(_sequence(request.path["sequence"]))

    @table.add(
        "POST",
        "/outbox/dead-letters/{sequence}/drop",
        roles=LEADERS,
        summary="Drop a dead letter; the reason is stored",
        body=Drop,
        response=None,
        problems=(404,),
    )
    async def drop(request: Request[Drop, NoQuery]) -> None:
        await service.drop(_sequence(request.path["sequence"]), request.body.reason, request.actor)

    return table


def _sequence(text: str) -> int:
    """Return the sequence in a path.

    Raises:
        NoDeadLetter: it is no number.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NoDeadLetter(f"no entry {text} was given up")
    return int(text)
