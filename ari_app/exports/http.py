"""Routes of lists as files: a CSV and a spreadsheet of each."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from pydantic import BaseModel, create_model

from ari_app.exports.columns import Wording
from ari_app.exports.files import CSV, TYPES, XLSX, begun
from ari_app.web.labels import Labels
from crm.audit.service import AuditService
from crm.personal_data.masking import mask_numbers_in
from crm.personal_data.serializer import masked
from crm.reports.model import Language
from foundation.clock import utc_now
from foundation.problems import FieldProblem, Invalid
from foundation.routes import LEADERS, Exported, File, Handler, Request, Role, Route, Routes

EXPORTERS = LEADERS | {Role.QUALITY, Role.DEPARTMENT}
"""Of the roles that see a list, those that may take it away."""
MOST_ROWS = 200_000
AT_ONCE = 500
_OF_PAGE = {"after", "limit"}

Names = Callable[[], Awaitable[Mapping[str, str]]]


class Exporting:
    """Writes lists into files.

    The folder holds the latest one of each person.
    """

    def __init__(self, labels: Labels, zone: ZoneInfo, folder: Path, audit: AuditService, staff: Names) -> None:
        self._labels = labels
        self._zone = zone
        self._folder = folder
        self._audit = audit
        self._staff = staff

    def routes(self, tables: Iterable[Routes]) -> Routes:
        """Declare two routes for each list among the tables."""
        made = Routes("exports")
        for table in tables:
            for route in table.table:
                if route.exported is not None:
                    made.table += [self._route(route, route.exported, form) for form in (CSV, XLSX)]
        return made

    def _route(self, route: Route, exported: Exported, form: str) -> Route:
        async def export(request: Request[None, Any]) -> File:
            return await self._written(route.handler, exported, form, request)

        query: type[BaseModel] = create_model(
            f"{exported.name.title().replace('-', '')}Export",
            __base__=route.query,
            __doc__="Filters of a list as a file.",
            language=(Language, "zh"),
        )
        kind = "CSV" if form == CSV else "a spreadsheet"
        return replace(
            route,
            path=f"{route.path}.{form}",
            handler=export,
            roles=route.roles & EXPORTERS,
            tag="exports",
            summary=f"Return the list of {exported.name.replace('-', ' ')} as {kind}, as far as the role sees it",
            query=query,
            response=File,
            problems=tuple(sorted({*route.problems, 422})),
            revalidated=False,
            exported=None,
        )

    async def _written(self, lister: Handler, exported: Exported, form: str, request: Request[None, Any]) -> File:
        by, language = request.actor, cast("Language", request.query.language)
        wording = Wording(self._labels, self._zone, language, await self._staff())
        path = self._folder / f"{by.staff_id}-{exported.name}.{form}"
        draft = path.with_name(f"{path.name}.{id(request)}.part")
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        headings = [wording.heading(column) for column in exported.columns]
        file = await asyncio.to_thread(begun, form, draft, wording.title(exported.name), headings)
        rows = 0
        try:
            try:
                async for page in _pages(lister, request):
                    rows += len(page)
                    _must_fit(rows)
                    seen = masked(page, by.role)
                    cells = [[wording.cell(name, getattr(row, name)) for name in exported.columns] for row in seen]
                    await asyncio.to_thread(file.append, cells)
            finally:
                await asyncio.to_thread(file.close)
            await self._audit.exported(exported.name, {**_filters(request.query), "format": form}, rows)
            await asyncio.to_thread(draft.replace, path)
        finally:
            await asyncio.to_thread(draft.unlink, missing_ok=True)
        return File(path, TYPES[form], f"{exported.name}-{utc_now().astimezone(self._zone):%Y%m%d-%H%M}.{form}")


def _must_fit(rows: int) -> None:
    if rows > MOST_ROWS:
        rule = f"must leave at most {MOST_ROWS} rows for a file: narrow the filters, such as the dates"
        raise Invalid("The list is too long for a file.", [FieldProblem(field="query", rule=rule)])


async def _pages(lister: Handler, request: Request[None, Any]) -> Any:
    """Yield the rows of a list, in pages where it has some."""
    has_pages = set(type(request.query).model_fields) >= _OF_PAGE
    query = request.query.model_copy(update={"limit": AT_ONCE}) if has_pages else request.query
    while page := await lister(replace(request, query=query)):
        yield page
        if not has_pages or len(page) < AT_ONCE:
            return
        query = query.model_copy(update={"after": page[-1].id})


def _filters(query: BaseModel) -> dict[str, Any]:
    """Return the filters that were set, without telephone numbers."""
    given = query.model_dump(mode="json", exclude_defaults=True, exclude=_OF_PAGE)
    return {name: mask_numbers_in(value) if isinstance(value, str) else value for name, value in given.items()}
