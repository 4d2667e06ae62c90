"""No query of a page reads a large table whole."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sql
from sqlalchemy import Connection, event

from crm.customers.model import CustomerInput
from foundation.clock import utc_now
from foundation.routes import Role
from tests.unit.crm.conftest import AGENT, SUPERVISOR
from tests.unit.security.conftest import Office

pytestmark = pytest.mark.server

LARGE = frozenset(
    {
        *("customer", "customer_phone", "customer_audit", "customer_search"),
        *("ticket", "ticket_reporter", "ticket_log", "ticket_clock", "ticket_search", "ticket_attachment"),
        *("call_record", "recording", "notice_delivery", "outbox", "survey_answer", "audit_entry"),
    }
)
"""Tables that grow with every customer, ticket or call."""
SOON = (utc_now() + timedelta(days=1)).isoformat()
LATELY = (utc_now() - timedelta(days=7)).isoformat()
OPEN = "status=dispatched&status=signed&status=parked"
ASKED = [
    *("/tickets?status=registered&sort=oldest", "/tickets?escalated=true&sort=oldest", "/tickets?status=archived"),
    *(
        f"/tickets?{OPEN}&sort=oldest",
        f"/tickets?{OPEN}&overdue=true",
        f"/tickets?{OPEN}&overdue=false&due_before={{soon}}",
    ),
    *(
        f"/tickets?{OPEN}&person_id={{person}}",
        "/tickets?customer_id={customer}",
        "/tickets?reporter_number=13800000001",
    ),
    *("/tickets?text=暖气", "/tickets?text=13800", "/tickets?text=暖气&sort=oldest", "/tickets?number=26113000001"),
    *("/tickets?kind=fault", "/tickets?channel=web", "/tickets?urgency=critical", "/tickets?area=城东"),
    *("/tickets?category_id={category}", "/tickets?person_id={person}", "/tickets?after={ticket}"),
    *(
        "/tickets?department_id={department}",
        f"/tickets?department_id={{department}}&{OPEN}",
        f"/tickets?department_id={{department}}&{OPEN}&overdue=true",
        f"/ticket-counts?department_id={{department}}&{OPEN}&overdue=false&due_before={{soon}}",
        "/tickets?since={lately}",
    ),
    *(
        f"/ticket-counts?{OPEN}",
        f"/ticket-counts?{OPEN}&overdue=true",
        "/ticket-counts?text=暖气",
        "/ticket-counts?kind=fault",
    ),
    *(
        "/customers?text=王秀",
        "/customers?text=13800000001",
        "/customers?text=6001",
        "/customers?text=3800",
        "/customers?text=秀英",
    ),
]
"""Filters that pages combine, beside every list without any."""


async def test_no_page_reads_a_large_table_whole(office: Office) -> None:
    found = await asked(office)

    def scans(connection: Connection) -> set[str]:
        return {
            f"{where}: {table}: {statement}"
            for statement, (given, where) in found.items()
            for table in whole(connection, statement, given)
        }

    assert len(found) > 100
    found_scans = sorted(await office.database.change(scans))
    assert not found_scans, "\n\n".join(found_scans)


async def test_a_departments_late_tickets_are_found_without_the_clocks_of_others(office: Office) -> None:
    found = await asked(office)

    def of_late_clocks(connection: Connection) -> set[str]:
        if connection.dialect.name != "sqlite":
            # Its planner chooses between the two by itself.
            return set()
        return {
            where
            for statement, (given, where) in found.items()
            if "department_id=" in where
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            if "ix_ticket_clock_running" in step.detail
        }

    assert any("department_id=" in where and "overdue" in where for _, where in found.values())
    assert await office.database.change(of_late_clocks) == set()


async def asked(office: Office) -> dict[str, tuple[Any, str]]:
    """Ask every list; return each statement, its values and its first asker."""
    person = CustomerInput(account_number="70010001", name="赵敏", phones=["13800000077"], address="幸福路3号")
    customer = await office.business.customers.create(person)
    ticket = await office.business.tickets.file(office.place.fault(), AGENT)
    await office.business.tickets.dispatch(ticket.id, office.place.east, SUPERVISOR)
    names = {"customer": customer.id, "ticket": ticket.id, "soon": SOON, "lately": LATELY, "person": "staff-1"}
    names |= {"category": office.place.cold, "department": office.place.east}
    lists = [
        route.path.removeprefix("/api/v1")
        for route in office.server.routes
        if route.method == "GET" and "{" not in route.path
    ]
    ids = {"customer_id": customer.id, "ticket_id": ticket.id}
    lists += [
        route.path.removeprefix("/api/v1").format(**ids)
        for route in office.server.routes
        if route.method == "GET" and set(re.findall(r"{(\w+)}", route.path)) in ({"customer_id"}, {"ticket_id"})
    ]
    wanted = [one.format(**names) for one in ASKED]
    found: dict[str, tuple[Any, str]] = {}
    where = ""

    @event.listens_for(office.database.engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            found.setdefault(statement, (given, where))

    for role in (Role.SUPERVISOR, Role.DEPARTMENT):
        async with office.client(role) as http:
            for path in (*lists, *wanted):
                where = f"{role} {path}"
                async with http.get(f"/api/v1{path}".replace("+", "%2B")) as answer:
                    await answer.read()
                    assert answer.status in ({200, 403} if path in wanted else {200, 400, 403, 404, 422}), where
            async with http.post(
                "/api/v1/similar-tickets", json={"address": "幸福路12号3单元402", "text": "暖气不热"}
            ) as answer:
                await answer.read()
    event.remove(office.database.engine, "before_cursor_execute", note)
    return found


def whole(connection: Connection, statement: str, given: Any) -> Iterator[str]:
    """Yield the large tables that a statement reads from end to end.

    A list with a limit may read in the order of an index until it has its page. An index of a part of the table, such
    as the open tickets, does not grow with the table.
    """
    limited = "LIMIT" in statement
    if connection.dialect.name == "sqlite":
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given).all()
        sorting = {step.parent for step in steps if re.search("TEMP B-TREE FOR (ORDER|GROUP|DISTINCT)", step.detail)}
        # What a page inside the statement is joined with has no limit of its own.
        unlimited = set() if "LIMIT" in statement.rpartition(")")[2] else {0}
        for step in steps:
            read = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", step.detail)
            ordered = limited and step.parent not in sorting | unlimited
            if read is not None and read[1] in LARGE and not ordered and read[2] not in _parts(connection):
                yield read[1]
        return
    # A table this small is read whole by preference.
    connection.execute(sql.text("SET LOCAL enable_seqscan = off"))
    (plan,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", given).scalars()
    yield from _whole_of((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"], limited, _parts(connection))


def _parts(connection: Connection) -> set[str]:
    """Return the names of the indexes of a part of a table."""
    if connection.dialect.name == "sqlite":
        asked = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'"
    else:
        asked = "SELECT indexrelid::regclass::text FROM pg_index WHERE indpred IS NOT NULL"
    return set(connection.execute(sql.text(asked)).scalars())


def _whole_of(node: dict[str, Any], limited: bool, parts: set[str]) -> Iterator[str]:
    is_table = node["Node Type"] == "Seq Scan"
    is_index = node["Node Type"] in {"Index Scan", "Index Only Scan"} and "Index Cond" not in node
    if node.get("Relation Name") in LARGE and (
        is_table or (is_index and not limited and node["Index Name"] not in parts)
    ):
        yield node["Relation Name"]
    for below in node.get("Plans", []):
        yield from _whole_of(below, limited, parts)
