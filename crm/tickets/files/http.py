"""Routes of files of tickets."""

from typing import Any

from pydantic import BaseModel
from pydantic import Field as InputField

from crm.text import OneLine
from crm.tickets.errors import TicketNotFound
from crm.tickets.files.model import MOST_BYTES, FileView
from crm.tickets.files.service import FileService, Owner
from crm.tickets.queries import TicketReader
from foundation.routes import DESKS, EVERYONE, File, NoQuery, Request, Role, Routes, Upload

UPLOADERS = DESKS | {Role.DEPARTMENT, Role.QUALITY}


class UploadQuery(BaseModel, extra="forbid"):
    """Name of the file on the device that it comes from."""

    name: OneLine = InputField(default="", max_length=200)


def routes(service: FileService, tickets: TicketReader) -> Routes:
    """Declare the routes of files."""
    table = Routes("tickets")

    async def visible(request: Request[Any, Any]) -> str:
        ticket = await tickets.get(request.path["ticket_id"])
        if not await tickets.may_see(ticket, request.actor.role, request.actor.department_id):
            raise TicketNotFound(f"there is no ticket {ticket.id}")
        return ticket.id

    @table.add(
        "POST",
        "/tickets/{ticket_id}/files",
        roles=UPLOADERS,
        summary="Upload a photo or a PDF as the body; an action that names its id brings it to the ticket",
        query=UploadQuery,
        upload_bytes=MOST_BYTES,
        response=FileView,
        status=201,
        problems=(404, 413, 422, 503),
        once=True,
    )
    async def upload(request: Request[Upload, UploadQuery]) -> FileView:
        key = request.idempotency_key
        return await service.receive(
            request.body.path,
            request.query.name,
            Owner.of(request.actor),
            ticket_id=await visible(request),
            key=f"{request.actor.staff_id}:{key}" if key is not None else None,
        )

    @table.add(
        "GET",
        "/tickets/{ticket_id}/files/{file_id}",
        roles=EVERYONE,
        summary="Return the content of a file; an audit entry is stored",
        response=File,
        problems=(404,),
    )
    async def content(request: Request[None, NoQuery]) -> File:
        view, path = await service.content(await visible(request), request.path["file_id"], request.actor)
        return File(path, view.media_type, path.name)

    @table.add(
        "GET",
        "/tickets/{ticket_id}/files/{file_id}/thumbnail",
        roles=EVERYONE,
        summary="Return the small picture of a photo",
        response=File,
        problems=(404,),
    )
    async def thumbnail(request: Request[None, NoQuery]) -> File:
        path = await service.thumbnail(await visible(request), request.path["file_id"], request.actor)
        return File(path, "image/jpeg", path.name)

    return table
