"""Figures of calls."""

from crm.reports.definitions.model import count, percent, time

CALLS = [
    count("incoming", "呼入量", "incoming", "全部呼入通话", "all inbound calls"),
    count("offered", "排队量", "offered", "进入过队列的呼入通话", "inbound calls that joined a queue"),
    count("answered", "接通量", "answered", "排队量中与坐席通话的", "offered calls that were bridged with an agent"),
    count(
        "abandoned",
        "放弃量",
        "abandoned",
        "排队量中来电人先挂机的",
        "offered calls that the caller ended before an agent",
    ),
    count(
        "short_abandoned",
        "短放弃量",
        "short abandons",
        "放弃量中等待少于短放弃时限（默认 5 秒）的",
        "abandoned, wait below the limit of short abandons (5 s by default)",
    ),
    count(
        "other",
        "其他结果",
        "other outcomes",
        "排队量 − 接通量 − 放弃量，如留言、故障、失联",
        "offered − answered − abandoned, such as a message left, a failure, a lost call",
    ),
    count("answered_in_15_s", "15 秒内接通", "answered in 15 s", "接通量中等待不超过 15 秒的", "answered, wait ≤ 15 s"),
    count("answered_in_20_s", "20 秒内接通", "answered in 20 s", "接通量中等待不超过 20 秒的", "answered, wait ≤ 20 s"),
    count(
        "answered_within",
        "时限内接通",
        "answered in time",
        "接通量中等待不超过接通时限（默认 20 秒）的",
        "answered, wait ≤ the limit to answer (20 s by default)",
    ),
    count(
        "abandoned_within",
        "时限内放弃",
        "abandoned in time",
        "放弃量中等待不超过接通时限（默认 20 秒）的",
        "abandoned, wait ≤ the limit to answer (20 s by default)",
    ),
    percent(
        "level_of_offered",
        "服务水平（占排队量）",
        "service level of offered",
        "时限内接通 ÷ 排队量",
        "answered in time ÷ offered",
    ),
    percent(
        "level_without_short",
        "服务水平（不计短放弃）",
        "service level without short abandons",
        "时限内接通 ÷（排队量 − 短放弃量）",
        "answered in time ÷ (offered − short abandons)",
    ),
    percent(
        "level_with_abandoned",
        "服务水平（计入时限内放弃）",
        "service level with abandons",
        "（时限内接通 + 时限内放弃）÷ 排队量",
        "(answered in time + abandoned in time) ÷ offered",
    ),
    time(
        "wait_p50_ms",
        "等待中位数",
        "median wait",
        "排队量的等待时间：最近秩法 50 百分位，一分钟内向上取整到 0.1 秒，以上到 1 秒，不超过最长等待",
        "waits of offered calls: 50th percentile by nearest rank, rounded up to 0.1 s up to a minute, to 1 s beyond, "
        "never above the longest wait",
    ),
    time(
        "wait_p95_ms",
        "等待 95 百分位",
        "95th percentile of waits",
        "排队量的等待时间：最近秩法 95 百分位，一分钟内向上取整到 0.1 秒，以上到 1 秒，不超过最长等待",
        "waits of offered calls: 95th percentile by nearest rank, rounded up to 0.1 s up to a minute, to 1 s beyond, "
        "never above the longest wait",
    ),
    time("longest_wait_ms", "最长等待", "longest wait", "排队量中最长的等待时间", "longest wait of offered calls"),
    count(
        "talks",
        "通话量",
        "talks",
        "呼入和呼出中结果为接通的通话",
        "inbound and outbound calls with the outcome answered",
    ),
    count("dialled", "呼出接通量", "dialled", "通话量中呼出的", "outbound calls among the talks"),
    count(
        "transferred",
        "转接量",
        "transferred",
        "接通量中由坐席转给他人的",
        "answered calls that an agent handed on to another party",
    ),
    time("talk_ms", "通话时长", "talk time", "通话量的通话时长之和", "sum of the talk times of the talks"),
    time(
        "held_ms",
        "保持时长",
        "hold time",
        "通话量中对方听音乐的时长之和",
        "sum of the times in which the other party of the talks heard music",
    ),
]
"""Figures of calls; a call counts in the time in which it began."""

HEAD = """
## Calls

A call counts in the time in which it began, for the queue and the agent that its record names: the last ones. A call
that is not over has no record yet.
"""
