"""Figures of agents."""

from crm.reports.definitions.model import count, percent, time

AGENTS = [
    time("signed_in_ms", "签入时长", "signed in", "从签入到签出，全部状态之和", "from sign-in to sign-out: all states"),
    time("ready_ms", "空闲时长", "ready", "空闲、可以接听的时长", "time in which a call could be offered"),
    time("paused_ms", "示忙时长", "paused", "各原因示忙时长之和", "time not ready, for all reasons"),
    time(
        "planned_pause_ms",
        "计划内示忙",
        "planned pauses",
        "示忙时长中原因属计划内的（如用餐、培训）",
        "part of paused for reasons that are planned, such as meals and training",
    ),
    time(
        "alerting_ms",
        "振铃时长",
        "alerting",
        "来电已分配、话机振铃而未通话的时长",
        "time in which a call was reserved for the agent, or rang",
    ),
    time(
        "in_call_ms",
        "通话状态时长",
        "in calls",
        "通话状态的时长，含保持、咨询和外呼拨号",
        "time in the state talking: hold, consultation and dialling are part of it",
    ),
    time("wrap_up_ms", "话后时长", "wrap-up", "话后整理状态的时长", "time in the state wrap-up"),
    percent(
        "occupancy",
        "占用率",
        "occupancy",
        "坐席的（通话状态时长 + 话后时长）÷（签入时长 − 示忙时长）；班长接管或代接电话不计",
        "(in calls + wrap-up) ÷ (signed in − paused) of agents; supervisors who take a call have none",
    ),
    time("shift_ms", "排班时长", "planned shift", "班表上到目前为止的时长", "time of the planned shifts, up to now"),
    time(
        "kept_ms",
        "遵守时长",
        "shift kept",
        "排班时长中已签入、且不在计划外示忙的",
        "part of the planned shift in which the agent was signed in, without pauses that are not planned",
    ),
    percent("adherence", "班表遵守率", "adherence", "遵守时长 ÷ 排班时长", "shift kept ÷ planned shift"),
    count(
        "answered",
        "接听量",
        "answered",
        "坐席参与通话的接通呼入；转接的通话每位坐席各计一次",
        "answered inbound calls in which the agent talked with the caller; one handed on counts for each agent",
    ),
    count(
        "dialled",
        "呼出接通量",
        "dialled",
        "坐席参与通话的接通呼出",
        "answered outbound calls in which the agent talked",
    ),
    time(
        "talk_ms",
        "通话时长",
        "talk time",
        "接听量和呼出接通量中坐席自己的通话时长",
        "the agent's own part of the talk times of answered and dialled calls",
    ),
    time(
        "held_ms",
        "保持时长",
        "hold time",
        "未转接给他人的通话中对方听音乐的时长",
        "time in which the other party heard music, of talks that were not handed on",
    ),
    count(
        "missed",
        "未接量",
        "missed",
        "排队来电或转来的来电振铃而未接听的次数，咨询不计",
        "calls from a queue or of a transfer that rang and were not taken; consultations do not count",
    ),
    count(
        "transferred",
        "转出次数",
        "transfers",
        "将排队来电转给他人的次数",
        "callers from a queue that the agent handed on to another party",
    ),
]
"""Figures of agents; the time of a state is split where a bucket ends."""

HEAD = """
## Agents

Times of states come from the stored facts of queues, and those of present states from the queues: they count up to now.
A state is split where a bucket ends; the reasons of pauses are in `pauses`. Calls count in the time in which they
began, misses and transfers when they happened. Days that are over come from sums per day, which are counted again after
each late fact. A team's line adds up the agents who are in it now. Whether a pause was planned is kept since a release:
earlier pauses count as not planned.
"""
