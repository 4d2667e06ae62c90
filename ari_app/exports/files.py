"""Files of lists, written page by page."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from crm.customers.importing.text_cell import guarded
from crm.reports import sheet

CSV, XLSX = "csv", "xlsx"
TYPES = {CSV: "text/csv", XLSX: sheet.TYPE}


class ListFile(Protocol):
    """File that a list is written into."""

    def append(self, rows: Iterable[Sequence[sheet.Cell]]) -> None:
        """Write rows."""

    def close(self) -> None:
        """Finish the file."""


def begun(form: str, path: Path, title: str, headings: Sequence[str]) -> ListFile:
    """Begin a file with its headings."""
    return _Csv(path, headings) if form == CSV else _Spreadsheet(path, title, headings)


class _Csv:
    def __init__(self, path: Path, headings: Sequence[str]) -> None:
        # Without the mark at its begin a spreadsheet reads Chinese names in the wrong character set.
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(headings)

    def append(self, rows: Iterable[Sequence[sheet.Cell]]) -> None:
        self._writer.writerows([_plain(cell) for cell in row] for row in rows)

    def close(self) -> None:
        self._file.close()


class _Spreadsheet:
    def __init__(self, path: Path, title: str, headings: Sequence[str]) -> None:
        self._path = path
        self._book = sheet.Sheet()
        self._book.begin(title, headings)

    def append(self, rows: Iterable[Sequence[sheet.Cell]]) -> None:
        self._book.append(rows)

    def close(self) -> None:
        self._book.save(self._path)


def _plain(cell: sheet.Cell) -> str | int | float:
    value, form = cell
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if form == sheet.DURATION and isinstance(value, float):
        return str(timedelta(seconds=round(value * sheet.MS_OF_DAY / 1000)))
    return guarded(value) if isinstance(value, str) else "" if value is None else value
