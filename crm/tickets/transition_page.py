"""The transition table as a page to read, rendered from the code: `hotline tickets table`."""

from crm.tickets.model import TicketStatus
from crm.tickets.transitions import RULES, WAITING, DepartmentStanding, Rule, TicketAction
from foundation.routes import Role

_A, _S = TicketAction, TicketStatus

STATES: dict[TicketStatus, tuple[str, str]] = {
    _S.REGISTERED: ("待派", "new, in nobody's hands"),
    _S.DISPATCHED: ("已派", "handed to a department, which has not signed yet"),
    _S.REFUSED: ("退单", "a department declined it; a supervisor rules"),
    _S.SIGNED: ("已签收", "a department works on it"),
    _S.PARKED: ("挂起", "waits for the customer"),
    _S.REPLIED: ("已回复", "the department says it is done"),
    _S.SURVEY: ("回访中", "the customer is being asked"),
    _S.ARCHIVED: ("归档", "closed, with the customer's confirmation or the recorded ground"),
    _S.CANCELLED: ("作废", "should never have been filed"),
    _S.MERGED: ("已并单", "another ticket stands for it"),
}
"""In Chinese, and what it means."""

ACTIONS: dict[TicketAction, tuple[str, str]] = {
    _A.FILE: ("登记", "register a matter"),
    _A.APPEND: ("追加", "add to it: an urge, and dispatched again"),
    _A.URGE: ("催单", "the customer asks again"),
    _A.ATTACH: ("附件", "attach a recording"),
    _A.CORRECT: ("更正", "put right what was entered"),
    _A.ANSWER: ("直接答复", "answered at the desk, with what was answered"),
    _A.ACCEPT: ("受理申请", "accept an after-sales application"),
    _A.DECLINE: ("不予受理", "decline an after-sales application, with a reason"),
    _A.DISPATCH: ("派单", "hand it to a department or a person in it"),
    _A.CO_ASK: ("请求协办", "ask departments to help the lead"),
    _A.CO_SIGN: ("协办签收", "a co-handler takes its part"),
    _A.CO_REPLY: ("协办回复", "a co-handler says what it did"),
    _A.CO_RELEASE: ("取消协办", "a co-handler is not needed any more"),
    _A.SIGN: ("签收", "the department takes it"),
    _A.REFUSE: ("退单", "the department declines it: reason, explanation, perhaps evidence"),
    _A.UPHOLD: ("支持退单", "the department was right: dispatched elsewhere"),
    _A.OVERRULE: ("驳回退单", "back to the department, which cannot refuse it again"),
    _A.PASS_UP: ("上报", "to the department above"),
    _A.ANSWER_DOWN: ("下转答复", "the department above answers whoever passed it up"),
    _A.PARK: ("挂起", "it waits for the customer"),
    _A.UNPARK: ("恢复", "it goes on where it was"),
    _A.ASK_EXTENSION: ("申请延期", "ask for more time, before the deadline"),
    _A.GRANT_EXTENSION: ("同意延期", "the department gets the time it asked for"),
    _A.DENY_EXTENSION: ("不同意延期", "the deadline stays"),
    _A.SUPERVISE: ("督办", "a supervisor says what to do"),
    _A.ESCALATE: ("上升", "a supervisor has to look at it"),
    _A.REPLY: ("回复", "the department says what was done"),
    _A.JUDGE: ("认定", "whether a complaint was valid"),
    _A.CONTEST: ("异议", "the customer or the department disagrees with the finding"),
    _A.SURVEY: ("回访", "the customer is being asked"),
    _A.REDO: ("重办", "not solved: back to the same department"),
    _A.ARCHIVE: ("归档", "close it for good"),
    _A.CANCEL: ("作废", "it should never have been filed"),
    _A.BOOK_VISIT: ("预约上门", "agree a visit, or another one instead"),
    _A.CANCEL_VISIT: ("取消预约", "nobody comes"),
    _A.MERGE: ("并单", "another ticket stands for this one"),
    _A.UNMERGE: ("拆单", "two matters after all"),
    _A.ABSORB: ("并入", "what a merge does to the ticket that stands for both"),
    _A.RELEASE: ("拆出", "what unmerging does to it"),
}
"""In Chinese, and what it does."""

STANDINGS = {
    DepartmentStanding.LEAD: "whose it is",
    DepartmentStanding.CO_HANDLER: "that co-handles it",
    DepartmentStanding.BELOW: "that passed it up",
}


def rendered() -> str:
    """The page, as Markdown."""
    return (
        "\n\n".join(
            [
                "# Tickets: who may do what, when",
                "Rendered from `crm/tickets/transitions.py` by `hotline tickets table`: do not edit.",
                "## States\n\n" + _states(),
                "## Actions and who may\n\n"
                "The system itself may do whatever the state allows: it acts for rules that people made. To a "
                "department a ticket that it has nothing to do with does not exist.\n\n" + _who(),
                "## Actions in each state\n\n"
                "`·` the ticket stays where it is; a state is where it goes; empty: refused with 409.\n\n" + _moves(),
                "## The way of a ticket\n\n" + _diagram(),
            ]
        )
        + "\n"
    )


def _states() -> str:
    return _table(["state", "", "means"], [[f"`{state}`", *STATES[state]] for state in TicketStatus])


def _who() -> str:
    return _table(
        ["action", "", "does", "who"],
        [[f"`{action}`", *ACTIONS[action], _people(rule)] for action, rule in RULES.items()],
    )


def _people(rule: Rule) -> str:
    people = [str(role) for role in Role if role in rule.roles and role is not Role.DEPARTMENT]
    if Role.DEPARTMENT in rule.roles:
        standings = [words for standing, words in STANDINGS.items() if standing in rule.standings]
        people.append(f"the department {' or '.join(standings)}")
    if rule.caller:
        people.append("the caller")
    return ", ".join(people)


def _moves() -> str:
    return _table(
        ["action", *(f"`{state}`" for state in TicketStatus)],
        [
            [f"`{action}`", *(_move(rule, state) for state in TicketStatus)]
            for action, rule in RULES.items()
            if rule.states
        ],
    )


def _move(rule: Rule, state: TicketStatus) -> str:
    if state not in rule.states:
        return ""
    if rule.resumes and state in WAITING:
        return "as before"
    if state in rule.except_from:
        return str(rule.except_from[state])
    return "·" if rule.to in {None, state} else str(rule.to)


def _diagram() -> str:
    lines = [f"    [*] --> {TicketStatus.REGISTERED}: {TicketAction.FILE}"]
    for before in TicketStatus:
        following: dict[TicketStatus, list[str]] = {}
        for action, rule in RULES.items():
            to = rule.except_from.get(before, rule.to)
            if before in rule.states and to is not None and to not in {before, _S.CANCELLED, _S.MERGED}:
                following.setdefault(to, []).append(action)
        lines += [f"    {before} --> {to}: {', '.join(actions)}" for to, actions in following.items()]
    return "\n".join(
        [
            "```mermaid",
            "stateDiagram-v2",
            *lines,
            "```",
            "",
            "Left out: `cancel` and `merge`, which all open states know, and the ways out of `parked` and `merged`.",
        ]
    )


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
