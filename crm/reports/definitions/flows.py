"""Figures of flows."""

from crm.reports.definitions.model import count, percent

FLOWS = [
    count(
        "entered", "进入量", "entered", "最后所在流程为该流程的呼入通话", "inbound calls that were last in this flow"
    ),
    count(
        "followed",
        "走完量",
        "followed to its end",
        "流程自行结束，或与坐席通话的",
        "entered, and the flow came to its own end or the caller talked with an agent",
    ),
    percent("followed_share", "走完率", "followed, share", "走完量 ÷ 进入量", "followed ÷ entered"),
    count("left", "中途离开量", "left on the way", "进入量 − 走完量", "entered − followed"),
]
"""Figures of flows; `steps` says at which step callers left."""

HEAD = """
## Flows

A call counts in the time in which it began, for the flow in which it was last; calls of before these figures have none.
"""
