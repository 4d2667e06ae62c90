"""A workbook is read as its sheet shows it, or refused."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from crm.customers.importing.cells import CustomerRow, columns, parsed
from crm.customers.importing.errors import NotReadable
from crm.customers.importing.files import rows
from crm.customers.importing.text_cell import Unreadable
from tests.unit.crm.customers.sheets import HEADINGS, SHEET, edited, with_shared_string, workbook

pytestmark = pytest.mark.slow

FIVE: list[list[Any]] = [HEADINGS, *([f"7001000{n}", "测试", 13910000000 + n, 100] for n in range(1, 6))]
MOST_MIB = 300


def read(tmp_path: Path, content: bytes) -> list[list[str]]:
    path = tmp_path / "file"
    path.write_bytes(content)
    return list(rows(path))


def customers(tmp_path: Path, content: bytes) -> list[CustomerRow | list[tuple[int, str]]]:
    """Return each row as it would be stored, or its errors."""
    first, *others = read(tmp_path, content)
    names, errors = columns(first)
    assert errors == []
    found = [parsed(names, cells, row) for row, cells in enumerate(others, start=2)]
    return [one if isinstance(one, CustomerRow) else [(error.row, error.column) for error in one] for one in found]


@pytest.mark.parametrize("dimension", ['<dimension ref="A1"/>', '<dimension ref="A1:D3"/>', "", "<dimension/>"])
def test_a_wrong_dimension_loses_no_row(tmp_path: Path, dimension: str) -> None:
    content = edited(workbook(FIVE), rb'<dimension ref="[^"]*" ?/>', dimension.encode())

    assert len(read(tmp_path, content)) == 6


def test_rows_and_cells_without_references_are_counted(tmp_path: Path) -> None:
    content = edited(edited(workbook(FIVE), rb'<row r="[0-9]+"[^>]*>', b"<row>"), rb'<c r="[A-Z]+[0-9]+"', b"<c")

    assert read(tmp_path, content) == read(tmp_path, workbook(FIVE))


def test_an_empty_row_counts(tmp_path: Path) -> None:
    found = read(tmp_path, workbook([HEADINGS, [], ["70010001", "测试"]]))

    assert found == [HEADINGS, [], ["70010001", "测试"]]


@pytest.mark.parametrize(
    "sheet",
    [
        b'<row r="3"><c r="A3"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>',
        b'<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>2</v></c></row>',
        b'<row r="9000000"><c r="A9000000"><v>1</v></c></row>',
    ],
    ids=["rows out of order", "a cell twice", "a row beyond the sheet"],
)
def test_a_sheet_that_contradicts_itself_is_refused(tmp_path: Path, sheet: bytes) -> None:
    content = edited(workbook(FIVE), rb"<sheetData>.*</sheetData>", b"<sheetData>" + sheet + b"</sheetData>")

    with pytest.raises(NotReadable):
        read(tmp_path, content)


def test_customers_on_a_second_sheet_are_not_lost(tmp_path: Path) -> None:
    with pytest.raises(NotReadable, match="one sheet"):
        read(tmp_path, workbook(FIVE, sheets=[FIVE]))
    assert len(read(tmp_path, workbook(FIVE, sheets=[[]]))) == 6
    assert len(read(tmp_path, workbook([], sheets=[FIVE]))) == 6


@pytest.mark.parametrize(
    ("stored", "code", "account"),
    [
        (12345, "00000000", "00012345"),
        (12345, "General", "12345"),
        (12345, "0000-0000", "0001-2345"),
        (12345, '"A"00000000', "A00012345"),
        (12345, "#,##0", "12345"),
        (12345, "[Red]0", "12345"),
        (12345, "@", "12345"),
    ],
)
def test_an_account_number_is_the_one_that_the_sheet_shows(
    tmp_path: Path, stored: Any, code: str, account: str
) -> None:
    (found,) = customers(tmp_path, workbook([HEADINGS, [stored, "新用户"]], formats={"A2": code}))

    assert isinstance(found, CustomerRow)
    assert found.account_number == account


@pytest.mark.parametrize("code", ["yyyy-mm-dd", "0.00E+00", "# ?/?", "[DBNum1]0", "[>100]0;0", "0,", ";;"])
def test_a_number_without_a_known_shown_text_is_refused(tmp_path: Path, code: str) -> None:
    assert customers(tmp_path, workbook([HEADINGS, [12345, "新用户"]], formats={"A2": code})) == [
        [(2, "account_number")]
    ]


@pytest.mark.parametrize("value", ["1.23456789012345E+17", "123456789012345678", "1E+15", "1E+400", "NaN"])
def test_a_number_with_lost_digits_is_refused(tmp_path: Path, value: str) -> None:
    content = edited(workbook([HEADINGS, [1, "长号", 13910000012, 5]]), rb"<v>1</v>", f"<v>{value}</v>".encode())

    assert customers(tmp_path, content) == [[(2, "account_number")]]


@pytest.mark.parametrize(
    ("stored", "code", "cents"),
    [
        ("57.699999999999996", "General", 5770),
        ("59.970000000000006", "General", 5997),
        ("57.699999999999996", "0.00", 5770),
        ("1234.5", '_ "¥"* #,##0.00_ ', 123450),
        ("1234.5", "[$¥-804]#,##0.00", 123450),
        ("0", '_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * "-"??_ ;_ @_ ', 0),
        ("128.5", '#,##0.00"元"', 12850),
        ("1.285E2", "General", 12850),
    ],
)
def test_money_is_the_amount_that_the_sheet_shows(tmp_path: Path, stored: str, code: str, cents: int) -> None:
    content = workbook([HEADINGS, ["70020001", "浮点", 13910000021, 7]], formats={"D2": code})
    (found,) = customers(tmp_path, edited(content, rb"<v>7</v>", f"<v>{stored}</v>".encode()))

    assert isinstance(found, CustomerRow)
    assert found.arrears_yuan == cents


def test_an_amount_with_three_decimals_is_refused(tmp_path: Path) -> None:
    assert customers(tmp_path, workbook([HEADINGS, ["70020001", "x", None, 1.005]])) == [[(2, "arrears_yuan")]]


def test_an_error_value_is_no_name(tmp_path: Path) -> None:
    content = edited(
        workbook([HEADINGS, ["70020001", 9]]), rb'<c r="B2"[^>]*><v>9</v></c>', b'<c r="B2" t="e"><v>#N/A</v></c>'
    )

    assert customers(tmp_path, content) == [[(2, "name")]]
    assert customers(tmp_path, "户号,姓名\n70020001,#N/A\n70020002,########\n".encode()) == [
        [(2, "name")],
        [(3, "name")],
    ]


def test_a_text_cell_is_read_as_it_is(tmp_path: Path) -> None:
    found = read(tmp_path, workbook([HEADINGS, ["00012345", "王\n秀英", "0451-88888888转802", "57.70"]]))

    assert found[1] == ["00012345", "王\n秀英", "0451-88888888转802", "57.70"]
    assert not any(isinstance(cell, Unreadable) for cell in found[1])


def test_rich_text_is_joined_and_phonetic_readings_are_left_out(tmp_path: Path) -> None:
    rich = '<si><r><t>王</t></r><r><t>秀英_x000D_</t></r><rPh sb="0" eb="1"><t>オウ</t></rPh></si>'
    content = with_shared_string(workbook([HEADINGS, ["70020001", "名"]]), "B2", rich)

    assert read(tmp_path, content)[1] == ["70020001", "王秀英\r"]


def test_a_shared_string_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotReadable) as refused:
        read(tmp_path, with_shared_string(workbook([HEADINGS, ["70020001", "名"]]), "B2", ""))

    assert refused.value.row == 2


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600), ".xls"),
        ("戶號,姓名\n70010001,陳大文\n70010002,李小龍\n".encode("big5"), "Big5"),
        ("account_number,name\n70010001,陳大文\n70010002,李小龍\n".encode("big5"), "Big5"),
        (b"%PDF-1.7\n", "PDF"),
        (b"<html><table></table></html>", "web page"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><Workbook/>", "XML"),
    ],
)
def test_another_kind_of_file_is_called_what_it_is(tmp_path: Path, content: bytes, named: str) -> None:
    with pytest.raises(NotReadable, match=named):
        read(tmp_path, content)


@pytest.mark.parametrize(
    "content",
    [
        "户号\t姓名\r\n70010001\t王秀英\r\n".encode("utf-16"),
        "\ufeff户号\t姓名\r\n70010001\t王秀英\r\n".encode("utf-16-be"),
        "户号;姓名\r\n70010001;王秀英\r\n".encode("utf-8-sig"),
        "户号,姓名\r\n70010001,王秀英\r\n".encode("gb18030"),
        "户号,姓名,,\r\n70010001,王秀英,,\r\n".encode(),
        "户号,姓名,欠费（元）\r\n70010001,王秀英,\r\n".encode(),
    ],
    ids=["UTF-16", "UTF-16 big-endian", "semicolons", "GB18030", "empty columns", "full-width brackets"],
)
def test_a_text_file_as_a_spreadsheet_writes_it_is_read(tmp_path: Path, content: bytes) -> None:
    (found,) = customers(tmp_path, content)

    assert isinstance(found, CustomerRow)
    assert (found.account_number, found.name) == ("70010001", "王秀英")


def test_a_gb18030_file_with_rare_names_is_not_taken_for_big5(tmp_path: Path) -> None:
    names = ["朱镕基", "陶喆", "王祎", "李旻昊", "刘㛃", "𠮷野"]
    lines = "".join(f"7001000{n},{name},哈尔滨市道里区经纬街{n}号\n" for n, name in enumerate(names))

    found = customers(tmp_path, f"户号,姓名,地址\n{lines}".encode("gb18030"))

    assert [one.name for one in found if isinstance(one, CustomerRow)] == names


def test_a_value_under_no_heading_is_not_lost(tmp_path: Path) -> None:
    assert customers(tmp_path, "户号,,姓名\n70010001,,甲\n70010002,乙,丙\n70010003,,甲,,丁\n".encode())[1:] == [
        [(3, "B")],
        [(4, "E")],
    ]


def bomb(path: Path, cell: bytes, repeated: bytes, mib: int) -> None:
    """Write a workbook with a first sheet of so many unpacked MiB."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, zipfile.ZipFile(path.with_suffix(".in")) as small:
        for name in small.namelist():
            if name != SHEET:
                archive.writestr(name, small.read(name))
        with archive.open(SHEET, "w", force_zip64=True) as sheet:
            sheet.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
            sheet.write(cell)
            block = repeated * (1024**2 // len(repeated))
            for _ in range(mib):
                sheet.write(block)


@pytest.mark.parametrize(
    ("cell", "repeated", "mib"),
    [
        (b'<row r="1"><c r="A1" t="inlineStr"><is><t>', b"x", 900),
        (b'<row r="1"><c r="A1" t="inlineStr"><is><t>', b"x", 15),
        (b'<row r="1"><c r="', b"A", 15),
        (b"<!--", b"x", 15),
        (b"", b"<row/>", 15),
    ],
    ids=["900 MiB", "a long cell", "a long attribute", "a long comment", "many rows"],
)
def test_s13_a_workbook_that_grows_is_refused_in_bounded_memory(
    tmp_path: Path, cell: bytes, repeated: bytes, mib: int
) -> None:
    path = tmp_path / "bomb.xlsx"
    path.with_suffix(".in").write_bytes(workbook([]))
    bomb(path, cell, repeated, mib)
    assert path.stat().st_size < 1024**2
    program = (
        "import sys, json; from pathlib import Path\n"
        "from crm.customers.importing.files import rows\n"
        "from crm.customers.importing.errors import NotReadable\n"
        "try:\n    list(zip(range(3_000_000), rows(Path(sys.argv[1]))))\n    refused = ''\n"
        "except NotReadable as error:\n    refused = error.rule\n"
        # Unlike ru_maxrss, this does not begin with the parent's memory.
        "status = Path('/proc/self/status').read_text()\n"
        "print(json.dumps([refused, int(status.partition('VmHWM:')[2].split()[0])]))\n"
    )

    done = subprocess.run([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, check=True)

    refused, peak_kib = json.loads(done.stdout)
    assert refused
    assert peak_kib < MOST_MIB * 1024
