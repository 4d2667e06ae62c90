"""Route of the audit log."""

from crm.audit.model import AuditEntryView, AuditQuery
from crm.audit.service import AuditService
from foundation.routes import ADMINISTRATORS, Request, Routes


def routes(service: AuditService) -> Routes:
    """Declare the route of the audit log."""
    table = Routes("audit")

    @table.add(
        "GET",
        "/audit-log",
        roles=ADMINISTRATORS,
        summary="List changes of accounts, departments, causes, policies and recipients, and exports, newest first",
        query=AuditQuery,
        response=list[AuditEntryView],
        problems=(404, 422),
    )
    async def listed(request: Request[None, AuditQuery]) -> list[AuditEntryView]:
        return await service.listed(request.query)

    return table
