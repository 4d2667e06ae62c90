"""Routes for customers, without signing in."""

from crm.selfservice.errors import KeyNeeded
from crm.selfservice.files import ReportFiles
from crm.selfservice.model import (
    FileQuery,
    FileReceipt,
    KnownMatter,
    MatterQuery,
    OfferedCategory,
    OfferedForm,
    Progress,
    ProgressQuery,
    PublicHotline,
    PublicVisit,
    Receipt,
    VisitCancel,
    VisitMove,
    VisitQuery,
    WebReport,
)
from crm.selfservice.service import SelfService
from crm.selfservice.visits import PublicVisits
from crm.tickets.files.model import MOST_BYTES
from foundation.problems import FieldProblem
from foundation.routes import PUBLIC, NoQuery, Request, Routes, Upload


def routes(service: SelfService, files: ReportFiles, visits: PublicVisits) -> Routes:
    """Return the public routes."""
    table = Routes("self-service", prefix="/api/v1/public")
    _offers(table, service)
    _hints(table, service)
    _uploads(table, files)
    _visits(table, visits)

    @table.add(
        "POST",
        "/reports",
        roles=PUBLIC,
        summary="File a report of a web form; needs an Idempotency-Key",
        body=WebReport,
        response=Receipt,
        status=201,
        once=True,
        problems=(409, 422, 429, 503),
    )
    async def report(request: Request[WebReport, NoQuery]) -> Receipt:
        return await service.report(request.body, _key(request.idempotency_key), request.address)

    # The check is a secret: it goes in the body, for an address is written to logs and histories (S29).
    @table.add(
        "POST",
        "/progress",
        roles=PUBLIC,
        summary="Return the progress of a ticket by its number and four digits of account or telephone",
        body=ProgressQuery,
        response=Progress,
        problems=(404, 422, 429, 503),
    )
    async def progress(request: Request[ProgressQuery, NoQuery]) -> Progress:
        return await service.progress(request.body.number, request.body.check, request.address)

    return table


def _visits(table: Routes, visits: PublicVisits) -> None:
    """The secret goes in the body, as that of the progress does (S29)."""

    @table.add(
        "POST",
        "/visit",
        roles=PUBLIC,
        summary="Return the visit of a ticket and the windows to which its reporter can move it",
        body=VisitQuery,
        response=PublicVisit,
        problems=(404, 422, 429, 503),
    )
    async def offer(request: Request[VisitQuery, NoQuery]) -> PublicVisit:
        return await visits.offer(request.body, request.address)

    @table.add(
        "POST",
        "/visit/move",
        roles=PUBLIC,
        summary="Move the visit of a ticket to another window",
        body=VisitMove,
        response=PublicVisit,
        problems=(404, 409, 422, 429, 503),
    )
    async def move(request: Request[VisitMove, NoQuery]) -> PublicVisit:
        return await visits.move(request.body, request.address)

    @table.add(
        "POST",
        "/visit/cancel",
        roles=PUBLIC,
        summary="Cancel the visit of a ticket; its department can book it again",
        body=VisitCancel,
        response=PublicVisit,
        problems=(404, 409, 422, 429, 503),
    )
    async def cancel(request: Request[VisitCancel, NoQuery]) -> PublicVisit:
        return await visits.cancel(request.body, request.address)


def _key(given: str | None) -> str:
    if given is None:
        rule = "must be sent with the form, a new one for each report, such as a UUID"
        raise KeyNeeded("Send an Idempotency-Key.", [FieldProblem(field="Idempotency-Key", rule=rule)])
    return given


def _offers(table: Routes, service: SelfService) -> None:
    @table.add(
        "GET",
        "/hotline",
        roles=PUBLIC,
        summary="Return the number to dial",
        response=PublicHotline,
        problems=(429, 503),
    )
    async def hotline(request: Request[None, NoQuery]) -> PublicHotline:
        return await service.number_to_dial(request.address)

    @table.add(
        "GET",
        "/forms",
        roles=PUBLIC,
        summary="Return the form of each kind of report",
        response=list[OfferedForm],
        problems=(429, 503),
    )
    async def forms(request: Request[None, NoQuery]) -> list[OfferedForm]:
        return await service.forms(request.address)

    @table.add(
        "GET",
        "/categories",
        roles=PUBLIC,
        summary="Return the causes that a report may name",
        response=list[OfferedCategory],
        problems=(429, 503),
    )
    async def categories(request: Request[None, NoQuery]) -> list[OfferedCategory]:
        return await service.categories(request.address)


def _hints(table: Routes, service: SelfService) -> None:
    # An address is personal, and stays out of logs and histories: it goes in the body.
    @table.add(
        "POST",
        "/known-matters",
        roles=PUBLIC,
        summary="Tell whether many people of the area reported this cause lately",
        body=MatterQuery,
        response=KnownMatter,
        problems=(422, 429, 503),
    )
    async def known_matter(request: Request[MatterQuery, NoQuery]) -> KnownMatter:
        return await service.known_matter(request.body, request.address)


def _uploads(table: Routes, files: ReportFiles) -> None:
    @table.add(
        "POST",
        "/files",
        roles=PUBLIC,
        summary="Upload a photo or a PDF as the body; the report with this key names its id",
        query=FileQuery,
        upload_bytes=MOST_BYTES,
        response=FileReceipt,
        status=201,
        once=True,
        problems=(413, 422, 429, 503),
    )
    async def upload(request: Request[Upload, FileQuery]) -> FileReceipt:
        key = _key(request.idempotency_key)
        return await files.receive(request.body.path, request.query, key, request.address)
