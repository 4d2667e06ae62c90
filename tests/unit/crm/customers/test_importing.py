"""A file is checked before it is applied, whatever it holds (S13)."""

import asyncio
import csv
import itertools
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql
from openpyxl import Workbook
from pydantic import SecretStr
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from ari_app.runtime.domain import DomainServices
from ari_app.settings import Settings
from crm.customers.importing import applying
from crm.customers.importing.applying import CHANGED_SINCE, CREATED_SINCE, GONE_SINCE, Applicant, apply
from crm.customers.importing.errors import CannotApply, CannotCancel, NotReadable, Overtaken
from crm.customers.importing.export import ExportService
from crm.customers.importing.files import rows
from crm.customers.importing.model import CustomerImport, ImportStatus, ImportView
from crm.customers.importing.service import ImportService
from crm.customers.importing.text_cell import guarded, unguarded
from crm.customers.model import Consent, CustomerChange
from crm.customers.service import SEARCH_LIMIT, CustomerService
from crm.personal_data.serializer import masked
from crm.selfservice.limits import Unlimited
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.routes import Principal, Role
from recordings.service import RecordingService
from tests.callflows import shipped
from tests.unit.crm.customers.people import SUPERVISOR, described

pytestmark = pytest.mark.slow

ADMINISTRATOR = Principal("staff-administrator", "9001", "管理员", Role.ADMINISTRATOR)


@pytest.fixture
async def imports(database: Database, tmp_path: Path) -> AsyncIterator[ImportService]:
    service = ImportService(database, tmp_path / "imports")
    yield service
    await service.aclose()


async def read(imports: ImportService, tmp_path: Path, content: str | bytes) -> ImportView:
    path = tmp_path / "customers.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    started = await imports.begin(path, SUPERVISOR)
    await asyncio.gather(*imports._tasks)
    return await imports.get(started.id)


async def test_a_file_creates_and_updates_after_it_was_shown(
    database: Database, imports: ImportService, tmp_path: Path
) -> None:
    customers = CustomerService(database)
    known = await customers.create(described("60010001", address="建设街8号", notes="怕狗"))

    seen = await read(
        imports,
        tmp_path,
        "户号,姓名,电话,欠费(元),合同有效,地址\n60010001,王秀兰,13800000001;13800000009,128.50,否,\n60010002,李雷,,,,幸福路1号\n",
    )
    assert (seen.status, seen.rows, seen.creates, seen.updates, seen.errors) == (ImportStatus.READY, 2, 1, 1, [])
    assert (await customers.get(known.id)).name == "王秀英"

    applied = await imports.apply(seen.id, SUPERVISOR)

    assert (applied.status, applied.creates, applied.updates) == (ImportStatus.APPLIED, 1, 1)
    after = await customers.detail(known.id)
    assert (after.name, after.arrears_cents, after.contract_active) == ("王秀兰", 12850, False)
    assert (after.address, after.notes, after.version) == ("建设街8号", "怕狗", 2)
    assert [phone.number for phone in after.phones if phone.current] == ["+8613800000001", "+8613800000009"]
    new = await customers.by_account("60010002")
    assert new is not None
    assert (new.name, new.address, new.version) == ("李雷", "幸福路1号", 1)
    for customer_id in (known.id, new.id):
        assert (await customers.audit(customer_id))[0].changes == {"import_id": seen.id}


async def test_the_same_file_again_changes_nothing(database: Database, imports: ImportService, tmp_path: Path) -> None:
    content = "account_number,name,phones\n60010001,王秀英,13800000001\n"
    await imports.apply((await read(imports, tmp_path, content)).id, SUPERVISOR)

    again = await read(imports, tmp_path, content)

    assert (again.status, again.creates, again.updates) == (ImportStatus.READY, 0, 0)
    with pytest.raises(CannotApply):
        await imports.apply((await imports.listed())[1].id, SUPERVISOR)


async def test_an_import_is_given_up_while_it_is_read_or_ready(
    database: Database, imports: ImportService, tmp_path: Path
) -> None:
    ready = await read(imports, tmp_path, "account_number,name\n60010001,王秀英\n")
    assert (await imports.cancel(ready.id)).status is ImportStatus.CANCELLED
    for refused in (imports.apply(ready.id, SUPERVISOR), imports.cancel(ready.id)):
        with pytest.raises((CannotApply, CannotCancel)):
            await refused

    path = tmp_path / "long.csv"
    path.write_text("account_number,name\n" + "".join(f"7{row:09d},王\n" for row in range(50_000)), encoding="utf-8")
    reading = await imports.begin(path, SUPERVISOR)
    given_up = await imports.cancel(reading.id)
    assert (given_up.status, imports._tasks) == (ImportStatus.CANCELLED, set())
    staged = sql.select(sql.func.count()).select_from(sql.table("customer_import_row"))
    assert await database.look_up(lambda connection: connection.execute(staged).scalar()) == 0
    assert list((tmp_path / "imports").iterdir()) == []


async def test_everything_wrong_is_named_by_row_column_and_rule_and_nothing_is_applied(
    database: Database, imports: ImportService, tmp_path: Path
) -> None:
    headings = "account_number,name,phones,grade,arrears_yuan\n"
    content = "60010001,a,12,Z,1.234\n6 1,b,,,\n60010002,\x00,,,\n60010003,c,,,,x,\n"

    seen = await read(imports, tmp_path, headings + content)

    assert seen.status is ImportStatus.REFUSED
    found = [(error.row, error.column) for error in seen.errors]
    assert found == [(2, "phones"), (2, "grade"), (2, "arrears_yuan"), (3, "account_number"), (4, "name"), (5, "F")]
    assert all(error.rule for error in seen.errors)
    assert seen.error_count == len(found)
    assert await CustomerService(database).search("6001") == []
    with pytest.raises(CannotApply):
        await imports.apply(seen.id, SUPERVISOR)


async def test_columns_are_called_as_in_the_file(imports: ImportService, tmp_path: Path) -> None:
    seen = await read(imports, tmp_path, " 户号 ,Name,等级,电话\n6 1,王,Z,12\n")
    assert [(error.row, error.column) for error in seen.errors] == [(2, "户号"), (2, "电话"), (2, "等级")]
    seen = await read(imports, tmp_path, "户号,姓名,name\n60010001,王,王\n")
    assert [(error.row, error.column) for error in seen.errors] == [(1, "name")]


async def test_rows_that_do_not_fit_each_other_or_what_there_is_are_named(
    imports: ImportService, tmp_path: Path
) -> None:
    seen = await read(imports, tmp_path, "account_number,name\n60010001,a\n60010002,\n60010001,b\n")

    assert [(error.row, error.column) for error in seen.errors] == [(4, "account_number"), (3, "name")]


async def test_a_row_wrong_by_itself_hides_nothing_of_the_others(imports: ImportService, tmp_path: Path) -> None:
    content = "户号,姓名,等级\n60010001,a,Z\n60010002,b,A\n60010003,,\n60010002,c,B\n"

    seen = await read(imports, tmp_path, content)

    found = {(error.row, error.column) for error in seen.errors}
    assert found == {(2, "等级"), (4, "name"), (5, "account_number")}
    assert (seen.status, seen.error_count, seen.creates) == (ImportStatus.REFUSED, 3, 0)


async def test_a_heading_there_is_not_is_answered_with_those_there_are(imports: ImportService, tmp_path: Path) -> None:
    seen = await read(imports, tmp_path, "户号,名字\n60010001,a\n")

    assert [(error.row, error.column) for error in seen.errors] == [(1, "名字")]
    assert "姓名 (name)" in seen.errors[0].rule


async def test_a_file_that_does_not_fit_any_more_is_not_applied(
    database: Database, imports: ImportService, tmp_path: Path
) -> None:
    customers = CustomerService(database)
    known = await customers.create(described("60010001"))
    seen = await read(imports, tmp_path, "account_number,area\n60010001,城东\n")
    assert seen.status is ImportStatus.READY
    await customers.update(known.id, CustomerChange(account_number="60010009"))

    with pytest.raises(CannotApply):
        await imports.apply(seen.id, SUPERVISOR)

    assert (await imports.get(seen.id)).status is ImportStatus.REFUSED
    assert await customers.by_account("60010001") is None


async def test_every_row_of_an_account_that_is_there_more_than_once_is_named(
    imports: ImportService, tmp_path: Path
) -> None:
    seen = await read(imports, tmp_path, "account_number,name\n60010001,a\n60010002,b\n60010001,c\n60010001,d\n")

    assert [(error.row, error.column) for error in seen.errors] == [(4, "account_number"), (5, "account_number")]
    assert all("row 2" in error.rule for error in seen.errors)


async def test_a_customer_entered_since_is_named_before_a_file_changes_it(
    database: Database, imports: ImportService, tmp_path: Path
) -> None:
    customers = CustomerService(database)
    seen = await read(imports, tmp_path, "account_number,name,phones\n60010001,表里,\n60010002,李雷,\n")
    by_hand = await customers.create(described("60010001", name="手工"))

    with pytest.raises(Overtaken) as refused:
        await imports.apply(seen.id, SUPERVISOR)

    assert [(one.field, one.rule) for one in refused.value.errors] == [("row 2, column account_number", CREATED_SINCE)]
    assert (await customers.get(by_hand.id)).name == "手工"
    assert await customers.by_account("60010002") is None
    again = await imports.get(seen.id)
    assert (again.status, again.creates, again.updates, again.errors) == (ImportStatus.READY, 1, 1, [])

    await imports.apply(seen.id, SUPERVISOR)
    assert (await customers.get(by_hand.id)).name == "表里"


async def test_a_customer_changed_since_is_named_where_the_file_would_change_it(
    database: Database, imports: ImportService, tmp_path: Path
) -> None:
    customers = CustomerService(database)
    changed, moved, same = [await customers.create(described(f"6001000{one}")) for one in (1, 2, 3)]
    rows_of = "60010001,城东,王\n60010002,城东,王\n60010003,,王秀英\n60010004,,李\n"
    seen = await read(imports, tmp_path, f"account_number,area,name\n{rows_of}")
    assert (seen.creates, seen.updates) == (1, 2)
    await customers.update(changed.id, CustomerChange(name="刚刚改名"))
    await customers.update(moved.id, CustomerChange(account_number="60010009"))
    await customers.update(same.id, CustomerChange(notes="与文件无关"))

    with pytest.raises(Overtaken) as refused:
        await imports.apply(seen.id, SUPERVISOR)

    assert [(one.field, one.rule) for one in refused.value.errors] == [
        ("row 2, column account_number", CHANGED_SINCE),
        ("row 3, column account_number", GONE_SINCE),
    ]
    assert (await customers.get(changed.id)).name == "刚刚改名"


async def test_consent_and_a_wish_not_to_be_called_are_imported_with_when_and_whence(
    database: Database, imports: ImportService, tmp_path: Path
) -> None:
    customers = CustomerService(database)
    known = await customers.create(described("60010001", consent="given", consent_source="来信"))
    before = await customers.detail(known.id)
    content = "户号,姓名,信息使用同意,勿扰\n60010001,王秀英,同意,是\n60010002,李雷,withdrawn,\n60010003,韩梅,,\n"
    seen = await read(imports, tmp_path, content)
    assert (seen.status, seen.creates, seen.updates) == (ImportStatus.READY, 2, 1)
    await imports.apply(seen.id, SUPERVISOR)

    after = await customers.detail(known.id)
    assert (after.consent, after.consent_at, after.consent_source) == (Consent.GIVEN, before.consent_at, "来信")
    assert (after.do_not_call, after.do_not_call_source) == (True, seen.id)
    assert after.do_not_call_at is not None
    found = [await customers.by_account(account) for account in ("60010002", "60010003")]
    new, silent = [await customers.detail(one.id) for one in found if one is not None]
    assert (new.consent, new.consent_source, new.do_not_call, new.do_not_call_at) == ("withdrawn", seen.id, False, None)
    assert new.consent_at is not None
    assert (silent.consent, silent.consent_at, silent.consent_source) == (Consent.UNKNOWN, None, "")

    refused = await read(imports, tmp_path, "户号,姓名,信息使用同意,勿扰\n60010001,王秀英,也许,maybe\n")
    assert [(error.row, error.column) for error in refused.errors] == [(2, "信息使用同意"), (2, "勿扰")]


async def test_a_formula_without_a_saved_value_is_refused(imports: ImportService, tmp_path: Path) -> None:
    workbook = Workbook()
    sheet = workbook.active
    sheet.append(["户号", "姓名", "欠费(元)"])
    sheet.append(["60010001", "王秀英", "=1+1"])
    sheet.append(["60010002", '=""', 1])
    workbook.save(tmp_path / "unsaved.xlsx")
    seen = await read(imports, tmp_path, (tmp_path / "unsaved.xlsx").read_bytes())
    assert [(error.row, error.column) for error in seen.errors] == [(2, "欠费(元)"), (3, "姓名")]

    with (
        zipfile.ZipFile(tmp_path / "unsaved.xlsx") as unsaved,
        zipfile.ZipFile(tmp_path / "saved.xlsx", "w") as saved,
    ):
        for member in unsaved.namelist():
            content = unsaved.read(member)
            content = content.replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")
            content = content.replace(b'<c r="B3"><f>""</f>', b'<c r="B3" t="str"><f>""</f>')
            saved.writestr(member, content)
    assert list(rows(tmp_path / "saved.xlsx"))[1:] == [["60010001", "王秀英", "2"], ["60010002", "", "1"]]


async def test_errors_are_counted_and_the_first_are_stored(imports: ImportService, tmp_path: Path) -> None:
    seen = await read(imports, tmp_path, "account_number,name\n" + "x y,z\n" * 6000)

    assert (seen.error_count, len(seen.errors), seen.rows) == (6000, 1000, 6000)


async def test_a_workbook_and_a_file_of_an_old_spreadsheet_are_read(imports: ImportService, tmp_path: Path) -> None:
    workbook = Workbook()
    sheet = workbook.active
    sheet.append(["户号", "姓名", "电话"])
    sheet.append([60010001, "王秀英", 13800000001])
    workbook.save(tmp_path / "customers.xlsx")

    for content in ((tmp_path / "customers.xlsx").read_bytes(), "户号,姓名\n60010001,王秀英\n".encode("gb18030")):
        seen = await read(imports, tmp_path, content)
        assert (seen.status, seen.creates, seen.errors) == (ImportStatus.READY, 1, [])


@pytest.mark.parametrize(
    "content",
    [
        b"a," * 10_000_000,
        b'"' + b"a\n" * 1_000_000,
        b"x,y\n" + b"," * 60 + b"z\n",
        b"a\n" + b"x" * 20_000 + b"\n",
        b"\xff\xfe\x00\x81\n",
        b"PK\x03\x04 no archive",
    ],
    ids=[
        "ten million columns",
        "a quotation mark left open",
        "too many columns",
        "a long cell",
        "no text",
        "no workbook",
    ],
)
def test_s13_a_file_that_is_no_list_of_customers_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "made-up"
    path.write_bytes(content)

    with pytest.raises(NotReadable) as refused:
        list(rows(path))
    assert refused.value.rule


def test_s13_a_workbook_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b"\0" * (65 * 1024**2))
    assert path.stat().st_size < 1024**2

    with pytest.raises(NotReadable, match="MB"):
        list(rows(path))


@pytest.mark.parametrize("value", ["=cmd|' /C calc'!A0", "+1+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_s13_no_cell_is_a_formula(value: str) -> None:
    assert guarded(value) == f"'{value}"


@pytest.mark.parametrize("value", ["=1+1", "+8613800000001", "'=1+1", "''-1", "'", "'quoted'", "", "王秀英", "1-1"])
def test_a_guarded_text_is_read_as_it_was_written(value: str) -> None:
    assert unguarded(guarded(value)) == value


async def test_an_export_can_be_imported_again_and_changes_nothing(
    database: Database, imports: ImportService, tmp_path: Path
) -> None:
    customers = CustomerService(database)
    people: list[dict[str, Any]] = [
        {"name": "=1+1", "phones": ["13800000001", "010-62770334"], "arrears_cents": 12850, "grade": "VIP"},
        {"name": "'+1", "address": "-1层", "notes": "一\n" * 60 + "@二", "contract_active": False},
        {"language": "en", "area": "城东", "consent": "given", "do_not_call": True},
        {"consent": "withdrawn", "phones": []},
        {"phones": ["8001", "88888888", "1064899999999"]},
    ]
    for number, given in enumerate(people):
        await customers.create(described(f"6001000{number}", **given))
    file = await ExportService(database, tmp_path / "exports").everybody(SUPERVISOR)

    seen = await read(imports, tmp_path, file.path.read_bytes())

    assert (seen.status, seen.rows, seen.creates, seen.updates, seen.errors) == (ImportStatus.READY, 5, 0, 0, [])


async def test_a_short_number_is_accepted_only_for_a_customer_who_has_it(
    database: Database, imports: ImportService, tmp_path: Path
) -> None:
    for account, phones in (("60010001", ["8001"]), ("60010002", [])):
        await CustomerService(database).create(described(account, phones=phones))

    seen = await read(imports, tmp_path, "户号,姓名,电话\n60010001,,8001\n60010002,,8001\n60010003,李,8001\n")

    assert seen.status is ImportStatus.REFUSED
    assert [(error.row, error.column) for error in seen.errors] == [(3, "phones"), (4, "phones")]


async def test_an_export_can_be_read_and_is_masked_by_role(database: Database, tmp_path: Path) -> None:
    await CustomerService(database).create(
        described("60010001", name="=1+1", arrears_cents=12850, notes="电话13800000001")
    )
    export = ExportService(database, tmp_path / "exports")

    texts = [(await export.everybody(who)).path.read_text("utf-8-sig") for who in (SUPERVISOR, ADMINISTRATOR)]
    whole, masked = [list(csv.DictReader(text.splitlines())) for text in texts]

    assert (whole[0]["姓名"], whole[0]["电话"], whole[0]["欠费(元)"]) == ("'=1+1", "'+8613800000001", "128.50")
    assert (masked[0]["姓名"], masked[0]["电话"], masked[0]["备注"]) == ("'=***", "138****0001", "电话138****0001")


async def test_a_preview_shows_the_first_rows_as_they_would_be_stored(
    database: Database, imports: ImportService, tmp_path: Path
) -> None:
    await CustomerService(database).create(described("60010001", name="王秀英", address="建设街8号"))
    content = "户号,姓名,电话\n60010001,,0451-88888888转802;13800000001\n" + "".join(
        f"6001001{n},李雷{n},\n" for n in range(9)
    )

    seen = await read(imports, tmp_path, content)

    assert len(seen.preview) == 5
    first, second = seen.preview[:2]
    assert (first.row, first.name, first.address) == (2, "王秀英", "建设街8号")
    assert first.phones == ["+8613800000001", "+8645188888888转802"]
    assert (second.account_number, second.name, second.phones) == ("60010010", "李雷0", [])
    hidden = masked(seen, Role.ADMINISTRATOR).preview[0]
    assert (hidden.name, hidden.phones[0]) == ("王**", "138****0001")


async def test_an_extension_has_a_field_and_survives_an_export(
    database: Database, imports: ImportService, tmp_path: Path
) -> None:
    customers = CustomerService(database)
    await imports.apply((await read(imports, tmp_path, "户号,姓名,电话\n6001,王,0451-88888888-802\n")).id, SUPERVISOR)
    created = await customers.by_account("6001")
    assert created is not None

    (phone,) = (await customers.detail(created.id)).phones
    assert (phone.number, phone.extension) == ("+8645188888888", "802")
    assert [one.id for one in await customers.search("045188888888转802")] == [created.id]
    file = await ExportService(database, tmp_path / "exports").everybody(SUPERVISOR)
    again = await read(imports, tmp_path, file.path.read_bytes())
    assert (again.status, again.updates) == (ImportStatus.READY, 0)

    other = await read(imports, tmp_path, "户号,电话\n6001,0451-88888888转803\n")
    assert other.updates == 1
    await imports.apply(other.id, SUPERVISOR)
    assert [phone.extension for phone in (await customers.detail(created.id)).phones] == ["803"]


@pytest.mark.parametrize("column", ["姓名", "电话", "地址", "备注"])
async def test_s29_a_masked_value_is_not_saved_over_the_real_one(
    database: Database, imports: ImportService, tmp_path: Path, column: str
) -> None:
    await CustomerService(database).create(
        described("60010001", name="欧阳锋", address="幸福路12号3单元402", notes="请打13800000001")
    )
    file = await ExportService(database, tmp_path / "exports").everybody(ADMINISTRATOR)
    (row,) = csv.DictReader(file.path.read_text("utf-8-sig").splitlines())
    assert "*" in row[column]

    seen = await read(imports, tmp_path, f"户号,{column}\n{row['户号']},{row[column]}\n")

    assert [(error.row, error.column) for error in seen.errors] == [(2, column)]


async def test_others_write_while_a_file_is_applied(database: Database, imports: ImportService, tmp_path: Path) -> None:
    customers = CustomerService(database)
    rows_of = "".join(f"7{n:06d},李雷,{13900000000 + n}\n" for n in range(3000))
    seen = await read(imports, tmp_path, f"户号,姓名,电话\n{rows_of}")

    applying_it = asyncio.create_task(imports.apply(seen.id, SUPERVISOR))
    written, accounts = 0, itertools.count(80_000_000)
    while not applying_it.done():
        await customers.create(described(f"{next(accounts)}"))
        written += (await imports.get(seen.id)).status is ImportStatus.APPLYING

    assert (await applying_it).status is ImportStatus.APPLIED
    assert written > 2
    assert len(await customers.search("70")) == SEARCH_LIMIT


async def test_an_application_that_was_cut_off_goes_on_at_the_next_start(
    database: Database, imports: ImportService, tmp_path: Path
) -> None:
    customers = CustomerService(database)
    seen = await read(imports, tmp_path, "户号,姓名\n60010001,一\n60010002,二\n60010003,三\n")
    await imports._claim(seen.id, ADMINISTRATOR)
    by = Applicant("staff-administrator", "管理员 (9001)")
    assert await database.change(lambda connection: apply(connection, seen.id, by, -1, 1))

    successor = ImportService(database, tmp_path / "imports")
    await successor.clear_up()
    await asyncio.gather(*successor._tasks)

    found = [await customers.by_account(f"6001000{n}") for n in (1, 2, 3)]
    assert [one.name for one in found if one is not None] == ["一", "二", "三"]
    assert (await imports.get(seen.id)).status is ImportStatus.APPLIED
    assert {(await customers.audit(one.id))[0].staff_name for one in found if one is not None} == {"管理员 (9001)"}


async def test_a_customer_changed_during_the_application_is_left_and_named(
    database: Database, imports: ImportService, tmp_path: Path
) -> None:
    customers = CustomerService(database)
    known = await customers.create(described("60010002"))
    seen = await read(imports, tmp_path, "户号,姓名\n60010001,一\n60010002,二\n60010003,三\n")
    await imports._claim(seen.id, SUPERVISOR)
    by = Applicant("staff-supervisor", "何主管 (3001)")
    assert await database.change(lambda connection: apply(connection, seen.id, by, -1, 1))
    await customers.update(known.id, CustomerChange(name="刚刚改名"))
    await customers.create(described("60010003", name="手工"))

    with pytest.raises(Overtaken) as refused:
        await imports._apply_rows(seen.id)

    assert [(one.field, one.rule) for one in refused.value.errors] == [
        ("row 3, column account_number", CHANGED_SINCE),
        ("row 4, column account_number", CREATED_SINCE),
    ]
    assert (await customers.get(known.id)).name == "刚刚改名"
    again = await imports.get(seen.id)
    assert (again.status, again.updates) == (ImportStatus.READY, 2)
    assert [(one.row, one.rule) for one in again.errors] == [(3, CHANGED_SINCE), (4, CREATED_SINCE)]
    done = await imports.apply(seen.id, SUPERVISOR)
    assert (await customers.get(known.id)).name == "二"
    assert (done.status, done.creates, done.updates, done.errors) == (ImportStatus.APPLIED, 1, 2, [])


async def test_a_row_that_fits_no_more_after_a_part_was_applied_is_left_alone(
    database: Database, imports: ImportService, tmp_path: Path
) -> None:
    customers = CustomerService(database)
    known = await customers.create(described("60010002"))
    seen = await read(imports, tmp_path, "户号,姓名,区域\n60010001,一,\n60010002,,城东\n60010003,三,\n")
    await imports._claim(seen.id, SUPERVISOR)
    by = Applicant("staff-supervisor", "何主管 (3001)")
    assert await database.change(lambda connection: apply(connection, seen.id, by, -1, 1))
    await imports._set(seen.id, ImportStatus.READY)
    await customers.update(known.id, CustomerChange(account_number="60010009"))

    done = await imports.apply(seen.id, SUPERVISOR)

    assert (done.status, done.creates, done.updates, done.error_count) == (ImportStatus.APPLIED, 2, 0, 1)
    assert [(one.row, one.column) for one in done.errors] == [(3, "name")]
    assert await customers.by_account("60010003") is not None


async def test_an_application_that_fails_can_be_applied_again(
    database: Database, imports: ImportService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = await read(imports, tmp_path, "户号,姓名\n60010001,一\n60010002,二\n")

    def one_row(connection: Connection, import_id: str, by: Applicant, after: int, _: int) -> int | None:
        if after >= 0:
            raise OperationalError("statement", {}, Exception("the disk is full"))
        return apply(connection, import_id, by, after, 1)

    with monkeypatch.context() as patched:
        patched.setattr(applying, "apply", one_row)
        with pytest.raises(OperationalError):
            await imports.apply(seen.id, SUPERVISOR)
    left = await imports.get(seen.id)
    assert (left.status, left.creates, [row.name for row in left.preview]) == (ImportStatus.READY, 1, ["二"])

    await imports.apply(seen.id, SUPERVISOR)
    assert {one.name for one in await CustomerService(database).search("6001")} == {"一", "二"}


async def test_imports_that_were_cut_off_are_settled_at_the_next_start(
    database: Database, imports: ImportService, tmp_path: Path
) -> None:
    settings = Settings(ari_password=SecretStr("x"), database_url=database.url, spool=tmp_path / "spool")
    folder = settings.spool / "imports" / settings.node
    folder.mkdir(parents=True)
    applied = await read(imports, tmp_path, "户号,姓名\n60010001,一\n")
    await imports._claim(applied.id, ADMINISTRATOR)
    own, theirs, old = [
        CustomerImport(id=new_id("import"), status=ImportStatus.READING, at=at, staff_id="s", staff_name="n")
        for at in (utc_now(), utc_now(), utc_now() - timedelta(days=1))
    ]
    ids = {own.id: "own", theirs.id: "theirs", old.id: "old", applied.id: "applied"}
    (folder / own.id).touch()
    async with database.write() as session:
        session.add_all([own, theirs, old])
    recorded = RecordingService(database, tmp_path / "recordings", minimum_free_bytes=1)
    business = DomainServices(settings, database, recorded, shipped(), Unlimited())

    work = [asyncio.ensure_future(one()) for name, one in business.background().items() if "import" in name]
    async with asyncio.timeout(10):
        while (await imports.get(applied.id)).status is ImportStatus.APPLYING:
            await asyncio.sleep(0.01)
    for one in work:
        one.cancel()
    await asyncio.gather(*work, return_exceptions=True)

    assert {ids[one.id]: one.status for one in await imports.listed()} == {
        "own": ImportStatus.INTERRUPTED,
        "theirs": ImportStatus.READING,
        "old": ImportStatus.INTERRUPTED,
        "applied": ImportStatus.APPLIED,
    }
    assert list(folder.iterdir()) == []
    await business.aclose()
    await recorded.aclose()
