"""Route of the standards of the configuration."""

from collections.abc import Callable

from crm.reports.configured.model import ConfiguredVerdict
from crm.reports.report_routes import READERS
from foundation.routes import NoQuery, Request, Routes


def routes(judged: Callable[[], list[ConfiguredVerdict]]) -> Routes:
    """Declare the route."""
    table = Routes("configured-standards")

    @table.add(
        "GET",
        "/reports/configured-standards",
        roles=READERS,
        summary="Judge the flows and queues by the standards for hotlines, with the evidence",
        response=list[ConfiguredVerdict],
    )
    async def verdicts(_request: Request[None, NoQuery]) -> list[ConfiguredVerdict]:
        return judged()

    return table
