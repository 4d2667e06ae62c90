"""Figures of missed people: callers who did not reach an agent."""

from crm.reports.definitions.model import count, percent, time

RESCUE = [
    count(
        "people",
        "漏接人数",
        "missed people",
        "来电而未与坐席通话的人：放弃、非工作时间、留言、预约回拨、故障；通话前多次来电只计一次",
        "people who called and did not talk with an agent: abandoned, closed, a message, a call back, a failure; "
        "several calls before a talk count once",
    ),
    count("calls", "漏接来电", "missed calls", "漏接人的漏接来电数", "missed calls of these people"),
    count(
        "reached",
        "挽回人数",
        "reached",
        "漏接后与坐席通话的（任一方拨打）",
        "people who talked with an agent later: either side dialled",
    ),
    percent("reached_share", "挽回率", "reached, share", "挽回人数 ÷ 漏接人数", "reached ÷ missed people"),
    count("in_day", "24 小时内挽回", "reached in a day", "漏接后 24 小时内挽回的", "reached within 24 hours"),
    count(
        "settled",
        "无需回访",
        "settled",
        "未通话，但坐席记录为已联系、无需回拨或号码错误的",
        "no talk, but an agent stored that the caller was reached, needs no call, or that the number is wrong",
    ),
    count("open", "待挽回人数", "open", "漏接人数 − 挽回人数 − 无需回访", "missed people − reached − settled"),
    time(
        "time_p50_ms",
        "挽回用时中位数",
        "median time to reach",
        "从首次漏接到与坐席通话：最近秩法 50 百分位",
        "from the first missed call to the talk: 50th percentile by nearest rank",
    ),
    time(
        "time_p95_ms",
        "挽回用时 95 百分位",
        "95th percentile of times to reach",
        "从首次漏接到与坐席通话：最近秩法 95 百分位",
        "from the first missed call to the talk: 95th percentile by nearest rank",
    ),
]
"""Figures of missed people; a person counts in the time of the first missed call."""

HEAD = """
## Missed people

A person is a customer with all numbers, or a number. A person counts in the time of the first missed call, for the
queue of the last one. Calls without a number are of no person.
"""
