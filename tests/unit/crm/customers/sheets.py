"""Workbooks as programs other than this one write them."""

import io
import re
import zipfile
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook

HEADINGS = ["户号", "姓名", "电话", "欠费(元)"]
SHEET = "xl/worksheets/sheet1.xml"


def workbook(
    rows: Sequence[Sequence[Any]],
    *,
    formats: dict[str, str] | None = None,
    sheets: Sequence[Sequence[Sequence[Any]]] = (),
) -> bytes:
    """Return a workbook with rows on its first sheet, and further sheets."""
    book = Workbook()
    for number, lines in enumerate([rows, *sheets]):
        sheet = book.active if number == 0 else book.create_sheet()
        assert sheet is not None
        for line in lines:
            sheet.append(list(line))
    for cell, code in (formats or {}).items():
        book.worksheets[0][cell].number_format = code
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def edited(content: bytes, old: bytes, new: bytes, member: str = SHEET) -> bytes:
    """Return a workbook in which a pattern of one member is replaced."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            data = before.read(name)
            after.writestr(name, re.sub(old, lambda _: new, data) if name == member else data)
    return written.getvalue()


def with_shared_string(content: bytes, cell: str, item: str) -> bytes:
    """Return a workbook with one shared string, named by a text cell."""
    relationship = (
        '<Relationship Id="shared" Target="sharedStrings.xml"'
        ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"/></Relationships>'
    )
    content = edited(content, rb"</Relationships>", relationship.encode(), "xl/_rels/workbook.xml.rels")
    pattern = rf'<c r="{cell}"[^>]*>.*?</c>'.encode()
    content = edited(content, pattern, f'<c r="{cell}" t="s"><v>0</v></c>'.encode())
    written = io.BytesIO(content)
    with zipfile.ZipFile(written, "a") as archive:
        namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{namespace}">{item}</sst>')
    return written.getvalue()
