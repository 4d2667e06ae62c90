"""The matrix as a part of scheduled reports."""

from zoneinfo import ZoneInfo

from crm.reports.buckets import buckets
from crm.reports.definitions.catalogue import DEFINITIONS
from crm.reports.matrix.model import Matrix, MatrixQuery
from crm.reports.matrix.service import MatrixService
from crm.reports.model import Bucket, Language, Line
from crm.reports.scheduled.content import MakeSection, Names, Section
from crm.reports.scheduled.timing import DueReport

FIGURES = ("registered", "first_contact_share", "satisfaction", "rated")
_TITLE = {"zh": "业务 × 渠道", "en": "Matters by channel"}
_GAP = {"zh": "无人受理", "en": "not served"}


class MatrixLine(Line):
    """Kind of matter on a channel."""

    registered: int
    first_contact_share: float | None
    satisfaction: float | None
    rated: int


def matrix_section(service: MatrixService, names: Names, zone: ZoneInfo) -> MakeSection:
    """Return the maker of the part: kinds on channels, and gaps."""

    async def make(due: DueReport, language: Language) -> Section:
        found = await service.matrix(MatrixQuery(since=due.since, until=due.until))
        figures = [one.model_copy(update={"usual": True}) for one in DEFINITIONS.tickets if one.name in FIGURES]
        return Section(
            _TITLE[language], figures, _lines(found, buckets(due.since, due.until, "whole", zone)[0], names, language)
        )

    return make


def _lines(found: Matrix, time: Bucket, names: Names, language: Language) -> list[MatrixLine]:
    lines = []
    for cell in found.cells:
        if cell.registered or cell.gap:
            kind = names("kind", cell.kind, language) or cell.kind
            channel = names("channel", cell.channel, language) or cell.channel
            gap = f" · {_GAP[language]}" if cell.gap else ""
            lines.append(
                MatrixLine(
                    since=time.since,
                    until=time.until,
                    key=f"{cell.kind}/{cell.channel}",
                    name=f"{kind} × {channel}{gap}",
                    registered=cell.registered,
                    first_contact_share=cell.first_contact_share,
                    satisfaction=cell.satisfaction,
                    rated=cell.rated,
                )
            )
    return lines
