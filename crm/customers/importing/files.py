"""CSV and XLSX, row by row, in bounded memory whatever is in them (S13)."""

import csv
import re
import zipfile
from collections.abc import Iterator, Sequence
from itertools import repeat
from pathlib import Path
from typing import TextIO

from openpyxl import Workbook, load_workbook
from openpyxl.cell.read_only import ReadOnlyCell

MOST_COLUMNS = 50
LONGEST_LINE = 64 * 1024
LINES_OF_A_ROW = 4100
"""Notes may be nothing but line breaks."""
LONGEST_CELL = 8 * 1024
UNPACKED_BYTES = 1024**3
SHARED_BYTES = 64 * 1024**2
"""What a workbook keeps in memory: the texts its cells share."""


UNSAVED_FORMULA = "\0formula"
"""Stands for a formula whose value the file does not hold: nobody can say what the cell shows."""
_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")


class NotReadable(Exception):
    """The file is not what it should be; says in which row, and what it must be."""

    def __init__(self, row: int, rule: str) -> None:
        super().__init__(rule)
        self.row = row
        self.rule = rule


def rows(path: Path) -> Iterator[list[str]]:
    """Every row, the headings first.

    Raises:
        NotReadable: no CSV or XLSX, or larger in some direction than any list of customers.
    """
    with path.open("rb") as file:
        is_workbook = file.read(4) == b"PK\x03\x04"
    return _workbook(path) if is_workbook else _csv(path)


def _csv(path: Path) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_CELL)
    row = 0
    with path.open(encoding=_encoding(path), newline="") as file:
        lines = _Lines(file)
        try:
            for cells in csv.reader(lines):
                row += 1
                lines.of_row = 0
                if len(cells) > MOST_COLUMNS:
                    raise NotReadable(row, f"must have at most {MOST_COLUMNS} columns")
                yield cells
        except csv.Error as error:
            raise NotReadable(row + 1, f"must be CSV: {error}") from error
        except UnicodeDecodeError as error:
            raise NotReadable(row + 1, "must be text in UTF-8 or GB18030") from error


class _Lines:
    """The lines of a file, none longer than bearable, and none that go on for ever within quotation marks."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.of_row = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._file.readline(LONGEST_LINE + 1)
        if not line:
            raise StopIteration
        self.of_row += 1
        if len(line) > LONGEST_LINE:
            raise csv.Error(f"a line must be at most {LONGEST_LINE} characters long")
        if self.of_row > LINES_OF_A_ROW:
            raise csv.Error("a quotation mark is not closed")
        return line


def _encoding(path: Path) -> str:
    """UTF-8, or what spreadsheets in China still write."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            while file.read(1024 * 1024):
                pass
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


def _workbook(path: Path) -> Iterator[list[str]]:
    _check_size(path)
    for row, cells in enumerate(_sheet(path), start=1):
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > MOST_COLUMNS:
            raise NotReadable(row, f"must have at most {MOST_COLUMNS} columns")
        yield cells


def _sheet(path: Path) -> Iterator[list[str]]:
    row = 0
    try:
        # By the open file: by its path openpyxl would judge its name.
        with path.open("rb") as file:
            workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            for cells, formulas in zip(_cells(workbook), _formulas(path), strict=False):
                row += 1
                yield [_shown(cell, place in formulas) for place, cell in enumerate(cells)]
            workbook.close()
    except Exception as error:  # whatever a made-up file makes of a parser
        raise NotReadable(row + 1, "must be a workbook as spreadsheets write it") from error


def _cells(workbook: Workbook) -> Iterator[Sequence[ReadOnlyCell]]:
    yield from workbook.worksheets[0].iter_rows(max_col=MOST_COLUMNS + 1)


def _formulas(path: Path) -> Iterator[set[int]]:
    """In which places each row has formulas: a workbook is read for its values or for its formulas, not for both."""
    if not _has_formulas(path):
        yield from repeat(set())
        return
    with path.open("rb") as file:
        workbook = load_workbook(file, read_only=True, keep_links=False)
        for cells in _cells(workbook):
            yield {place for place, cell in enumerate(cells) if cell.data_type == "f"}
        workbook.close()


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            if member.startswith("xl/worksheets/"):
                with archive.open(member) as sheet:
                    before = b""
                    while part := sheet.read(1024 * 1024):
                        if _FORMULA.search(before + part):
                            return True
                        before = part[-40:]
    return False


def _check_size(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise NotReadable(0, "must be a workbook as spreadsheets write it") from error
    if len(members) > 1000 or sum(member.file_size for member in members) > UNPACKED_BYTES:
        raise NotReadable(0, f"must be at most {UNPACKED_BYTES // 1024**2} MB unpacked; save it as CSV")
    if any(member.file_size > SHARED_BYTES for member in members if "sharedStrings" in member.filename):
        raise NotReadable(0, f"must share at most {SHARED_BYTES // 1024**2} MB of text; save it as CSV")


def _shown(cell: ReadOnlyCell, is_formula: bool) -> str:
    if cell.value is not None:
        return _text(cell.value)
    # A value that is an empty text was saved as one.
    return UNSAVED_FORMULA if is_formula and cell.data_type != "str" else ""


def _text(value: object) -> str:
    """A cell as somebody would have typed it: a telephone number is a number to a spreadsheet."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
