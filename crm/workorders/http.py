"""Route of work orders."""

from crm.workorders.model import PrintQuery
from crm.workorders.page import STYLE, page
from crm.workorders.service import WorkOrderService
from foundation.reader import reading
from foundation.routes import Page, Request, Role, Routes

PRINTERS = frozenset({Role.AGENT, Role.DEPARTMENT, Role.SUPERVISOR, Role.ADMINISTRATOR})
"""Roles that work on tickets."""


def routes(service: WorkOrderService) -> Routes:
    """Declare the route of work orders."""
    table = Routes("work-orders")

    @table.add(
        "GET",
        "/tickets/{ticket_id}/work-order",
        roles=PRINTERS,
        summary="Return the work order as an A4 page with a QR code of the ticket's link",
        query=PrintQuery,
        response=Page,
        problems=(404, 422),
    )
    async def work_order(request: Request[None, PrintQuery]) -> Page:
        language = request.query.language
        with reading(language.value):
            order = await service.of(request.path["ticket_id"], language, request.actor)
        return Page(page(order), "text/html", style=STYLE)

    return table
