"""Routes of merging customers."""

from crm.customers.merging.model import CustomerMergeView, Duplicate, MergeCustomers, MergePreview
from crm.customers.merging.service import CustomerMergeService
from foundation.routes import DESKS, LEADERS, NoQuery, Request, Routes


def routes(service: CustomerMergeService) -> Routes:
    """Duplicates, what merging them would do, merging, and undoing it."""
    table = Routes("customers")

    @table.add(
        "GET",
        "/duplicate-customers",
        roles=LEADERS,
        summary="Return customers who may be one person: same telephone, or same address and a similar name",
        response=list[Duplicate],
    )
    async def duplicates(_: Request[None, NoQuery]) -> list[Duplicate]:
        return await service.duplicates()

    @table.add(
        "GET",
        "/customers/{customer_id}/duplicates",
        roles=DESKS,
        summary="Return customers who may be the same person as a customer",
        response=list[Duplicate],
    )
    async def duplicates_of(request: Request[None, NoQuery]) -> list[Duplicate]:
        return await service.duplicates(request.path["customer_id"])

    @table.add(
        "POST",
        "/customer-merges/preview",
        roles=LEADERS,
        summary="Preview a merge of two customers: moved records, filled and conflicting fields",
        body=MergeCustomers,
        response=MergePreview,
        problems=(404, 409, 422),
    )
    async def preview(request: Request[MergeCustomers, NoQuery]) -> MergePreview:
        return await service.preview(request.body)

    @table.add(
        "POST",
        "/customer-merges",
        roles=LEADERS,
        summary="Merge two customers who are one person",
        body=MergeCustomers,
        response=CustomerMergeView,
        status=201,
        problems=(404, 409, 422),
    )
    async def merge(request: Request[MergeCustomers, NoQuery]) -> CustomerMergeView:
        return await service.merge(request.body, request.actor)

    @table.add(
        "POST",
        "/customer-merges/{merge_id}/undo",
        roles=LEADERS,
        summary="Undo a merge: both customers are as they were",
        response=CustomerMergeView,
        problems=(404, 409),
    )
    async def undo(request: Request[None, NoQuery]) -> CustomerMergeView:
        return await service.undo(request.path["merge_id"], request.actor)

    @table.add(
        "GET",
        "/customers/{customer_id}/merges",
        roles=DESKS,
        summary="Return every merge of a customer or into it, newest first",
        response=list[CustomerMergeView],
    )
    async def merges(request: Request[None, NoQuery]) -> list[CustomerMergeView]:
        return await service.of_customer(request.path["customer_id"])

    return table
