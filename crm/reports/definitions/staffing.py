"""Figures of a staffing plan."""

from crm.reports.definitions.model import count, number, percent, time

STAFFING = [
    number(
        "calls",
        "预计来电",
        "expected calls",
        "前几周同一星期几、同一半小时的平均排队量",
        "mean of offered in this half hour of the same weekdays before",
    ),
    time(
        "handling_ms",
        "处理时长",
        "handling time",
        "平均通话时长 + 平均话后时长；少于 5 个通话的半小时用全天平均",
        "mean talk time + mean wrap-up; that of the whole day for a half hour with less than 5 talks",
    ),
    number("erlangs", "话务量", "traffic", "预计来电 × 处理时长 ÷ 30 分钟", "expected calls × handling time ÷ 30 min"),
    count(
        "needed",
        "需要坐席",
        "agents needed",
        "达到目标服务水平的最少坐席数（Erlang C；选 Erlang A 时计入放弃）",
        "fewest agents who reach the service level, by Erlang C, or by Erlang A with callers who give up",
    ),
    count("rostered", "排班人数", "agents to roster", "需要坐席 ÷（1 − 损耗率）", "agents needed ÷ (1 − shrinkage)"),
    percent(
        "level",
        "预计服务水平",
        "expected service level",
        "需要坐席下的服务水平",
        "service level with the agents needed",
    ),
    time("mean_wait_ms", "预计平均等待", "expected wait", "需要坐席下的平均等待", "mean wait with the agents needed"),
    percent("occupancy", "预计占用率", "expected occupancy", "需要坐席下的占用率", "occupancy with the agents needed"),
    number(
        "there",
        "当时在岗",
        "agents there",
        "这些日子同一半小时签入且未示忙的平均人数",
        "mean number of agents signed in and not paused on those days",
    ),
    percent(
        "level_there",
        "在岗人数的服务水平",
        "service level with those there",
        "按当时在岗人数（向下取整）计算的服务水平",
        "service level that the formula gives for the agents there, rounded down",
    ),
]
"""Figures of a staffing plan."""

HEAD = """
## Staffing

A plan of a day counts the same weekdays of the last weeks, without those that were a holiday where the day is a
workday, and without days on which the whole hotline had no call.
The formulas and their sources: `crm/reports/staffing/erlang.py`.
"""
