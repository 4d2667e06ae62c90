"""XLSX workbooks, row by row, as the sheet shows them (S13).

A workbook is read as a stream by expat: nothing in it is believed that says how large it is, and no text is longer
than a cell may be. Source: ECMA-376-1, 18.3 (worksheets), 18.4 (shared strings), 18.8 (styles).
"""

import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat

from crm.customers.importing.errors import NotReadable
from crm.customers.importing.number_format import BUILT_IN, GENERAL, NOT_COVERED, NotShowable, shown
from crm.customers.importing.text_cell import ERROR_VALUE, LONGEST_CELL, MOST_COLUMNS, UNSAVED_FORMULA, Unreadable

UNPACKED_BYTES = 1024**3
MOST_PACKING = 200
"""Times that a member may grow when it is unpacked; sheets with text grow 10 to 50 times."""
SMALL_BYTES = 16 * 1024**2
"""A member of this size is read however much it grows."""
SHARED_BYTES = 128 * 1024**2
"""Memory for the texts that cells share."""
STRING_BYTES = 80
"""Memory of a short text beside its characters."""
MOST_SHEET_ROWS = 2_000_000
MOST_SHEET_COLUMNS = 16_384
CHUNK_BYTES = 64 * 1024

LONGEST_TOKEN = 4 * 1024**2
"""Bytes of a tag or comment, which the parser holds whole."""
NO_WORKBOOK = "must be a workbook as spreadsheets write it"

_RELATIONSHIP = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_REFERENCE = re.compile(r"([A-Z]{1,3})[0-9]+")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def workbook_rows(path: Path) -> Iterator[list[str]]:
    """Return every row of the only sheet that is filled.

    Raises:
        NotReadable: no workbook, larger than a list of customers, or with rows on two sheets.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive)
            yield from _rows(archive)
    except NotReadable:
        raise
    except (zipfile.BadZipFile, expat.ExpatError, KeyError, ValueError, EOFError, OSError, zlib.error) as error:
        raise NotReadable(0, NO_WORKBOOK) from error


def _rows(archive: zipfile.ZipFile) -> Iterator[list[str]]:
    parts = _Parts(archive)
    sheets = parts.visible_sheets()
    if not sheets:
        raise NotReadable(0, "must have a sheet that is not hidden")
    shared = parts.shared_strings()
    formats = parts.number_formats()
    filled = [sheet for sheet in sheets if any(map(any, _Sheet(archive, sheet, shared, formats).rows()))]
    if len(filled) > 1:
        raise NotReadable(0, "must have customers on one sheet only; save each sheet as a file of its own")
    yield from _Sheet(archive, filled[0] if filled else sheets[0], shared, formats).rows()


def _check_members(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    if len(members) > 1000 or sum(member.file_size for member in members) > UNPACKED_BYTES:
        raise NotReadable(0, f"must be at most {UNPACKED_BYTES // 1024**2} MB unpacked; save it as CSV")
    for member in members:
        if member.file_size > SMALL_BYTES and member.file_size > MOST_PACKING * member.compress_size:
            raise NotReadable(0, f"must not unpack to {member.file_size // 1024**2} MB from so little; save it as CSV")
    names = {member.filename for member in members}
    if "xl/workbook.xml" not in names:
        raise NotReadable(0, _named_otherwise(names))


def _named_otherwise(names: set[str]) -> str:
    if "xl/workbook.bin" in names:
        return "must be .xlsx or CSV; this is an .xlsb workbook"
    if "content.xml" in names:
        return "must be .xlsx or CSV; this is an .ods spreadsheet"
    if "word/document.xml" in names:
        return "must be .xlsx or CSV; this is a text document (.docx)"
    return NO_WORKBOOK


class _Stream:
    """One XML member, parsed piece by piece. Names come without their namespace."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive = archive
        self._name = name
        self._text: list[str] | None = None
        self._length = 0
        self.longest = LONGEST_CELL

    def parse(self, start: Callable[[str, dict[str, str]], None], end: Callable[[str], None]) -> Iterator[None]:
        """Call `start` and `end` for each element; pause after each chunk."""
        parser = expat.ParserCreate(namespace_separator="|")
        parser.buffer_text = True
        parser.StartElementHandler = lambda name, given: start(_local(name), given)
        parser.EndElementHandler = lambda name: end(_local(name))
        parser.CharacterDataHandler = self._add
        parser.StartDoctypeDeclHandler = _refuse_doctype
        with self._archive.open(self._name) as member:
            fed = 0
            while chunk := member.read(CHUNK_BYTES):
                parser.Parse(chunk, False)
                fed += len(chunk)
                if fed - parser.CurrentByteIndex > LONGEST_TOKEN:
                    raise NotReadable(0, NO_WORKBOOK)
                yield
            parser.Parse(b"", True)
        yield

    def begin_text(self) -> None:
        """Collect text from now on."""
        self._text, self._length = [], 0

    def text(self) -> str:
        """Return what was collected, and collect no more."""
        found, self._text = "".join(self._text or ()), None
        return found

    def _add(self, data: str) -> None:
        if self._text is None:
            return
        self._length += len(data)
        if self._length > self.longest:
            raise NotReadable(0, f"must have at most {LONGEST_CELL} characters in a cell")
        self._text.append(data)


class _Parts:
    """The members of a workbook beside its sheets."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._targets = self._relationships()

    def visible_sheets(self) -> list[str]:
        """Return the members of the visible worksheets, in their order."""
        found: list[str] = []

        def start(name: str, given: dict[str, str]) -> None:
            if name == "sheet" and given.get("state", "visible") == "visible":
                key = next(given[one] for one in (f"{_RELATIONSHIP}|id", f"{_STRICT}|id") if one in given)
                kind, target = self._targets[key]
                if kind == "worksheet":
                    found.append(target)

        self._read("xl/workbook.xml", start)
        return found

    def shared_strings(self) -> list[str]:
        """Return the texts that cells name by number, without phonetic readings."""
        name = next((target for kind, target in self._targets.values() if kind == "sharedStrings"), None)
        found: list[str] = []
        if name is None or name not in self._archive.namelist():
            return found
        stream = _Stream(self._archive, name)
        pieces: list[str] = []
        size, readings = 0, 0

        def start(tag: str, _: dict[str, str]) -> None:
            nonlocal readings
            readings += tag == "rPh"
            if tag == "t" and not readings:
                stream.begin_text()

        def end(tag: str) -> None:
            nonlocal readings, size
            readings -= tag == "rPh"
            if tag == "t" and not readings:
                pieces.append(stream.text())
            elif tag == "si":
                text = "".join(pieces)
                size += STRING_BYTES + len(text.encode("utf-32-le"))
                if size > SHARED_BYTES or len(text) > LONGEST_CELL:
                    raise NotReadable(0, f"must share at most {SHARED_BYTES // 1024**2} MB of text; save it as CSV")
                found.append(_unescaped(text))
                pieces.clear()

        for _ in stream.parse(start, end):
            pass
        return found

    def number_formats(self) -> list[str]:
        """Return the number format of each style; empty if not covered."""
        name = next((target for kind, target in self._targets.values() if kind == "styles"), None)
        codes, styles, within = dict(BUILT_IN), list[str](), list[str]()
        if name is None or name not in self._archive.namelist():
            return styles

        def start(tag: str, given: dict[str, str]) -> None:
            if tag == "numFmt" and within[-1:] == ["numFmts"]:
                codes[int(given["numFmtId"])] = given["formatCode"][:200]
            elif tag == "xf" and within[-1:] == ["cellXfs"]:
                styles.append(codes.get(int(given.get("numFmtId", "0")), ""))
            within.append(tag)

        self._read(name, start, lambda _: within.pop())
        return styles

    def _relationships(self) -> dict[str, tuple[str, str]]:
        found: dict[str, tuple[str, str]] = {}

        def start(name: str, given: dict[str, str]) -> None:
            if name == "Relationship" and given.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/xl", given["Target"])).lstrip("/")
                found[given["Id"]] = given["Type"].rpartition("/")[2], target

        self._read("xl/_rels/workbook.xml.rels", start)
        return found

    def _read(
        self, name: str, start: Callable[[str, dict[str, str]], None], end: Callable[[str], Any] = lambda _: None
    ) -> None:
        if self._archive.getinfo(name).file_size > SMALL_BYTES:
            raise NotReadable(0, NO_WORKBOOK)
        for _ in _Stream(self._archive, name).parse(start, end):
            pass


class _Sheet:
    """A worksheet's cells."""

    def __init__(self, archive: zipfile.ZipFile, name: str, shared: list[str], formats: list[str]) -> None:
        self._stream = _Stream(archive, name)
        self._shared = shared
        self._formats = formats
        self._complete: list[list[str]] = []
        self._row = 0
        self._cells: dict[int, str] = {}
        self._column = 0
        self._type = "n"
        self._style = 0
        self._value: str | None = None
        self._has_formula = False
        self._inline: list[str] = []
        self._readings = 0

    def rows(self) -> Iterator[list[str]]:
        """Return each row, empty ones included, up to its last cell."""
        given = 0
        try:
            for _ in self._stream.parse(self._start, self._end):
                for row in self._complete:
                    given += 1
                    yield row
                self._complete.clear()
        except NotReadable as error:
            raise NotReadable(error.row or max(self._row, given + 1), error.rule) from error
        except (expat.ExpatError, ValueError, IndexError, zipfile.BadZipFile, EOFError) as error:
            raise NotReadable(max(self._row, given + 1), NO_WORKBOOK) from error

    def _start(self, tag: str, given: dict[str, str]) -> None:
        if tag == "row":
            self._begin_row(int(given.get("r", self._row + 1)))
        elif tag == "c":
            self._begin_cell(given)
        elif tag == "f":
            self._has_formula = True
        elif tag == "rPh":
            self._readings += 1
        elif tag == "v" or (tag == "t" and not self._readings):
            self._stream.begin_text()

    def _end(self, tag: str) -> None:
        if tag == "v":
            self._value = self._stream.text()
        elif tag == "t" and not self._readings:
            self._inline.append(self._stream.text())
        elif tag == "rPh":
            self._readings -= 1
        elif tag == "c":
            self._end_cell()
        elif tag == "row":
            self._end_row()

    def _begin_row(self, row: int) -> None:
        if not self._row < row <= MOST_SHEET_ROWS:
            raise NotReadable(row, f"must follow the row before it; a sheet has at most {MOST_SHEET_ROWS} rows")
        self._complete.extend([] for _ in range(row - self._row - 1))
        self._row, self._column, self._cells = row, 0, {}

    def _begin_cell(self, given: dict[str, str]) -> None:
        reference = given.get("r")
        self._column = _column(reference) if reference is not None else self._column + 1
        self._type, self._style = given.get("t", "n"), int(given.get("s", "0"))
        self._value, self._has_formula, self._inline = None, False, []

    def _end_cell(self) -> None:
        if self._column > MOST_SHEET_COLUMNS or self._column in self._cells:
            raise NotReadable(self._row, "must have each cell once")
        text = self._shown()
        if not text:
            return
        if self._column > MOST_COLUMNS:
            raise NotReadable(self._row, f"must have at most {MOST_COLUMNS} columns")
        self._cells[self._column] = text

    def _end_row(self) -> None:
        last = max(self._cells, default=0)
        self._complete.append([self._cells.get(column, "") for column in range(1, last + 1)])

    def _shown(self) -> str:
        if self._type == "inlineStr":
            return _unescaped("".join(self._inline))[:LONGEST_CELL]
        if self._value is None or (self._value == "" and self._type != "str"):
            # A value that is an empty text was saved as one.
            return UNSAVED_FORMULA if self._has_formula and self._type != "str" else ""
        return self._typed(self._value)

    def _typed(self, value: str) -> str:
        match self._type:
            case "s":
                return self._shared[_not_negative(value)]
            case "str":
                return _unescaped(value)
            case "b":
                return "TRUE" if value == "1" else "FALSE"
            case "e":
                return ERROR_VALUE
            case "d":
                return Unreadable(NOT_COVERED)
            case _:
                return self._number(value)

    def _number(self, value: str) -> str:
        code = self._formats[self._style] if self._formats else GENERAL
        try:
            return shown(value, code)
        except NotShowable as error:
            return Unreadable(error.rule)
        except ArithmeticError as error:
            raise ValueError(value) from error


def _local(name: str) -> str:
    return name.rpartition("|")[2]


def _not_negative(value: str) -> int:
    if (number := int(value)) < 0:
        raise ValueError(value)
    return number


def _column(reference: str) -> int:
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise ValueError(reference)
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column


def _unescaped(text: str) -> str:
    """Return a text with its control characters, written as `_x000D_`."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _refuse_doctype(*_: object) -> None:
    raise NotReadable(0, NO_WORKBOOK)
