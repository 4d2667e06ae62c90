"""Routes for customers: nobody is signed in."""

from crm.selfservice.errors import KeyNeeded
from crm.selfservice.model import Progress, ProgressQuery, Receipt, WebReport
from crm.selfservice.service import SelfService
from foundation.problems import FieldProblem
from foundation.routes import PUBLIC, NoQuery, Request, Routes


def routes(service: SelfService) -> Routes:
    """What everybody may do."""
    table = Routes("self-service", prefix="/api/v1/public")

    @table.add(
        "POST",
        "/reports",
        roles=PUBLIC,
        summary="Report something by a web form; needs an Idempotency-Key",
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
        summary="How far a ticket is, for who knows its number and the last four digits of the account or telephone",
        body=ProgressQuery,
        response=Progress,
        problems=(404, 422, 429, 503),
    )
    async def progress(request: Request[ProgressQuery, NoQuery]) -> Progress:
        return await service.progress(request.body.number, request.body.check, request.address)

    return table
