"""Lists as files: as the role sees them, without formulas, and noted."""

import csv
import io

import openpyxl
import pytest

from ari_app.exports import http as exports
from ari_app.exports.columns import HEADINGS, TITLES
from crm.audit.model import AuditQuery, EntryAction
from foundation.routes import Role
from tests.unit.crm.conftest import AGENT
from tests.unit.security.conftest import Office

pytestmark = pytest.mark.server


async def table(office: Office, role: Role, path: str) -> list[list[str]]:
    async with office.client(role) as http, http.get(f"/api/v1/{path}") as answer:
        assert answer.status == 200, await answer.text()
        content = await answer.read()
    if answer.content_type == "text/csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    page = openpyxl.load_workbook(io.BytesIO(content)).active
    assert page is not None
    assert "f" not in {cell.data_type for row in page.iter_rows() for cell in row}, "no formulas"
    return [["" if value is None else str(value) for value in row] for row in page.iter_rows(values_only=True)]


async def test_a_list_is_a_file_as_its_role_sees_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    tickets, place = office.business.tickets, office.place
    evil = "=cmd|'/c calc'!A0"
    filed = [
        await tickets.file(place.fault(address=f"和平路{number}号2单元301", subject=subject), AGENT)
        for number, subject in enumerate((evil, "找13800000001", "暖气"))
    ]
    monkeypatch.setattr(exports, "AT_ONCE", 2)

    found = await table(office, Role.SUPERVISOR, "tickets.csv?status=registered&text=%E5%92%8C%E5%B9%B3%E8%B7%AF")
    columns = {heading: place for place, heading in enumerate(found[0])}
    assert [row[columns["号码"]] for row in found[1:]] == [one.number for one in reversed(filed)]
    assert [row[columns["主题"]] for row in found[1:]] == ["暖气", "找13800000001", f"'{evil}"]
    assert (found[1][columns["状态"]], found[1][columns["地址"]]) == ("待派单", "和平路2号2单元301")
    seen = await table(office, Role.QUALITY, "tickets.xlsx?language=en")
    names = {heading: place for place, heading in enumerate(seen[0])}
    assert [row[names["Subject"]] for row in seen[1:]] == ["暖气", "找138****0001", evil]
    assert (seen[1][names["Status"]], seen[1][names["Address"]]) == ("registered", "和平路2号****")

    noted = await office.business.audit.listed(AuditQuery(action=EntryAction.EXPORT))
    assert [(one.subject_id, one.staff_name[:7], one.changes["rows"].after) for one in noted] == [
        ("tickets", "quality", 3),
        ("tickets", "supervi", 3),
    ]
    assert noted[1].changes["status"].after == ["registered"]
    monkeypatch.setattr(exports, "MOST_ROWS", 2)
    async with office.client(Role.SUPERVISOR) as http, http.get("/api/v1/tickets.csv") as answer:
        assert (answer.status, (await answer.json())["errors"][0]["field"]) == (422, "query")
    assert len(await office.business.audit.listed(AuditQuery(action=EntryAction.EXPORT))) == 2


async def test_every_list_with_a_file_has_words_and_keeps_its_roles(office: Office) -> None:
    lists = [route for routes in office.business.routes() for route in routes.table if route.exported is not None]
    assert {one.exported.name for one in lists if one.exported} == set(TITLES)
    used = {column for one in lists if one.exported for column in one.exported.columns}
    assert used == set(HEADINGS)
    query = {"/api/v1/customers": "?text=%E5%BB%BA%E8%AE%BE"}
    for one in lists:
        for role in Role:
            for form in ("csv", "xlsx"):
                path = f"{one.path}.{form}{query.get(one.path, '')}"
                async with office.client(role) as http, http.get(path) as answer:
                    allowed = role in one.roles & exports.EXPORTERS
                    assert answer.status == (200 if allowed else 403), (role, path, await answer.text())
