"""Routes of one report: as JSON, CSV and spreadsheet."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

from crm.reports.model import Language
from crm.reports.table import AnyReport, ReportTable, as_csv, as_sheet
from foundation.reader import reading
from foundation.routes import LEADERS, Download, Page, Request, Role, Routes

Query = TypeVar("Query", bound=BaseModel)
Made = TypeVar("Made", bound=AnyReport)

READERS = LEADERS | {Role.QUALITY}


@dataclass(frozen=True)
class Report(Generic[Query, Made]):
    """Report of the API: as JSON, CSV and spreadsheet."""

    path: str
    table: ReportTable
    summary: str
    query: type[Query]
    sheet_query: type[Query]
    response: type[Made]
    make: Callable[[Query], Awaitable[Made]]


def add_report(table: Routes, report: Report[Query, Made]) -> None:
    """Declare the three routes of a report."""

    @table.add("GET", report.path, roles=READERS, summary=report.summary, query=report.query, response=report.response)
    async def as_json(request: Request[None, Query]) -> Made:
        return await report.make(request.query)

    @table.add(
        "GET",
        f"{report.path}.csv",
        roles=READERS,
        summary=f"Return the report of {report.table.of} as CSV",
        query=report.sheet_query,
        response=Page,
    )
    async def as_text(request: Request[None, Query]) -> Page:
        language: Language = getattr(request.query, "language", "zh")
        with reading(language):
            made = await report.make(request.query)
        return as_csv(report.table, made, None if getattr(request.query, "codes", False) else language)

    @table.add(
        "GET",
        f"{report.path}.xlsx",
        roles=READERS,
        summary=f"Return the report of {report.table.of} as a spreadsheet",
        query=report.sheet_query,
        response=Download,
    )
    async def as_book(request: Request[None, Query]) -> Download:
        language: Language = getattr(request.query, "language", "zh")
        with reading(language):
            made = await report.make(request.query)
        return await asyncio.to_thread(as_sheet, report.table, made, language)
