"""Figures of the results of calls."""

from crm.reports.definitions.model import count, percent

RESULTS = [
    count(
        "calls",
        "通话数",
        "calls",
        "排队接通的呼入中选了该结果的；空为未选结果",
        "answered inbound calls of queues with this result; empty: without one",
    ),
    percent(
        "share",
        "占比",
        "share",
        "通话数 ÷ 同一时段、同一队列排队接通的呼入",
        "calls ÷ answered inbound calls of the same time and queue",
    ),
]
"""Figures of results; of all queues together, or of each."""

HEAD = """
## Results of calls

A call counts in the time in which it began, for its last queue, with the result that its agent chose last. A result is
named as it was when it was stored last.
"""
