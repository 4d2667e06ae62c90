"""Routes of imports and of the export."""

from crm.customers.importing.export import ExportService
from crm.customers.importing.model import ImportView
from crm.customers.importing.service import ImportService
from foundation.routes import LEADERS, File, NoQuery, Request, Routes, Upload

MOST_BYTES = 512 * 1024**2


def routes(service: ImportService, export: ExportService) -> Routes:
    """Return the routes of imports and of the export."""
    table = Routes("customers")

    @table.add(
        "POST",
        "/customer-imports",
        roles=LEADERS,
        summary="Upload a CSV or XLSX file of customers; it is read and checked, and nothing is applied yet",
        upload_bytes=MOST_BYTES,
        response=ImportView,
        status=202,
    )
    async def begin_import(request: Request[Upload, NoQuery]) -> ImportView:
        return await service.begin(request.body.path, request.actor)

    @table.add(
        "GET",
        "/customer-imports",
        roles=LEADERS,
        summary="Return the latest imports, newest first",
        response=list[ImportView],
    )
    async def imports(_: Request[None, NoQuery]) -> list[ImportView]:
        return await service.listed()

    @table.add(
        "GET",
        "/customer-imports/{import_id}",
        roles=LEADERS,
        summary="Return an import: progress, effect, first rows, and errors by row, column and rule",
        response=ImportView,
        problems=(404,),
    )
    async def get_import(request: Request[None, NoQuery]) -> ImportView:
        return await service.get(request.path["import_id"])

    @table.add(
        "POST",
        "/customer-imports/{import_id}/apply",
        roles=LEADERS,
        summary="Create and update the customers of a file without errors; every row is checked before the first",
        response=ImportView,
        problems=(404, 409),
    )
    async def apply_import(request: Request[None, NoQuery]) -> ImportView:
        return await service.apply(request.path["import_id"], request.actor)

    @table.add(
        "POST",
        "/customer-imports/{import_id}/cancel",
        roles=LEADERS,
        summary="Give up an import that is read or waits to be applied; nothing of it is stored",
        response=ImportView,
        problems=(404, 409),
    )
    async def cancel_import(request: Request[None, NoQuery]) -> ImportView:
        return await service.cancel(request.path["import_id"])

    @table.add(
        "GET",
        "/customer-export",
        roles=LEADERS,
        summary="Export all customers as CSV, as far as the role sees them",
        response=File,
    )
    async def export_customers(request: Request[None, NoQuery]) -> File:
        return await export.everybody(request.actor)

    return table
