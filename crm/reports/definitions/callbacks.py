"""Figures of calls back that callers asked for while they waited."""

from crm.reports.definitions.model import count, percent, time

CALLBACKS = [
    count("asked", "预约回拨量", "asked for", "排队时预约回拨的来电人", "callers in line who asked to be called back"),
    count(
        "kept",
        "已履约量",
        "kept",
        "预约回拨量中已拨打的：接通、多次无人接听，或由坐席手动回拨",
        "asked for, and called: reached, not answered in all attempts, or taken by an agent from the list",
    ),
    percent(
        "kept_share",
        "履约率",
        "kept, share",
        "已履约量 ÷（预约回拨量 − 自行再次来电 − 待回拨）",
        "kept ÷ (asked for − called again − open)",
    ),
    count("reached", "回拨接通量", "reached", "回拨时与坐席通话的", "called back, and talked with an agent"),
    percent("reached_share", "回拨接通率", "reached, share", "回拨接通量 ÷ 已履约量", "reached ÷ kept"),
    count(
        "came_back",
        "自行再次来电",
        "called again",
        "回拨之前自己再次来电的",
        "callers who dialled again before they were called",
    ),
    count("taken", "坐席手动回拨", "taken by hand", "坐席从未接来电中手动回拨的", "agents called from the list"),
    count(
        "given_up",
        "放弃回拨",
        "given up",
        "多次无人接听、所选时段已过，或号码无法拨打",
        "not answered in all attempts, the chosen time over, or a number that cannot be dialled",
    ),
    count("open", "待回拨", "open", "尚未结束的", "not over yet"),
    time(
        "time_p50_ms",
        "回拨用时中位数",
        "median time to call back",
        "回拨接通的：从开始排队（或所选时段开始）到与坐席通话，最近秩法 50 百分位",
        "of those reached, from joining the queue, or the begin of the chosen time, to talking with an agent: "
        "50th percentile by nearest rank",
    ),
    time(
        "time_p95_ms",
        "回拨用时 95 百分位",
        "95th percentile of times to call back",
        "回拨接通的：从开始排队（或所选时段开始）到与坐席通话，最近秩法 95 百分位",
        "of those reached, from joining the queue, or the begin of the chosen time, to talking with an agent: "
        "95th percentile by nearest rank",
    ),
]
"""Figures of calls back; a call back counts in the time in which its caller joined the queue."""

HEAD = """
## Calls back

A call back counts in the time in which its caller joined the queue.
"""
