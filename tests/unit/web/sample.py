"""A feature as features write theirs: one route of every kind."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, field_validator, model_validator

from foundation.problems import Conflict
from foundation.routes import EVERYONE, PUBLIC, File, NoQuery, Page, Request, Role, Routes

SUPERVISING = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})


STYLE = "p { color: #111; }"


class Contact(BaseModel, extra="forbid"):
    """Person to call."""

    name: Annotated[str, Field(min_length=1, max_length=20)]
    number: str

    @field_validator("number")
    @classmethod
    def _digits(cls, value: str) -> str:
        if not value.isdigit():
            raise ValueError("must be digits only")
        return value


def _calm(value: str) -> str:
    if value.isupper():
        raise ValueError("must not be shouted")
    return value


class FileThing(BaseModel, extra="forbid"):
    """A new thing."""

    remark: Annotated[str, AfterValidator(_calm), Field(min_length=2, max_length=5)] = "none"
    subject: Annotated[str, Field(min_length=1, max_length=80)]
    contacts: list[Contact] = []

    @model_validator(mode="after")
    def _two_numbers(self) -> "FileThing":
        if len({one.number for one in self.contacts[:2]}) < len(self.contacts[:2]):
            raise ValueError("contacts.1.number: must be another number")
        return self


class Thing(BaseModel):
    """A thing as shown."""

    id: str
    subject: str
    filed_by: str
    idempotency_key: str | None = None


class FindThings(BaseModel, extra="forbid"):
    """Filter of things."""

    subject: str = "all"
    limit: Annotated[int, Field(ge=1, le=100)] = 10
    kinds: list[str] = []
    above: int = 0
    below: int = 100

    @model_validator(mode="after")
    def _order(self) -> "FindThings":
        if self.below <= self.above:
            raise ValueError("below must be more than above")
        return self


class Secretive(Thing):
    """Stored thing with a field that is never sent."""

    secret: str = "canary"


def sample_routes(folder: Path) -> Routes:
    """The sample feature; `folder` is where its files are."""
    table = Routes(tag="things")

    @table.add(
        "GET",
        "/kinds",
        roles=EVERYONE,
        summary="List the kinds of things",
        response=list[Thing],
        revalidated=True,
    )
    async def kinds(request: Request[None, NoQuery]) -> list[Thing]:
        return [Thing(id=f"kind-{n}", subject="x" * 40, filed_by=request.actor.role) for n in range(40)]

    @table.add("GET", "/things", roles=EVERYONE, summary="Find", query=FindThings, response=list[Thing])
    async def find(request: Request[None, FindThings]) -> list[Thing]:
        names = request.query.kinds or [request.query.subject]
        return [Thing(id=str(n), subject=name, filed_by=request.actor.name) for n, name in enumerate(names)]

    @table.add(
        "POST",
        "/things",
        roles=frozenset({Role.AGENT}),
        summary="File",
        body=FileThing,
        response=Thing,
        status=201,
        once=True,
    )
    async def file(request: Request[FileThing, NoQuery]) -> Thing:
        return Thing(
            id="1",
            subject=request.body.subject,
            filed_by=request.actor.staff_id,
            idempotency_key=request.idempotency_key,
        )

    @table.add("GET", "/things/{thing_id}", roles=EVERYONE, summary="One", response=Thing, problems=(404,))
    async def one(request: Request[None, NoQuery]) -> Thing:
        return Thing(id=request.path["thing_id"], subject=request.address, filed_by="")

    @table.add("DELETE", "/things/{thing_id}", roles=SUPERVISING, summary="Remove", response=None, problems=(409,))
    async def remove(request: Request[None, NoQuery]) -> None:
        if request.path["thing_id"] == "kept":
            raise Conflict("It is still needed.")

    @table.add("GET", "/things/{thing_id}/sheet", roles=SUPERVISING, summary="Printable", response=Page)
    async def sheet(_request: Request[None, NoQuery]) -> Page:
        return Page("<p>工单</p>", "text/html")

    @table.add("GET", "/things/{thing_id}/order", roles=SUPERVISING, summary="Printable, with a style", response=Page)
    async def order(_request: Request[None, NoQuery]) -> Page:
        return Page(f"<style>{STYLE}</style><p>工单</p>", "text/html", style=STYLE)

    @table.add("GET", "/things/{thing_id}/audio", roles=EVERYONE, summary="Audio", response=File)
    async def audio(request: Request[None, NoQuery]) -> File:
        return File(folder / request.path["thing_id"], "audio/wav", '录音";x=\r\n.wav')

    _add_faulty(table)
    return table


def _add_faulty(table: Routes) -> None:
    @table.add("GET", "/broken", roles=EVERYONE, summary="A bug", response=Thing)
    async def broken(_request: Request[None, NoQuery]) -> Thing:
        raise RuntimeError("SELECT canary FROM secrets")

    @table.add("GET", "/leaky", roles=EVERYONE, summary="Another bug", response=list[Thing])
    async def leaky(_request: Request[None, NoQuery]) -> list[dict[str, str]]:
        return [{"id": "1", "subject": "s", "filed_by": "f", "secret": "canary"}]

    @table.add("GET", "/secretive", roles=EVERYONE, summary="More than is declared", response=list[Thing])
    async def secretive(_request: Request[None, NoQuery]) -> list[Thing]:
        return [Secretive(id="1", subject="s", filed_by="f")]

    @table.add("GET", "/notice", roles=PUBLIC, summary="For anybody", response=Thing)
    async def notice(_request: Request[None, NoQuery]) -> Thing:
        return Thing(id="0", subject="notice", filed_by="")
