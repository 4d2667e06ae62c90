"""Spreadsheets without formulas (S13)."""

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from foundation.routes import Download

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DURATION, SHARE, MOMENT = "[h]:mm:ss", "0.0%", "yyyy-mm-dd hh:mm"
"""Formats of cells."""
MS_OF_DAY = 86_400_000

Cell = tuple[str | int | float | datetime | None, str]
"""Value, and its format or nothing."""


class Sheet:
    """Spreadsheet with one page per table."""

    def __init__(self) -> None:
        self._book = Workbook(write_only=True)
        self._page: Any = None

    def add(self, title: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        """Add a table as a page."""
        self.begin(title, headings)
        self.append(rows)

    def begin(self, title: str, headings: Sequence[str]) -> None:
        """Begin a page."""
        self._page = page = self._book.create_sheet(title)
        page.freeze_panes = "A2"
        for column, heading in enumerate(headings, start=1):
            # A Chinese character is twice as wide as a digit.
            width = sum(1 + (not one.isascii()) for one in heading)
            page.column_dimensions[get_column_letter(column)].width = 4 + width
        page.append([_cell(page, (heading, ""), bold=True) for heading in headings])

    def append(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Append rows to the page that was begun last."""
        for row in rows:
            self._page.append([_cell(self._page, one) for one in row])

    def save(self, path: Path) -> None:
        """Write the spreadsheet into a file."""
        self._book.save(path)

    def download(self, name: str) -> Download:
        """Return the spreadsheet as a file."""
        content = io.BytesIO()
        self._book.save(content)
        return Download(content.getvalue(), TYPE, name)


def share(percent: float | None) -> Cell:
    """Return a cell of a percentage; empty without a base."""
    return (None, "") if percent is None else (percent / 100, SHARE)


def duration(ms: float | None) -> Cell:
    """Return a cell of a length of time."""
    return (None, "") if ms is None else (ms / MS_OF_DAY, DURATION)


def _cell(page: Any, given: Cell, *, bold: bool = False) -> WriteOnlyCell:
    value, form = given
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("", value)
    cell = WriteOnlyCell(page, value)
    if isinstance(value, str):
        # Text stays text: openpyxl makes a formula of what begins with an equals sign.
        cell.data_type = "s"
    if form:
        cell.number_format = form
    if bold:
        cell.font = Font(bold=True)
    return cell
