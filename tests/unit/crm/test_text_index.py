"""Texts are found by any part, and forgotten."""

from functools import partial
from typing import Any

import pytest
import sqlalchemy as sql

from ari_app.runtime.schema import METADATA
from crm.customers.model import CUSTOMER_TEXTS
from crm.customers.service import CustomerService
from crm.tickets.inputs import AppendToTicket, Reporter
from crm.tickets.listing import Filters, ListQuery, may_search_people
from crm.tickets.service import TicketService
from foundation import text_index, text_index_filling
from foundation.database import Database
from foundation.routes import Role
from foundation.text_index import grams, telling, variants
from tests.unit.crm.conftest import AGENT, Place


def test_grams_are_pairs_and_triples_of_letters_and_digits() -> None:
    assert grams("幸福路12号") == ["幸福", "福路", "路1", "12", "2号"]
    assert grams("ab-70001") == ["700", "000", "001", "ab", "b-", "-7"]
    assert grams("暖气") == ["暖气"]
    assert telling("幸福路123号5单元") == ["123", "路1", "3号", "号5"]


def test_telephone_numbers_are_found_as_people_write_them() -> None:
    assert variants("138 0000-0001") == ["138 0000-0001", "13800000001"]
    assert variants("0431-8888") == ["0431-8888", "04318888", "4318888"]
    assert variants("ZHAO") == ["zhao"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("秀英", True),
        ("设街8", True),
        ("建设", True),
        ("001000001", True),
        ("0000 0001", True),
        ("3800000", True),
        ("设建", False),
        ("街设", False),
        ("王英", False),
    ],
)
async def test_a_customer_is_found_by_any_part(database: Database, place: Place, text: str, found: bool) -> None:
    ids = [one.id for one in await CustomerService(database).search(text)]

    assert (place.wang.id in ids) is found


async def test_a_masked_number_is_not_found_by_its_parts(database: Database, place: Place) -> None:
    service = CustomerService(database)

    assert await service.search("380000", numbers=False) == []
    assert [one.id for one in await service.search("建设街", numbers=False)] == [place.wang.id]
    roles = (Role.AGENT, Role.DEPARTMENT, Role.QUALITY)
    assert [[may_search_people(text, role) for text in ("秀英", "8000")] for role in roles] == [
        [True, True],
        [True, False],
        [False, False],
    ]


async def test_a_ticket_is_found_by_its_texts_and_reporters(tickets: TicketService, place: Place) -> None:
    cold = await tickets.file(place.fault(description="卧室不热，50%_"), AGENT)
    other = await tickets.file(place.fault(address="和平路9号", subject="漏水"), AGENT)
    joining = AppendToTicket(text="我家也漏", reporter=Reporter(number="13900007777", name="赵六"))
    await tickets.append(other.id, joining, AGENT)

    async def listed(text: str, *, people: bool = True, **query: Any) -> list[str]:
        found = await tickets.page(ListQuery(text=text, **query), people=people)
        if not query:
            assert (await tickets.counts(Filters(text=text), None, people=people)).total == len(found)
        return [ticket.id for ticket in found]

    assert await listed("卧室不") == [cold.id]
    assert await listed("%_") == [cold.id]
    assert await listed("赵六") == [other.id]
    assert await listed("139 0000") == [other.id]
    assert await listed("139 0000", people=False) == []
    assert await listed("王秀") == [other.id, cold.id]
    assert await listed("王秀", limit=1, after=other.id) == [cold.id]
    assert await listed("王秀", sort="oldest") == [cold.id, other.id]
    assert await listed(cold.number[2:]) == [cold.id]
    assert await listed("路9号漏") == []


async def test_entries_follow_every_change_and_are_made_again(database: Database, place: Place) -> None:
    async def entries() -> dict[str, tuple[str, str]]:
        table = CUSTOMER_TEXTS.entries
        wanted = sql.select(table.c.id, table.c.words, table.c.people)
        rows = await database.look_up(lambda connection: connection.execute(wanted).all())
        return {row.id: (row.words, row.people) for row in rows}

    async def found(text: str) -> list[str]:
        ids = CUSTOMER_TEXTS.ids(dialect, text)
        return await database.look_up(lambda connection: list(connection.execute(ids).scalars()))

    dialect = "sqlite" if database.is_sqlite else "postgresql"
    before = await entries()
    assert before[place.wang.id] == ("6001000001\n王秀英\n建设街8号", "+8613800000001")
    await database.change(
        lambda connection: connection.execute(
            sql.text("UPDATE customer SET name = '' WHERE id = :id"), {"id": place.wang.id}
        )
    )
    assert (await entries())[place.wang.id][0] == "6001000001\n\n建设街8号"
    assert await found("秀英") == []

    def make_again(connection: sql.Connection) -> None:
        for statement in text_index.removals(METADATA, dialect):
            connection.exec_driver_sql(statement)
        text_index.install(connection, METADATA)

    kept = await entries()
    await database.change(make_again)
    assert await entries() == kept
    assert await found("李建") == [place.li.id]


async def test_older_rows_are_found_while_the_service_runs(
    tickets: TicketService, database: Database, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    filed = [
        await tickets.file(place.fault(address=f"和平路{number}号", subject=f"暖气 {number}"), AGENT)
        for number in range(7)
    ]

    async def listed(text: str) -> list[str]:
        return [ticket.id for ticket in await tickets.page(ListQuery(text=text))]

    def make_again(connection: sql.Connection) -> None:
        for statement in text_index.removals(METADATA, connection.dialect.name):
            connection.exec_driver_sql(statement)
        text_index.install(connection, METADATA)

    # As an upgrade of a large database leaves it: only the newest rows have entries.
    monkeypatch.setattr(text_index, "FILLED_AT_ONCE", 2)
    await database.change(make_again)
    assert await listed("暖气") == [one.id for one in (filed[6], filed[5])]
    # Changes go on: of a row with an entry, of one without, and a new one.
    for one, name in ((filed[6], "孙七"), (filed[0], "周八")):
        reporter = Reporter(number="13900007777", name=name)
        await tickets.append(one.id, AppendToTicket(text="我家也是", reporter=reporter), AGENT)
    newest = await tickets.file(place.fault(address="和平路7号", subject="暖气 7"), AGENT)
    monkeypatch.setattr(text_index_filling, "AT_ONCE", 2)
    await text_index_filling.TextIndexFilling(database, METADATA).run()
    assert await listed("暖气") == [newest.id, *(one.id for one in reversed(filed))]
    assert [await listed(name) for name in ("孙七", "周八")] == [[filed[6].id], [filed[0].id]]
    for index in text_index.indexes(METADATA):
        assert await database.change(partial(text_index.fill, index=index, rows=1)) is False
