"""Definitions of all figures: the one place for reports, pages and documents."""

from enum import StrEnum

from pydantic import BaseModel


class FigureUnit(StrEnum):
    """Unit of a figure."""

    COUNT = "count"
    NUMBER = "number"
    """With a fraction."""
    PERCENT = "percent"
    MILLISECONDS = "milliseconds"


class Figure(BaseModel, frozen=True):
    """Definition of a figure."""

    name: str
    """Field of the report's lines."""
    zh: str
    en: str
    formula_zh: str
    formula_en: str
    unit: FigureUnit
    usual: bool = False
    """Among the few that a page or a printed table shows at first."""


class FigureDefinitions(BaseModel):
    """Definitions of the figures of each report."""

    calls: list[Figure]
    agents: list[Figure]
    tickets: list[Figure]
    staffing: list[Figure]
    flows: list[Figure]


def _count(name: str, zh: str, en: str, formula_zh: str, formula_en: str) -> Figure:
    return Figure(name=name, zh=zh, en=en, formula_zh=formula_zh, formula_en=formula_en, unit=FigureUnit.COUNT)


def _number(name: str, zh: str, en: str, formula_zh: str, formula_en: str) -> Figure:
    return Figure(name=name, zh=zh, en=en, formula_zh=formula_zh, formula_en=formula_en, unit=FigureUnit.NUMBER)


def _percent(name: str, zh: str, en: str, formula_zh: str, formula_en: str) -> Figure:
    return Figure(name=name, zh=zh, en=en, formula_zh=formula_zh, formula_en=formula_en, unit=FigureUnit.PERCENT)


def _time(name: str, zh: str, en: str, formula_zh: str, formula_en: str) -> Figure:
    return Figure(name=name, zh=zh, en=en, formula_zh=formula_zh, formula_en=formula_en, unit=FigureUnit.MILLISECONDS)


CALLS = [
    _count("incoming", "呼入量", "incoming", "全部呼入通话", "all inbound calls"),
    _count("offered", "排队量", "offered", "进入过队列的呼入通话", "inbound calls that joined a queue"),
    _count("answered", "接通量", "answered", "排队量中与坐席通话的", "offered calls that were bridged with an agent"),
    _count(
        "abandoned",
        "放弃量",
        "abandoned",
        "排队量中来电人先挂机的",
        "offered calls that the caller ended before an agent",
    ),
    _count(
        "short_abandoned",
        "短放弃量",
        "short abandons",
        "放弃量中等待少于 short_s 秒的",
        "abandoned calls with a wait of less than short_s seconds",
    ),
    _count(
        "other",
        "其他结果",
        "other outcomes",
        "排队量 − 接通量 − 放弃量，如留言、故障、失联",
        "offered − answered − abandoned, such as a message left, a failure, a lost call",
    ),
    _count(
        "answered_in_15_s", "15 秒内接通", "answered in 15 s", "接通量中等待不超过 15 秒的", "answered, wait ≤ 15 s"
    ),
    _count(
        "answered_in_20_s", "20 秒内接通", "answered in 20 s", "接通量中等待不超过 20 秒的", "answered, wait ≤ 20 s"
    ),
    _count(
        "answered_within",
        "时限内接通",
        "answered in time",
        "接通量中等待不超过 within_s 秒的",
        "answered, wait ≤ within_s seconds",
    ),
    _count(
        "abandoned_within",
        "时限内放弃",
        "abandoned in time",
        "放弃量中等待不超过 within_s 秒的",
        "abandoned, wait ≤ within_s seconds",
    ),
    _percent(
        "level_of_offered",
        "服务水平（占排队量）",
        "service level of offered",
        "时限内接通 ÷ 排队量",
        "answered in time ÷ offered",
    ),
    _percent(
        "level_without_short",
        "服务水平（不计短放弃）",
        "service level without short abandons",
        "时限内接通 ÷（排队量 − 短放弃量）",
        "answered in time ÷ (offered − short abandons)",
    ),
    _percent(
        "level_with_abandoned",
        "服务水平（计入时限内放弃）",
        "service level with abandons",
        "（时限内接通 + 时限内放弃）÷ 排队量",
        "(answered in time + abandoned in time) ÷ offered",
    ),
    _time(
        "wait_p50_ms",
        "等待中位数",
        "median wait",
        "排队量的等待时间：最近秩法 50 百分位，一分钟内向上取整到 0.1 秒，以上到 1 秒，不超过最长等待",
        "waits of offered calls: 50th percentile by nearest rank, rounded up to 0.1 s up to a minute, to 1 s beyond, "
        "never above the longest wait",
    ),
    _time(
        "wait_p95_ms",
        "等待 95 百分位",
        "95th percentile of waits",
        "排队量的等待时间：最近秩法 95 百分位，一分钟内向上取整到 0.1 秒，以上到 1 秒，不超过最长等待",
        "waits of offered calls: 95th percentile by nearest rank, rounded up to 0.1 s up to a minute, to 1 s beyond, "
        "never above the longest wait",
    ),
    _time("longest_wait_ms", "最长等待", "longest wait", "排队量中最长的等待时间", "longest wait of offered calls"),
    _count(
        "talks",
        "通话量",
        "talks",
        "呼入和呼出中结果为接通的通话",
        "inbound and outbound calls with the outcome answered",
    ),
    _count("dialled", "呼出接通量", "dialled", "通话量中呼出的", "outbound calls among the talks"),
    _time("talk_ms", "通话时长", "talk time", "通话量的通话时长之和", "sum of the talk times of the talks"),
    _time(
        "held_ms",
        "保持时长",
        "hold time",
        "通话量中对方听音乐的时长之和",
        "sum of the times in which the other party of the talks heard music",
    ),
]
"""Figures of calls; a call counts in the time in which it began."""

AGENTS = [
    _time(
        "signed_in_ms", "签入时长", "signed in", "从签入到签出，全部状态之和", "from sign-in to sign-out: all states"
    ),
    _time("ready_ms", "空闲时长", "ready", "空闲、可以接听的时长", "time in which a call could be offered"),
    _time("paused_ms", "示忙时长", "paused", "各原因示忙时长之和", "time not ready, for all reasons"),
    _time(
        "alerting_ms",
        "振铃时长",
        "alerting",
        "来电已分配、话机振铃而未通话的时长",
        "time in which a call was reserved for the agent, or rang",
    ),
    _time(
        "in_call_ms",
        "通话状态时长",
        "in calls",
        "通话状态的时长，含保持、咨询和外呼拨号",
        "time in the state talking: hold, consultation and dialling are part of it",
    ),
    _time("wrap_up_ms", "话后时长", "wrap-up", "话后整理状态的时长", "time in the state wrap-up"),
    _percent(
        "occupancy",
        "占用率",
        "occupancy",
        "（通话状态时长 + 话后时长）÷（签入时长 − 示忙时长）",
        "(in calls + wrap-up) ÷ (signed in − paused)",
    ),
    _count(
        "answered",
        "接听量",
        "answered",
        "坐席参与通话的接通呼入；转接的通话每位坐席各计一次",
        "answered inbound calls in which the agent talked with the caller; one handed on counts for each agent",
    ),
    _count(
        "dialled",
        "呼出接通量",
        "dialled",
        "坐席参与通话的接通呼出",
        "answered outbound calls in which the agent talked",
    ),
    _time(
        "talk_ms",
        "通话时长",
        "talk time",
        "接听量和呼出接通量中坐席自己的通话时长",
        "the agent's own part of the talk times of answered and dialled calls",
    ),
    _time(
        "held_ms",
        "保持时长",
        "hold time",
        "未转接给他人的通话中对方听音乐的时长",
        "time in which the other party heard music, of talks that were not handed on",
    ),
    _count("missed", "未接量", "missed", "振铃而未接听的次数", "offers that rang and were not taken"),
]
"""Figures of agents; the time of a state is split where a bucket ends."""

TICKETS = [
    _count("registered", "登记量", "registered", "在该时段登记的工单", "tickets registered in the time"),
    _count("closed", "归档量", "closed", "登记量中已归档的", "registered tickets that are archived by now"),
    _count(
        "in_time",
        "按时归档量",
        "in time",
        "归档量中没有办理超时的",
        "closed tickets without a missed deadline to resolve",
    ),
    _percent("in_time_share", "按时率", "in time, share", "按时归档量 ÷ 归档量", "in time ÷ closed"),
    _count("redone", "重办量", "redone", "登记量中被重办过的", "registered tickets that were sent back at least once"),
    _count(
        "refused",
        "退单量",
        "refused",
        "登记量中被部门退过的",
        "registered tickets that a department refused at least once",
    ),
    _count("urged", "催办量", "urged", "登记量中被催过的", "registered tickets that were urged at least once"),
    _count(
        "rated",
        "满意度样本数",
        "rated",
        "登记量的回访中回答了满意度的份数",
        "answers about attitude in callbacks of registered tickets: the base of satisfaction",
    ),
    _count("satisfied", "满意份数", "satisfied", "样本数中回答满意的份数", "answers that are satisfied among rated"),
    _percent("satisfaction", "满意率", "satisfaction", "满意份数 ÷ 样本数", "satisfied ÷ rated"),
    _percent(
        "satisfaction_low",
        "满意率下限",
        "satisfaction, from",
        "满意率 95% 置信区间（Wilson）的下限",
        "begin of the 95 % interval of satisfaction, by Wilson",
    ),
    _percent(
        "satisfaction_high",
        "满意率上限",
        "satisfaction, to",
        "满意率 95% 置信区间（Wilson）的上限",
        "end of the 95 % interval of satisfaction, by Wilson",
    ),
    _count(
        "first_contact",
        "首次解决量",
        "solved at first contact",
        "归档量中未派给部门、未退单、未重办、未催办的",
        "closed tickets with no department, never refused, sent back or urged",
    ),
    _percent(
        "first_contact_share",
        "首次解决率",
        "first-contact resolution",
        "首次解决量 ÷ 登记量",
        "first contact ÷ registered",
    ),
]
"""Figures of tickets: all are about the tickets registered in the time, as they are now."""

FLOWS = [
    _count(
        "entered", "进入量", "entered", "最后所在流程为该流程的呼入通话", "inbound calls that were last in this flow"
    ),
    _count(
        "followed",
        "走完量",
        "followed to its end",
        "流程自行结束，或与坐席通话的",
        "entered, and the flow came to its own end or the caller talked with an agent",
    ),
    _percent("followed_share", "走完率", "followed, share", "走完量 ÷ 进入量", "followed ÷ entered"),
    _count("left", "中途离开量", "left on the way", "进入量 − 走完量", "entered − followed"),
]
"""Figures of flows; `steps` says at which step callers left."""

STAFFING = [
    _number(
        "calls",
        "预计来电",
        "expected calls",
        "前几周同一星期几、同一半小时的平均排队量",
        "mean of offered in this half hour of the same weekdays before",
    ),
    _time(
        "handling_ms",
        "处理时长",
        "handling time",
        "平均通话时长 + 平均话后时长；少于 5 个通话的半小时用全天平均",
        "mean talk time + mean wrap-up; that of the whole day for a half hour with less than 5 talks",
    ),
    _number("erlangs", "话务量", "traffic", "预计来电 × 处理时长 ÷ 30 分钟", "expected calls × handling time ÷ 30 min"),
    _count(
        "needed",
        "需要坐席",
        "agents needed",
        "达到目标服务水平的最少坐席数（Erlang C；选 Erlang A 时计入放弃）",
        "fewest agents who reach the service level, by Erlang C, or by Erlang A with callers who give up",
    ),
    _count("rostered", "排班人数", "agents to roster", "需要坐席 ÷（1 − 损耗率）", "agents needed ÷ (1 − shrinkage)"),
    _percent(
        "level",
        "预计服务水平",
        "expected service level",
        "需要坐席下的服务水平",
        "service level with the agents needed",
    ),
    _time("mean_wait_ms", "预计平均等待", "expected wait", "需要坐席下的平均等待", "mean wait with the agents needed"),
    _percent("occupancy", "预计占用率", "expected occupancy", "需要坐席下的占用率", "occupancy with the agents needed"),
    _number(
        "there",
        "当时在岗",
        "agents there",
        "这些日子同一半小时签入且未示忙的平均人数",
        "mean number of agents signed in and not paused on those days",
    ),
    _percent(
        "level_there",
        "在岗人数的服务水平",
        "service level with those there",
        "按当时在岗人数（向下取整）计算的服务水平",
        "service level that the formula gives for the agents there, rounded down",
    ),
]
"""Figures of a staffing plan."""

USUAL = {
    "calls": {
        *("incoming", "offered", "answered", "abandoned", "level_of_offered"),
        *("wait_p50_ms", "wait_p95_ms", "longest_wait_ms", "talk_ms"),
    },
    "agents": {
        *("signed_in_ms", "ready_ms", "paused_ms", "talk_ms", "held_ms", "wrap_up_ms", "occupancy"),
        *("answered", "missed"),
    },
    "tickets": {"registered", "closed", "in_time_share", "redone", "refused", "urged", "satisfaction", "rated"},
}


def _marked(figures: list[Figure], usual: set[str]) -> list[Figure]:
    return [one.model_copy(update={"usual": one.name in usual}) for one in figures]


DEFINITIONS = FigureDefinitions(
    calls=_marked(CALLS, USUAL["calls"]),
    agents=_marked(AGENTS, USUAL["agents"]),
    tickets=_marked(TICKETS, USUAL["tickets"]),
    staffing=_marked(STAFFING, {one.name for one in STAFFING}),
    flows=_marked(FLOWS, {one.name for one in FLOWS}),
)

HEAD = """\
# Figures

Rendered by `hotline figures table` from `crm/reports/definitions.py`, which the API serves as `/figure-definitions`.

Figures of calls come from sums per half hour, which are counted from call records and counted again after each late
one, within seconds; until then a reader counts the half hours that changed from their records, so boards and reports
agree at any moment. Figures of tickets are computed from the tickets when they are asked for.

Hours, days and months are those of `HOTLINE_TIME_ZONE`.
T is `within_s` of the request, 20 seconds without it; `short_s` is 5 without it. A share without a base is empty.
"""
OF_CALLS = """
## Calls

A call counts in the time in which it began, for the queue and the agent that its record names: the last ones. A call
that is not over has no record yet.
"""
OF_AGENTS = """
## Agents

Times of states come from the stored facts of queues. A state counts once it is over, split where a bucket ends; its
reasons are in `pauses`. Calls count in the time in which they began.
"""
OF_TICKETS = """
## Tickets

All figures are about the tickets registered in the time, as they are now: what
follows later changes them.
"""
OF_FLOWS = """
## Flows

A call counts in the time in which it began, for the flow in which it was last; calls of before these figures have none.
"""
OF_STAFFING = """
## Staffing

A plan of a day counts the same weekdays of the last weeks, without those that were a holiday where the day is a
workday, and without days on which the whole hotline had no call.
The formulas and their sources: `crm/reports/staffing/erlang.py`.
"""


def rendered() -> str:
    """Return the definitions as Markdown."""
    tables = [(OF_CALLS, CALLS), (OF_AGENTS, AGENTS), (OF_TICKETS, TICKETS), (OF_FLOWS, FLOWS), (OF_STAFFING, STAFFING)]
    return "".join([HEAD, *(part for head, figures in tables for part in (head, *_table(figures)))])


def _table(figures: list[Figure]) -> list[str]:
    rows = [
        f"| `{one.name}` | {one.en} | {one.zh} | {one.formula_en} | {one.formula_zh} | {one.unit.value} |\n"
        for one in figures
    ]
    return ["\n| name | English | 中文 | formula | 公式 | unit |\n|---|---|---|---|---|---|\n", *rows]
