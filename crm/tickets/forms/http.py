"""Routes of forms."""

from pydantic import BaseModel

from crm.kinds import TicketKind
from crm.text import FormerVersion
from crm.tickets.errors import NoSuchForm
from crm.tickets.forms.model import FormInput, FormView
from crm.tickets.forms.service import FormService
from crm.tickets.model import Actor
from foundation.routes import ADMINISTRATORS, EVERYONE, NoQuery, Request, Routes


class ReplaceForm(FormInput):
    """New form, and the version it was made from."""

    version: FormerVersion


class VersionQuery(BaseModel, extra="forbid"):
    """Version of a form, as named by a ticket."""

    version: FormerVersion


def add_routes(table: Routes, service: FormService) -> None:
    """Add the routes of forms."""

    @table.add(
        "GET",
        "/ticket-forms",
        roles=EVERYONE,
        summary="List the form of each kind of ticket",
        response=list[FormView],
        revalidated=True,
    )
    async def every(_: Request[None, NoQuery]) -> list[FormView]:
        return await service.all()

    @table.add(
        "GET",
        "/ticket-forms/{kind}",
        roles=EVERYONE,
        summary="Return a version of a kind's form",
        query=VersionQuery,
        response=FormView,
        problems=(404, 422),
    )
    async def of_version(request: Request[None, VersionQuery]) -> FormView:
        return await service.of_version(_kind(request.path["kind"]), request.query.version)

    @table.add(
        "PUT",
        "/ticket-forms/{kind}",
        roles=ADMINISTRATORS,
        summary="Replace the form for tickets filed from now on",
        body=ReplaceForm,
        response=FormView,
        problems=(404, 409, 422),
    )
    async def replace(request: Request[ReplaceForm, NoQuery]) -> FormView:
        kind, body = _kind(request.path["kind"]), request.body
        return await service.replace(kind, body, body.version, Actor.of(request.actor))


def _kind(name: str) -> TicketKind:
    try:
        return TicketKind(name)
    except ValueError as error:
        raise NoSuchForm(f"there is no kind of ticket {name}") from error
