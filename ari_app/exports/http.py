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
from ari_app.exports.lists import LISTS, ExportedList
from ari_app.web.labels import Labels
from crm.audit.service import AuditService
from crm.personal_data.masking import mask_numbers_in
from crm.personal_data.serializer import masked
from foundation.clock import utc_now
from foundation.problems import FieldProblem, Invalid
from foundation.reader import Language, reading
from foundation.routes import LEADERS, File, Request, Role, Route, Routes

EXPORTERS = LEADERS | {Role.QUALITY, Role.DEPARTMENT}
"""Of the roles that see a list, those that may take it away."""
MOST_ROWS = 200_000
AT_ONCE = 500
_OF_PAGE = {"after", "limit"}

Names = Callable[[Language], Awaitable[Mapping[str, str]]]
"""Returns the names of staff, departments, causes and queues by their ids."""


class Exporting:
    """Writes lists into files.

    The folder holds the latest one of each person.
    """

    def __init__(self, labels: Labels, zone: ZoneInfo, folder: Path, audit: AuditService, names: Names) -> None:
        self._labels = labels
        self._zone = zone
        self._folder = folder
        self._audit = audit
        self._names = names

    def routes(self, tables: Iterable[Routes]) -> Routes:
        """Declare two routes for each list among the tables."""
        made = Routes("exports")
        for table in tables:
            for route in table.table:
                exported = LISTS.get(route.path.removeprefix(made.prefix))
                if exported is not None and route.method == "GET":
                    made.table += [self._route(route, exported, form) for form in (CSV, XLSX)]
        return made

    def _route(self, route: Route, exported: ExportedList, form: str) -> Route:
        name = name_of(route.path)

        async def export(request: Request[None, Any]) -> File:
            with reading(request.query.language):
                return await self._written(route, name, exported, form, request)

        query: type[BaseModel] = create_model(
            f"{name.title().replace('-', '')}Export",
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
            summary=f"Return a list as {kind}, as far as the role sees it: {exported.en.lower()}",
            query=query,
            response=File,
            problems=tuple(sorted({*route.problems, 422})),
            revalidated=False,
        )

    async def _written(
        self, route: Route, name: str, exported: ExportedList, form: str, request: Request[None, Any]
    ) -> File:
        by, language = request.actor, cast("Language", request.query.language)
        wording = Wording(self._labels, self._zone, language, await self._names(language))
        path = self._folder / f"{by.staff_id}-{name}.{form}"
        draft = path.with_name(f"{path.name}.{id(request)}.part")
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        headings = [wording.heading(column) for column in exported.columns]
        file = await asyncio.to_thread(begun, form, draft, exported.title(language), headings)
        rows = 0
        try:
            try:
                async for page in _pages(route, exported, request):
                    rows += len(page)
                    _must_fit(rows)
                    seen = masked(page, by.role)
                    cells = [
                        [wording.cell(column, exported.value(row, column)) for column in exported.columns]
                        for row in seen
                    ]
                    await asyncio.to_thread(file.append, cells)
            finally:
                await asyncio.to_thread(file.close)
            await self._audit.exported(name, {**_filters(request.query), "format": form}, rows)
            await asyncio.to_thread(draft.replace, path)
        finally:
            await asyncio.to_thread(draft.unlink, missing_ok=True)
        return File(path, TYPES[form], f"{name}-{utc_now().astimezone(self._zone):%Y%m%d-%H%M}.{form}")


def name_of(path: str) -> str:
    """Return the name of a list: the last part of its path."""
    return path.rpartition("/")[2]


def _must_fit(rows: int) -> None:
    if rows > MOST_ROWS:
        rule = f"must leave at most {MOST_ROWS} rows for a file: narrow the filters, such as the dates"
        raise Invalid("The list is too long for a file.", [FieldProblem(field="query", rule=rule)])


async def _pages(route: Route, exported: ExportedList, request: Request[None, Any]) -> Any:
    """Yield the rows of a list, in pages where it has some."""
    fields = set(route.query.model_fields)
    has_pages, has_limit = fields >= _OF_PAGE, "limit" in fields
    limit = {"limit": AT_ONCE if has_pages else MOST_ROWS + 1} if has_limit else {}
    # The list knows its own query, not that of the file.
    asked = {name: getattr(request.query, name) for name in fields}
    query = route.query.model_construct(**{**asked, **limit})
    while page := exported.rows(await route.handler(replace(request, query=query))):
        yield page
        if not has_pages or len(page) < AT_ONCE:
            return
        query = query.model_copy(update=exported.next_page(page[-1]))


def _filters(query: BaseModel) -> dict[str, Any]:
    """Return the filters that were set, without telephone numbers."""
    given = query.model_dump(mode="json", exclude_defaults=True, exclude=_OF_PAGE)
    return {name: mask_numbers_in(value) if isinstance(value, str) else value for name, value in given.items()}
