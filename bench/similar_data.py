"""Databases as a hotline has them after years: customers with telephones, tickets of which few are open, reporters."""

from bench.history_data import CALL_COLUMNS, Filling, Words

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


def _rows(words: Words) -> list[tuple[str, str, str]]:
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
    ticket = (
        f"{words.number('ticket-', 26, 'i')}, {words.number('26', 9, 'i')}, 'fault', "
        f"CASE WHEN {is_open} THEN 'dispatched' ELSE 'archived' END, {customer}, {subject}, {description}, "
        f"{household} || '号', {household}, {area}, {words.number('category-', 26, f'i % {CATEGORIES}')}, "
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
    "id, number, kind, status, customer_id, subject, description, address, address_key, area, category_id, "
    "form, registered_at, closed_at"
)
CUSTOMER_COLUMNS = "id, account_number, name, address, area, created_at"
HOTLINE = Filling(
    "hotline",
    {"customer": 1, "customer_phone": 1, "ticket": 10, "ticket_reporter": 10, "call_record": 4},
    _rows,
    (
        "ix_ticket_customer_id_registered_at",
        "ix_ticket_open_",
        "ix_ticket_reporter_",
        "ix_call_record_customer_id_started_at",
        "ix_call_record_number",
        "ix_customer_phone_",
    ),
)
