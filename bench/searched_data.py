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
    "ticket (id, number, kind, channel, status, customer_id, category_id, department_id, person_id, subject, "
    "description, address, address_key, address_tail, area, urgency, form, form_version, visit_booked, urge_count, "
    "redo_count, shared, escalated, added_to, reply, closing_reason, registered_at, closed_at, version)"
)
CLOCK = (
    "ticket_clock (ticket_id, clock, round, department_id, policy_version, round_the_clock, allowed_s, started_at, "
    "due_at, remaining_s, edition, next_step)"
)
CATEGORIES, DEPARTMENTS, PEOPLE, AREAS = 40, 20, 200, 500
OPEN_OF = 33
"""One ticket in so many is open, the newest ones."""


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
    for into, values, first, end in _inserts(dialect == "sqlite", rows):
        statement = f"INSERT INTO {into} SELECT {values} FROM {_numbers(dialect == 'sqlite', first, end)}"  # noqa: S608
        connection.exec_driver_sql(statement if dialect == "sqlite" else statement.replace("%", "%%"))


def _numbers(sqlite: bool, first: int, end: int) -> str:
    if not sqlite:
        return f"generate_series({first}, {end - 1}) AS n(i)"
    counted = f"SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {end}"  # noqa: S608 - all of it is ours
    return f"(WITH RECURSIVE n(i) AS ({counted}) SELECT i FROM n)"  # noqa: S608 - all of it is ours


def _inserts(sqlite: bool, rows: int) -> list[tuple[str, str, int, int]]:
    """Return each table's values, and the range of its rows' numbers."""
    false, true = ("0", "1") if sqlite else ("false", "true")

    def pad(head: str, digits: int, value: str = "i") -> str:
        if sqlite:
            return f"printf('{head}%0{digits}d', {value})"
        return f"'{head}' || lpad(({value})::text, {digits}, '0')"

    def moment(later_s: int = 0) -> str:
        ago = f"({rows} - i) * {SECONDS / rows!r} - {later_s}"
        if sqlite:
            return f"strftime('%Y-%m-%d %H:%M:%f000', strftime('%s', 'now') - ({ago}), 'unixepoch')"
        return f"now() - make_interval(secs => {ago})"

    who = f"{_pick(FAMILY, 'i')} || {_pick(GIVEN, 'i / 7')} || {_pick(GIVEN, 'i / 211')}"
    number, unit, flat = (f"CAST(i % {many} AS TEXT)" for many in (997, 31, 1201))
    where = f"{_pick(ROADS, 'i / 3', 2)} || '路' || {number} || '号' || {unit} || '单元' || {flat}"
    phone = pad("+8613", 9, "(CAST(i AS BIGINT) * 7919 + 104729) % 1000000000")
    customer, ticket = pad("customer-", 26), pad("ticket-", 26)
    category, department = pad("category-", 26, f"i % {CATEGORIES}"), pad("department-", 26, f"i / 3 % {DEPARTMENTS}")
    person = pad("staff-", 26, f"i % {PEOPLE}")
    facts = f"'', 'C', 0, {true}, 'zh', 'unknown', '', {false}, '', '', ''"
    first_open = rows - rows // OPEN_OF
    is_open = f"i >= {first_open}"
    status = (
        f"CASE WHEN NOT {is_open} THEN 'archived' WHEN i % 3 = 0 THEN 'registered' WHEN i % 3 = 1 THEN 'dispatched' "
        "ELSE 'signed' END"
    )
    is_with = f"NOT ({is_open} AND i % 3 = 0)"
    state = (
        f"{pad('片区', 5, f'i % {AREAS}')}, CASE WHEN i % 1000 = 5 THEN 'critical' ELSE 'normal' END, '{{}}', 0, "
        f"{false}, 0, 0, {false}, CASE WHEN i % 50000 = 7 THEN {true} ELSE {false} END, {false}, '', ''"
    )
    tickets = (
        f"{ticket}, {pad('26', 9)}, "
        "CASE WHEN i % 500 = 1 THEN 'suggestion' WHEN i % 7 = 0 THEN 'complaint' ELSE 'fault' END, "
        f"CASE WHEN i % 2000 = 3 THEN 'letter' ELSE 'phone' END, {status}, {customer}, {category}, "
        f"CASE WHEN {is_with} THEN {department} END, CASE WHEN {is_with} THEN {person} END, {_choose(SUBJECTS, 'i')}, "
        f"{_choose(WORDS, 'i / 5')}, {where}, {where}, {where}, {state}, {moment()}, "
        f"CASE WHEN NOT {is_open} THEN {moment(86_400)} END, 1"
    )
    clock = (
        f"{ticket}, 'resolve', 1, CASE WHEN {is_with} THEN {department} END, 0, {false}, 259200, {moment()}, "
        f"{moment(3 * 86_400)}, 0, 1, 0"
    )
    role, none = pad("9", 6), "''"
    return [
        (
            "department (id, name, area, active, created_at)",
            f"{pad('department-', 26)}, {pad('工区', 3)}, {none}, {true}, {moment()}",
            0,
            DEPARTMENTS,
        ),
        ("category (id, name, active)", f"{pad('category-', 26)}, {pad('原因', 3)}, {true}", 0, CATEGORIES),
        (
            "staff (id, staff_number, name, role, password_hash, password_one_time, queues, skills, language, active, "
            "created_at)",
            f"{pad('staff-', 26)}, {role}, {who}, 'department', {none}, {false}, '[]', '{{}}', 'zh', {true}, "
            f"{moment()}",
            0,
            PEOPLE,
        ),
        (CUSTOMER, f"{customer}, {pad('6', 12)}, {who}, {where}, {facts}, {moment()}, 1", 0, rows),
        ("customer_phone (number, customer_id, extension, current)", f"{phone}, {customer}, '', {true}", 0, rows),
        (TICKET, tickets, 0, rows),
        (
            "ticket_reporter (id, ticket_id, customer_id, number, extension, name, at)",
            f"{pad('reporter-', 26)}, {ticket}, {customer}, {phone}, '', {who}, {moment()}",
            0,
            rows,
        ),
        (CLOCK, clock, first_open, rows),
    ]


def _pick(letters: str, value: str, width: int = 1) -> str:
    return f"substr('{letters}', (({value}) % {len(letters) // width}) * {width} + 1, {width})"


def _choose(texts: Sequence[str], value: str) -> str:
    whens = " ".join(f"WHEN {number} THEN '{text}'" for number, text in enumerate(texts))
    return f"CASE ({value}) % {len(texts)} {whens} END"
