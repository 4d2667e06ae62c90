"""Figures of tickets."""

from crm.reports.definitions.model import count, percent

TICKETS = [
    count("registered", "登记量", "registered", "在该时段登记的工单", "tickets registered in the time"),
    count("closed", "归档量", "closed", "登记量中已归档的", "registered tickets that are archived by now"),
    count(
        "in_time",
        "按时归档量",
        "in time",
        "归档量中没有办理超时的",
        "closed tickets without a missed deadline to resolve",
    ),
    percent("in_time_share", "按时率", "in time, share", "按时归档量 ÷ 归档量", "in time ÷ closed"),
    count("redone", "重办量", "redone", "登记量中被重办过的", "registered tickets that were sent back at least once"),
    count(
        "refused",
        "退单量",
        "refused",
        "登记量中被部门退过的",
        "registered tickets that a department refused at least once",
    ),
    count("urged", "催办量", "urged", "登记量中被催过的", "registered tickets that were urged at least once"),
    count(
        "rated",
        "满意度样本数",
        "rated",
        "登记量的回访中回答了满意度的份数",
        "answers about attitude in callbacks of registered tickets: the base of satisfaction",
    ),
    count("satisfied", "满意份数", "satisfied", "样本数中回答满意的份数", "answers that are satisfied among rated"),
    percent("satisfaction", "满意率", "satisfaction", "满意份数 ÷ 样本数", "satisfied ÷ rated"),
    percent(
        "satisfaction_low",
        "满意率下限",
        "satisfaction, from",
        "满意率 95% 置信区间（Wilson）的下限",
        "begin of the 95 % interval of satisfaction, by Wilson",
    ),
    percent(
        "satisfaction_high",
        "满意率上限",
        "satisfaction, to",
        "满意率 95% 置信区间（Wilson）的上限",
        "end of the 95 % interval of satisfaction, by Wilson",
    ),
    count(
        "first_contact",
        "首次解决量",
        "solved at first contact",
        "归档量中未派给部门、未退单、未重办、未催办的",
        "closed tickets with no department, never refused, sent back or urged",
    ),
    percent(
        "first_contact_share",
        "首次解决率",
        "first-contact resolution",
        "首次解决量 ÷ 登记量",
        "first contact ÷ registered",
    ),
]
"""Figures of tickets: all are about the tickets registered in the time, as they are now."""

HEAD = """
## Tickets

All figures are about the tickets registered in the time, as they are now: what
follows later changes them.
"""
