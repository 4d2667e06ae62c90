"""Use cases of the reports of missed people and of calls back."""

from collections.abc import Sequence
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from ari_app.missed.reports.call_backs import call_back_lines
from ari_app.missed.reports.model import (
    CallBackLine,
    CallBackQuery,
    CallBackReport,
    RescueLine,
    RescueQuery,
    RescueReport,
)
from ari_app.missed.reports.rescue import rescue_lines
from crm.reports.buckets import buckets
from crm.reports.errors import TooManyLines
from crm.reports.model import MOST_LINES, Bucket, Line, ReportQuery
from foundation.database import Database

LineType = TypeVar("LineType", bound=Line)


class MissedReports:
    """Figures of missed people and of calls back, from stored facts."""

    def __init__(self, database: Database, time_zone: str) -> None:
        self._database = database
        self._zone = ZoneInfo(time_zone)

    async def call_backs(self, query: CallBackQuery) -> CallBackReport:
        """Return the figures of calls back.

        Raises:
            TooManyLines: one response does not hold them.
        """
        times = self._times(query)
        rows = await self._database.look_up(lambda connection: call_back_lines(connection, times, query.group))
        return CallBackReport(
            since=query.since,
            until=query.until,
            time_zone=self._zone.key,
            times=times,
            lines=_lines(CallBackLine, times, rows),
        )

    async def rescue(self, query: RescueQuery) -> RescueReport:
        """Return the figures of missed people.

        Raises:
            TooManyLines: one response does not hold them.
        """
        times = self._times(query)
        rows = await self._database.look_up(lambda connection: rescue_lines(connection, times, query.group))
        return RescueReport(
            since=query.since,
            until=query.until,
            time_zone=self._zone.key,
            times=times,
            lines=_lines(RescueLine, times, rows),
        )

    def _times(self, query: ReportQuery) -> list[Bucket]:
        return buckets(query.since, query.until, query.by, self._zone)


def _lines(kind: type[LineType], times: Sequence[Bucket], rows: Sequence[dict[str, Any]]) -> list[LineType]:
    if len(rows) > MOST_LINES:
        raise TooManyLines(MOST_LINES)
    return [kind(**row, **vars(times[row["bucket"]]), name=row["key"]) for row in rows]
