"""Lists as files: as the role sees them, without formulas, and noted."""

import csv
import io
from datetime import timedelta
from typing import get_origin

import openpyxl
import pytest

from ari_app.exports import http as exports
from ari_app.exports.lists import LISTS
from crm.audit.model import AuditQuery, EntryAction
from crm.departments.model import DepartmentChange, DepartmentInput
from foundation.routes import Role, Route
from tests.unit.crm.conftest import AGENT
from tests.unit.security.conftest import Office

WHOLE = {"/api/v1/appointments", "/api/v1/left-open"}
"""Lists inside a response."""

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
    assert [row[columns["工单号"]] for row in found[1:]] == [one.number for one in reversed(filed)]
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


def lists_of(office: Office) -> dict[str, Route]:
    """Return the lists of the API by their paths."""
    routes = [route for routes in office.business.routes() for route in routes.table if route.method == "GET"]
    lists = [one for one in routes if get_origin(one.response) is list and not one.public and "{" not in one.path]
    return {one.path.removeprefix("/api/v1"): one for one in (*lists, *(one for one in routes if one.path in WHOLE))}


async def test_every_list_is_a_file_for_its_roles(office: Office) -> None:
    lists = {path: route for path, route in lists_of(office).items() if path in LISTS}
    since = "?since=2026-11-01T00:00:00Z&until=2026-11-30T00:00:00Z"
    query = {
        "/customers": "?text=%E5%BB%BA%E8%AE%BE",
        "/service-levels/report": since,
        "/planned-shifts": "?since=2026-11-30&until=2026-12-01",
    }
    for path, one in lists.items():
        for role in Role:
            for form in ("csv", "xlsx"):
                asked = f"{one.path}.{form}{query.get(path, '')}"
                async with office.client(role) as http, http.get(asked) as answer:
                    allowed = role in one.roles & exports.EXPORTERS
                    assert answer.status == (200 if allowed else 403), (role, path, await answer.text())


async def test_a_file_has_the_names_of_its_readers_language(office: Office) -> None:
    await office.business.departments.update(office.place.east, DepartmentChange(name_en="East depot"))
    below = await office.business.departments.create(DepartmentInput(name="城东一队", parent_id=office.place.east))
    by_language = {}
    for language in ("zh", "en"):
        found = await table(office, Role.SUPERVISOR, f"departments.csv?language={language}")
        by_language[language] = next(row for row in found[1:] if row[0] == below.name)
    assert (by_language["zh"][2], by_language["en"][2]) == ("城东维修工区", "East depot")


@pytest.mark.parametrize("path", ["tickets", "left-open", "service-levels/overdue"])
async def test_number_of_a_ticket_is_not_headed_as_that_of_a_telephone(office: Office, path: str) -> None:
    assert (await table(office, Role.SUPERVISOR, f"{path}.csv"))[0][0] == "工单号"
    assert (await table(office, Role.SUPERVISOR, f"{path}.csv?language=en"))[0][0] == "Ticket"


async def test_matters_by_channel_are_named_in_their_file(office: Office) -> None:
    filed = await office.business.tickets.file(office.place.fault(), AGENT)
    day = filed.registered_at.date()
    asked = f"since={day - timedelta(days=1)}&until={day + timedelta(days=2)}&by=whole&group=kind_and_channel"
    names = {}
    for language in ("zh", "en"):
        found = await table(office, Role.SUPERVISOR, f"reports/tickets.csv?{asked}&language={language}")
        names[language] = [row[3] for row in found[1:]]
    assert names == {"zh": ["报修 × 电话"], "en": ["fault report × phone"]}
