"""Route of the matrix."""

from crm.reports.matrix.model import Matrix, MatrixQuery
from crm.reports.matrix.service import MatrixService
from crm.reports.report_routes import READERS
from foundation.routes import Request, Routes


def routes(service: MatrixService) -> Routes:
    """Declare the route of the matrix."""
    table = Routes("matrix")

    @table.add(
        "GET",
        "/reports/matrix",
        roles=READERS,
        summary="Show what serves each kind of matter on each channel, its gaps, and how its tickets went",
        query=MatrixQuery,
        response=Matrix,
    )
    async def matrix(request: Request[None, MatrixQuery]) -> Matrix:
        return await service.matrix(request.query)

    return table
