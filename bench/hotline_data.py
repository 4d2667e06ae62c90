"""Rows of a hotline after years: customers, telephones, tickets, reporters, calls.

Few of the tickets are open.
"""

from collections.abc import Callable
from dataclasses import dataclass

EACH = {"customer": 1, "customer_phone": 1, "ticket": 10, "ticket_reporter": 10, "call_record": 4}
"""How many rows of each table every customer has; older calls would only cost loading time."""
EVERY_S = 10 * 86_400
"""Each customer has a ticket and a call every ten days: three in the last 30, never side by side in the table."""
STEP = 7919
"""A prime that scatters consecutive tickets over the customers."""
INDEXES = (
    "ix_ticket_customer_id_registered_at",
    "ix_ticket_open_",
    "ix_ticket_reporter_",
    "ix_call_record_customer_id_started_at",
    "ix_call_record_number",
    "ix_customer_phone_",
)
"""Those that are built, as beginnings of names: no measured query can use the others, which only cost loading time."""

CUSTOMERS_OF_AREA = 1_000
"""An area stays as large as it is however many there are: about 200 of its tickets are open."""
CATEGORIES = 40
OPEN_OF = 50
"""One ticket in so many is open, of every category."""
PROBLEMS = (
    ("暖气不热", "卧室暖气片上半部不热，室温约十六度，请尽快上门检查处理。"),
    ("阀门漏水", "入户阀门处一直滴水，已用盆接着，地板快要泡了，要求尽快维修。"),
    ("管道爆裂", "楼道主管道爆裂，热水漫到电梯口，请立即派人关阀抢修。"),
    ("室温不达标", "全天室温只有十五度，老人小孩感冒了，要求测温并退费。"),
    ("收费疑问", "今年的采暖费比去年多了三百元，不知道按什么面积计算。"),
    ("停暖未通知", "昨天下午突然停暖，没有收到任何通知，询问何时恢复。"),
    ("维修态度差", "维修人员上门态度恶劣，没有修好就走了，还收了材料费。"),
    ("暖气片异响", "夜里暖气片有敲击声，影响休息，怀疑管道里有空气。"),
)


@dataclass(frozen=True)
class Words:
    """SQL of one database for computed values; `i` is the row number."""

    number: Callable[[str, int, str], str]
    """Text that begins so, and goes on with so many digits of an expression."""
    customer: str
    """The number of the customer the row belongs to."""
    moment: str
    """When it was."""
    false: str


def rows_of(words: Words) -> list[tuple[str, str, str]]:
    """Return each table's name, columns and values.

    Only open tickets have a long text: no query reads the text of others.
    """
    customer = words.number("customer-", 26, words.customer)
    area = words.number("片区", 5, f"{words.customer} / {CUSTOMERS_OF_AREA}")
    own = words.number("customer-", 26, "i")
    own_area = words.number("片区", 5, f"i / {CUSTOMERS_OF_AREA}")
    is_open = f"(i / {CATEGORIES}) % {OPEN_OF} = 7"
    subject, description = (
        "CASE i % 8 " + " ".join(f"WHEN {n} THEN '{pair[at]}'" for n, pair in enumerate(PROBLEMS)) + " END"
        for at in (0, 1)
    )
    household = words.number("幸福路", 8, words.customer)
    tail = words.number("福路", 8, words.customer)
    ticket = (
        f"{words.number('ticket-', 26, 'i')}, {words.number('26', 9, 'i')}, 'fault', "
        f"CASE WHEN {is_open} THEN 'dispatched' ELSE 'archived' END, {customer}, {subject}, "
        f"CASE WHEN {is_open} THEN {description} ELSE '已处理' END, "
        f"{household} || '号', {household}, {tail}, {area}, {words.number('category-', 26, f'i % {CATEGORIES}')}, "
        f"'{{}}', {words.moment}, CASE WHEN {is_open} THEN NULL ELSE {words.moment} END"
    )
    reporter = (
        f"{words.number('reporter-', 26, 'i')}, {words.number('ticket-', 26, 'i')}, {customer}, "
        f"{words.number('+86138', 8, words.customer)}, '王秀英', {words.moment}"
    )
    call = (
        f"{words.number('call-', 26, 'i')}, 'inbound', {words.number('+86138', 8, words.customer)}, '96001', "
        f"{customer}, 'repair', {words.moment}, 'answered', 12000, 95000, 'caller', '[\"3\"]'"
    )
    person = (
        f"{own}, {words.number('6', 12, 'i')}, '王秀英', {words.number('幸福路', 8, 'i')} || '号', {own_area}, "
        f"{words.moment}"
    )
    phone = f"{words.number('+86138', 8, 'i')}, {own}"
    return [
        ("customer", CUSTOMER_COLUMNS, person),
        ("customer_phone", "number, customer_id", phone),
        ("ticket", TICKET_COLUMNS, ticket),
        ("ticket_reporter", "id, ticket_id, customer_id, number, name, at", reporter),
        ("call_record", CALL_COLUMNS, call),
    ]


TICKET_COLUMNS = (
    "id, number, kind, status, customer_id, subject, description, address, address_key, address_tail, area, "
    "category_id, form, registered_at, closed_at"
)
CUSTOMER_COLUMNS = "id, account_number, name, address, area, created_at"
CALL_COLUMNS = (
    "id, direction, number, access_number, customer_id, queue, started_at, outcome, wait_ms, talk_ms, hangup_by, keys"
)
