"""Customers and tickets with many names, places and numbers, to be searched."""

from collections.abc import Sequence

from sqlalchemy import Connection

from ari_app.runtime.schema import METADATA
from foundation import text_index

SECONDS = 3 * 365 * 86_400
"""Tickets of three years."""
FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂玲文华红玉萍建国志海燕春梅鹏宇浩"
ROADS = "幸福和平建设人民解放中山胜利友谊新华文化光明长江黄河"
"""Names of roads, of two characters each."""
SUBJECTS = ("暖气不热", "阀门漏水", "管道爆裂", "室温不达标", "收费疑问", "停暖未通知", "维修态度差", "暖气片异响")
WORDS = (
    "卧室暖气片上半部不热，请尽快上门",
    "入户阀门一直滴水，要求维修",
    "楼道主管道漏水，请立即关阀",
    "老人小孩感冒了，要求测温退费",
)
CUSTOMER = (
    "customer (id, account_number, name, address, area, grade, arrears_cents, contract_active, language, consent, "
    "consent_source, do_not_call, do_not_call_source, notes, legal_hold, created_at, version)"
)
TICKET = (
    "ticket (id, number, kind, channel, status, customer_id, subject, description, address, address_key, "
    "address_tail, area, urgency, form, form_version, visit_booked, urge_count, redo_count, shared, escalated, "
    "added_to, reply, closing_reason, registered_at, version)"
)


def name_of(number: int) -> str:
    """Return the name of a customer."""
    return FAMILY[number % len(FAMILY)] + GIVEN[number // 7 % len(GIVEN)] + GIVEN[number // 211 % len(GIVEN)]


def place_of(number: int) -> str:
    """Return the beginning of a customer's address."""
    road = number // 3 % (len(ROADS) // 2) * 2
    return f"{ROADS[road : road + 2]}路{number % 997}号{number % 31}单元"


def digits_of(number: int) -> str:
    """Return the telephone number of a customer, without the country."""
    return f"13{(number * 7919 + 104_729) % 1_000_000_000:09d}"


def fill(connection: Connection, rows: int) -> None:
    """Fill a database without text indexes."""
    dialect = connection.dialect.name
    for statement in text_index.removals(METADATA, dialect):
        connection.exec_driver_sql(statement)
    for into, values in _inserts(dialect == "sqlite", rows).items():
        statement = f"INSERT INTO {into} SELECT {values} FROM {_numbers(dialect == 'sqlite', rows)}"  # noqa: S608
        connection.exec_driver_sql(statement if dialect == "sqlite" else statement.replace("%", "%%"))


def _numbers(sqlite: bool, rows: int) -> str:
    if not sqlite:
        return f"generate_series(0, {rows - 1}) AS n(i)"
    counted = f"SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {rows}"  # noqa: S608 - all of it is ours
    return f"(WITH RECURSIVE n(i) AS ({counted}) SELECT i FROM n)"  # noqa: S608 - all of it is ours


def _inserts(sqlite: bool, rows: int) -> dict[str, str]:
    """Return each table's values, as SQL over a row's number."""
    false, true = ("0", "1") if sqlite else ("false", "true")

    def pad(head: str, digits: int, value: str = "i") -> str:
        if sqlite:
            return f"printf('{head}%0{digits}d', {value})"
        return f"'{head}' || lpad(({value})::text, {digits}, '0')"

    ago = f"({rows} - i) * {SECONDS / rows!r}"
    moment = (
        f"strftime('%Y-%m-%d %H:%M:%f000', strftime('%s', 'now') - {ago}, 'unixepoch')"
        if sqlite
        else f"now() - make_interval(secs => {ago})"
    )
    who = f"{_pick(FAMILY, 'i')} || {_pick(GIVEN, 'i / 7')} || {_pick(GIVEN, 'i / 211')}"
    number, unit, flat = (f"CAST(i % {many} AS TEXT)" for many in (997, 31, 1201))
    where = f"{_pick(ROADS, 'i / 3', 2)} || '路' || {number} || '号' || {unit} || '单元' || {flat}"
    phone = pad("+8613", 9, "(CAST(i AS BIGINT) * 7919 + 104729) % 1000000000")
    customer, ticket = pad("customer-", 26), pad("ticket-", 26)
    facts = f"'', 'C', 0, {true}, 'zh', 'unknown', '', {false}, '', '', ''"
    state = f"'', '', '', 'normal', '{{}}', 0, {false}, 0, 0, {false}, {false}, {false}, '', ''"
    return {
        CUSTOMER: f"{customer}, {pad('6', 12)}, {who}, {where}, {facts}, {moment}, 1",
        "customer_phone (number, customer_id, extension, current)": f"{phone}, {customer}, '', {true}",
        TICKET: f"{ticket}, {pad('26', 9)}, 'fault', 'phone', 'archived', {customer}, {_choose(SUBJECTS, 'i')}, "
        f"{_choose(WORDS, 'i / 5')}, {where}, {state}, {moment}, 1",
        "ticket_reporter (id, ticket_id, customer_id, number, extension, name, at)": f"{pad('reporter-', 26)}, "
        f"{ticket}, {customer}, {phone}, '', {who}, {moment}",
    }


def _pick(letters: str, value: str, width: int = 1) -> str:
    return f"substr('{letters}', (({value}) % {len(letters) // width}) * {width} + 1, {width})"


def _choose(texts: Sequence[str], value: str) -> str:
    whens = " ".join(f"WHEN {number} THEN '{text}'" for number, text in enumerate(texts))
    return f"CASE ({value}) % {len(texts)} {whens} END"
