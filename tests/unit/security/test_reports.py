"""Reports over HTTP: roles, refused fields, and the table."""

from foundation.routes import Role
from tests.unit.security.conftest import Office

ASKED = {"since": "2026-11-26", "until": "2026-11-29"}


async def test_reports_are_for_leaders_and_quality_and_name_a_wrong_field(office: Office) -> None:
    reports = [f"/reports/{of}{kind}" for of in ("calls", "tickets") for kind in ("", ".csv", ".xlsx")]
    paths = [*reports, "/reports/standards", "/reports/now", "/reports/configured-standards", "/figure-definitions"]
    allowed = {Role.SUPERVISOR, Role.ADMINISTRATOR, Role.QUALITY}
    for role in office.tokens:
        async with office.client(role) as http:
            for path in paths:
                given = {} if path in paths[-3:] else ASKED
                async with http.get(f"/api/v1{path}", params=given) as answer:
                    assert answer.status == (200 if role in allowed else 403), (role, path)
    async with office.client(Role.QUALITY) as http:
        for wrong, field in (
            ({"until": "2026-11-26"}, "until"),
            ({"by": "hour", "until": "2026-12-25"}, "until"),
            ({"by": "minute"}, "by"),
            ({"group": "colour"}, "group"),
            ({"within_s": "0"}, "within_s"),
        ):
            async with http.get("/api/v1/reports/calls", params=ASKED | wrong) as answer:
                problem = await answer.json()
                assert (answer.status, [one["field"] for one in problem["errors"]]) == (422, [field])
        for given, headings in (
            ({"codes": "true"}, "since,until,key,name,incoming,offered"),
            ({}, "开始,结束,代码,名称,呼入量,排队量"),
            ({"language": "en"}, "From,Until,Code,Name,Incoming"),
        ):
            async with http.get("/api/v1/reports/calls.csv", params=ASKED | given) as answer:
                assert answer.content_type == "text/csv"
                assert (await answer.text()).lstrip("\ufeff").startswith(headings)
