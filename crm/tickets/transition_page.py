"""State machine of tickets as Markdown: `hotline tickets table`."""

from crm.tickets.matters import MATTERS
from crm.tickets.model import TicketStatus
from crm.tickets.transitions import RULES, WAITING, DepartmentStanding, Rule, TicketAction
from foundation.routes import Role

_A, _S = TicketAction, TicketStatus

STATES: dict[TicketStatus, tuple[str, str]] = {
    _S.REGISTERED: ("待派单", "new, with no department"),
    _S.DISPATCHED: ("待签收", "with a department, which has not signed yet"),
    _S.REFUSED: ("已退单", "declined by its department; waits for a supervisor's ruling"),
    _S.SIGNED: ("处理中", "a department works on it"),
    _S.PARKED: ("已挂起", "waits for the customer"),
    _S.REPLIED: ("已回复", "reported as done by the department"),
    _S.SURVEY: ("回访中", "the callback survey is under way"),
    _S.ARCHIVED: ("已归档", "closed, with the customer's confirmation or another reason"),
    _S.CANCELLED: ("已作废", "should never have been filed"),
    _S.MERGED: ("已并单", "another ticket stands for it"),
}
"""Name in Chinese, and meaning."""

ACTIONS: dict[TicketAction, tuple[str, str]] = {
    _A.FILE: ("登记", "register a matter"),
    _A.APPEND: ("追加", "add a report: counts as an urge, and the department signs again"),
    _A.URGE: ("催单", "record that the customer asks again"),
    _A.ATTACH: ("附件", "attach a recording"),
    _A.NOTE: ("内部备注", "add a note for colleagues, with files: no urge, and no notice"),
    _A.CORRECT: ("更正", "correct fields"),
    _A.ANSWER: ("直接答复", "answer at the desk and archive"),
    _A.ACCEPT: ("受理申请", "accept an after-sales application"),
    _A.DECLINE: ("不予受理", "decline an after-sales application, with a reason"),
    _A.DISPATCH: ("派单", "give it to a department or a person in it"),
    _A.CO_ASK: ("请求协办", "ask departments to help the lead"),
    _A.CO_SIGN: ("协办签收", "sign for the co-handler's part"),
    _A.CO_REPLY: ("协办回复", "reply about the co-handler's part"),
    _A.CO_RELEASE: ("取消协办", "release a co-handler from its part"),
    _A.SIGN: ("签收", "sign for it"),
    _A.REFUSE: ("退单", "decline it, with reason, explanation and optional evidence"),
    _A.UPHOLD: ("支持退单", "uphold the refusal: to another department"),
    _A.OVERRULE: ("驳回退单", "overrule the refusal: back to the department for good"),
    _A.PASS_UP: ("上报上级部门", "pass it to the department above"),
    _A.ANSWER_DOWN: ("下转答复", "return it to the department below, with the answer"),
    _A.PARK: ("挂起", "wait for the customer"),
    _A.UNPARK: ("恢复", "resume in the state before"),
    _A.ASK_EXTENSION: ("申请延期", "ask for a later deadline, before the deadline"),
    _A.GRANT_EXTENSION: ("同意延期", "grant the later deadline"),
    _A.DENY_EXTENSION: ("不同意延期", "deny the later deadline"),
    _A.SUPERVISE: ("督办", "give the department an instruction"),
    _A.ESCALATE: ("升级给班长", "ask for a supervisor"),
    _A.REPLY: ("回复", "report what was done"),
    _A.JUDGE: ("认定", "judge whether a complaint is valid"),
    _A.CONTEST: ("异议", "disagree with the finding, for the customer or the department"),
    _A.SURVEY: ("回访", "the callback survey is under way"),
    _A.REDO: ("重办", "return it unsolved to the same department"),
    _A.ARCHIVE: ("归档", "close it"),
    _A.CANCEL: ("作废", "cancel what should not have been filed"),
    _A.BOOK_VISIT: ("预约上门", "book a visit, or move it"),
    _A.CANCEL_VISIT: ("取消预约", "cancel the visit"),
    _A.MERGE: ("并单", "let another ticket stand for this one"),
    _A.UNMERGE: ("拆单", "undo the merge"),
    _A.ABSORB: ("并入", "logged on the ticket that stands for a merged one"),
    _A.RELEASE: ("拆出", "logged on that ticket when the merge is undone"),
}
"""Name in Chinese, and effect."""

STANDINGS = {
    DepartmentStanding.LEAD: "that leads it",
    DepartmentStanding.CO_HANDLER: "that co-handles it",
    DepartmentStanding.BELOW: "that passed it up",
}


def rendered() -> str:
    """Render the page as Markdown."""
    return (
        "\n\n".join(
            [
                "# Tickets: states, actions and roles",
                "Rendered from `crm/tickets/transitions.py` by `hotline tickets table`: do not edit.",
                "## States\n\n" + _states(),
                "## Actions and roles\n\n"
                "The system may do all that the state allows: it carries out configured rules. A ticket in which a "
                "department has no part does not exist for it.\n\n" + _who(),
                "## Actions in each state\n\n"
                "`·`: the state stays; a state: the new one; empty: refused with 409.\n\n" + _moves(),
                "## Life of a ticket\n\n" + _diagram(),
                "## One matter, one ticket\n\n"
                "A report is added to the open ticket of its kind at its address, as an urge (H4), where there is a "
                "sign that it is the same fault (`crm/tickets/matters.py`). The address must have a number: a whole "
                "road or compound is many households.\n\n" + _matters(),
            ]
        )
        + "\n"
    )


def _states() -> str:
    return _table(["state", "", "meaning"], [[f"`{state}`", *STATES[state]] for state in TicketStatus])


def _who() -> str:
    return _table(
        ["action", "", "effect", "roles"],
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
            "Left out: `cancel` and `merge`, possible in all open states, and the ways out of `parked` and `merged`.",
        ]
    )


def _matters() -> str:
    return (
        _table(["reporter", "cause", "words", "why"], [list(sign) for sign in MATTERS])
        + "\n\nAll else is a ticket of its own: a fault hidden behind another one would wait until that is closed. "
        "The agent sees the similar tickets, also those of others, and adds the report or merges the tickets; a merge "
        "can be undone. A person who is added to another's ticket gets its number, and neither its data nor its code "
        "of visits."
    )


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
