"""Routes for customers, without signing in."""

from crm.selfservice.errors import KeyNeeded
from crm.selfservice.model import OfferedCategory, OfferedForm, Progress, ProgressQuery, Receipt, WebReport
from crm.selfservice.service import SelfService
from foundation.problems import FieldProblem
from foundation.routes import PUBLIC, NoQuery, Request, Routes


def routes(service: SelfService) -> Routes:
    """Return the public routes."""
    table = Routes("self-service", prefix="/api/v1/public")
    _offers(table, service)

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
        if request.idempotency_key is None:
            rule = "must be sent with the form, a new one for each report, such as a UUID"
            raise KeyNeeded("Send an Idempotency-Key.", [FieldProblem(field="Idempotency-Key", rule=rule)])
        return await service.report(request.body, request.idempotency_key, request.address)

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


def _offers(table: Routes, service: SelfService) -> None:
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
