"""Use case of the matrix of matters and channels."""

from crm.kinds import TicketKind
from crm.reports.matrix.model import Matrix, MatrixCell, MatrixQuery, Served
from crm.reports.model import TicketLine, TicketQuery
from crm.reports.service import ReportService
from crm.tickets.model import Channel

CHANNELS = [channel for channel in Channel if channel is not Channel.SURVEY]
"""A survey is no way to the hotline."""


class MatrixService:
    """Matrix of kinds and channels, from the configuration and from tickets."""

    def __init__(self, reports: ReportService, served: Served) -> None:
        self._reports = reports
        self._served = served

    async def matrix(self, query: MatrixQuery) -> Matrix:
        """Return every kind on every channel."""
        report = await self._reports.tickets(
            TicketQuery(since=query.since, until=query.until, by="whole", group="kind_and_channel")
        )
        lines = {line.key: line for line in report.lines}
        served = self._served()
        return Matrix(
            since=query.since,
            until=query.until,
            channels=CHANNELS,
            kinds=list(TicketKind),
            cells=[
                _cell(kind, channel, [*served.get((kind, channel), ())], lines.get(f"{kind}/{channel}"))
                for kind in TicketKind
                for channel in CHANNELS
            ],
        )


def _cell(kind: TicketKind, channel: Channel, served_by: list[str], line: TicketLine | None) -> MatrixCell:
    return MatrixCell(
        kind=kind,
        channel=channel,
        served_by=served_by,
        gap=not served_by,
        registered=line.registered if line is not None else 0,
        first_contact_share=line.first_contact_share if line is not None else None,
        satisfaction=line.satisfaction if line is not None else None,
        rated=line.rated if line is not None else 0,
        since=line.since if line is not None else None,
        until=line.until if line is not None else None,
    )
