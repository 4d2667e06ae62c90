"""CSV and XLSX files, row by row, in bounded memory (S13)."""

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from crm.customers.importing.errors import NotReadable
from crm.customers.importing.text_cell import LONGEST_CELL, MOST_COLUMNS, readable
from crm.customers.importing.workbook import workbook_rows

LONGEST_LINE = 64 * 1024
LINES_OF_A_ROW = 4100
"""Notes may be nothing but line breaks."""
SAMPLE_BYTES = 256 * 1024
"""Of a file, to tell two encodings apart."""
FEWEST_COMMON = 0.9
"""Share of a GB18030 text's characters that are in GB 2312."""

_WORKBOOK = b"PK\x03\x04"
_OTHER_KINDS = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an .xls workbook, or one with a password: save it as .xlsx without one",
    b"%PDF": "a PDF",
    b"{\\rtf": "an RTF text",
    b"\x1f\x8b": "a .gz archive: unpack it",
    b"Rar!": "a .rar archive: unpack it",
    b"7z\xbc\xaf\x27\x1c": "a .7z archive: unpack it",
    b"<": "a web page or XML, whatever its name ends in: save it as .xlsx",
}
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DELIMITERS = "\t;"
NO_TEXT = "must be text in UTF-8, UTF-16 or GB18030"
BIG5 = "must be text in UTF-8, UTF-16 or GB18030; this file seems to be Big5: save it as UTF-8"


def rows(path: Path) -> Iterator[list[str]]:
    """Return every row, the headings first.

    Raises:
        NotReadable: no CSV or XLSX, or larger in some direction than a list of customers.
    """
    with path.open("rb") as file:
        beginning = file.read(16)
    if beginning.startswith(_WORKBOOK):
        return workbook_rows(path)
    text = beginning.removeprefix(codecs.BOM_UTF8).lstrip()
    for mark, kind in _OTHER_KINDS.items():
        if text.startswith(mark):
            raise NotReadable(0, f"must be CSV or .xlsx; this is {kind}")
    return _csv(path)


def _csv(path: Path) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_CELL)
    encoding, row = _encoding(path), 0
    with path.open(encoding=encoding, newline="") as file:
        try:
            delimiter = _delimiter(file.readline(LONGEST_LINE))
            file.seek(0)
            lines = _CsvLines(file)
            for cells in csv.reader(lines, delimiter=delimiter):
                row += 1
                lines.of_row = 0
                while cells and not cells[-1].strip():
                    cells.pop()
                if len(cells) > MOST_COLUMNS:
                    raise NotReadable(row, f"must have at most {MOST_COLUMNS} columns")
                yield [readable(cell) for cell in cells]
        except csv.Error as error:
            raise NotReadable(row + 1, f"must be CSV: {error}") from error
        except UnicodeError as error:
            raise NotReadable(row + 1, NO_TEXT) from error


class _CsvLines:
    """Lines of a text file, bounded in length and within quotation marks."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.of_row = 0

    def __iter__(self) -> "_CsvLines":
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


def _delimiter(headings: str) -> str:
    """Return the delimiter of a file: comma, else tab or semicolon."""
    if "," in headings:
        return ","
    return next((one for one in _DELIMITERS if one in headings), ",")


def _encoding(path: Path) -> str:
    """Return the encoding of a text file.

    Raises:
        NotReadable: it is Big5, which reads as GB18030 without an error and with other characters.
    """
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    if sample.startswith(_UTF_16):
        return "utf-16"
    try:
        with path.open(encoding="utf-8-sig") as file:
            while file.read(1024 * 1024):
                pass
    except UnicodeDecodeError:
        if _is_big5(sample[: sample.rfind(b"\n") + 1] or sample):
            raise NotReadable(0, BIG5) from None
        return "gb18030"
    return "utf-8-sig"


def _is_big5(text: bytes) -> bool:
    """Return whether a text is Big5 rather than GB18030."""
    try:
        text.decode("cp950")
    except UnicodeDecodeError:
        return False
    pairs = gb_2312 = big5 = place = 0
    while place < len(text) - 1:
        lead, trail = text[place], text[place + 1]
        if lead < 0x81:
            place += 1
            continue
        place += 2
        pairs += 1
        gb_2312 += trail >= 0xA1 and (0xB0 <= lead <= 0xF7 or lead <= 0xA3)
        big5 += 0xA1 <= lead <= 0xC6
    return gb_2312 < FEWEST_COMMON * pairs and big5 > gb_2312
