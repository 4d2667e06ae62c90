"""What may be done to a ticket, when, and by whom: the only table of it, enforced in one place."""

from dataclasses import dataclass
from enum import StrEnum

from crm.tickets.errors import NotAllowedNow, NotYours
from crm.tickets.model import CLOSED, Actor, ActorKind, Ticket, TicketStatus
from foundation.problems import Forbidden
from foundation.routes import Role

OPEN = frozenset(TicketStatus) - CLOSED
DESKS = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR})
LEADERS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
FIELD = frozenset({Role.DEPARTMENT})


class TicketAction(StrEnum):
    """What people do to tickets; the words of the log."""

    FILE = "file"
    APPEND = "append"
    URGE = "urge"
    ATTACH = "attach"
    ANSWER = "answer"
    ACCEPT = "accept"
    DECLINE = "decline"
    DISPATCH = "dispatch"
    SIGN = "sign"
    REFUSE = "refuse"
    UPHOLD = "uphold"
    OVERRULE = "overrule"
    PARK = "park"
    UNPARK = "unpark"
    ASK_EXTENSION = "ask_extension"
    GRANT_EXTENSION = "grant_extension"
    DENY_EXTENSION = "deny_extension"
    SUPERVISE = "supervise"
    ESCALATE = "escalate"
    REPLY = "reply"
    JUDGE = "judge"
    CONTEST = "contest"
    SURVEY = "survey"
    REDO = "redo"
    ARCHIVE = "archive"
    CANCEL = "cancel"
    MERGE = "merge"
    UNMERGE = "unmerge"
    ABSORB = "absorb"
    """What a merge does to the ticket that stands for both."""
    RELEASE = "release"
    """What unmerging does to it."""


@dataclass(frozen=True)
class Rule:
    """From which states, into which (None: it stays), and who may; the caller himself and the system where said."""

    states: frozenset[TicketStatus]
    to: TicketStatus | None
    roles: frozenset[Role]
    caller: bool = False
    resumes: bool = False
    """It leads to where the ticket was before it was parked, or merged."""


_S = TicketStatus

RULES: dict[TicketAction, Rule] = {
    # There is no ticket yet that could be in a state.
    TicketAction.FILE: Rule(frozenset(), _S.REGISTERED, DESKS, caller=True),
    TicketAction.APPEND: Rule(OPEN, None, DESKS, caller=True),
    TicketAction.URGE: Rule(OPEN, None, DESKS, caller=True),
    TicketAction.ATTACH: Rule(frozenset(_S), None, DESKS),
    TicketAction.ANSWER: Rule(frozenset({_S.REGISTERED, _S.REFUSED}), _S.ARCHIVED, DESKS),
    TicketAction.ACCEPT: Rule(frozenset({_S.REGISTERED}), None, DESKS),
    TicketAction.DECLINE: Rule(frozenset({_S.REGISTERED}), _S.ARCHIVED, DESKS),
    TicketAction.DISPATCH: Rule(frozenset({_S.REGISTERED, _S.DISPATCHED, _S.SIGNED}), _S.DISPATCHED, DESKS),
    TicketAction.SIGN: Rule(frozenset({_S.DISPATCHED}), _S.SIGNED, FIELD),
    TicketAction.REFUSE: Rule(frozenset({_S.DISPATCHED}), _S.REFUSED, FIELD),
    TicketAction.UPHOLD: Rule(frozenset({_S.REFUSED}), _S.DISPATCHED, LEADERS),
    TicketAction.OVERRULE: Rule(frozenset({_S.REFUSED}), _S.DISPATCHED, LEADERS),
    TicketAction.PARK: Rule(frozenset({_S.REGISTERED, _S.SIGNED}), _S.PARKED, DESKS | FIELD),
    TicketAction.UNPARK: Rule(frozenset({_S.PARKED}), None, DESKS | FIELD, resumes=True),
    TicketAction.ASK_EXTENSION: Rule(frozenset({_S.SIGNED}), None, FIELD),
    TicketAction.GRANT_EXTENSION: Rule(OPEN, None, LEADERS),
    TicketAction.DENY_EXTENSION: Rule(OPEN, None, LEADERS),
    TicketAction.SUPERVISE: Rule(OPEN, None, LEADERS),
    TicketAction.ESCALATE: Rule(OPEN, None, DESKS | FIELD),
    TicketAction.REPLY: Rule(frozenset({_S.SIGNED}), _S.REPLIED, FIELD),
    TicketAction.JUDGE: Rule(frozenset({_S.SIGNED, _S.REPLIED, _S.SURVEY}), None, LEADERS),
    TicketAction.CONTEST: Rule(frozenset({_S.SIGNED, _S.REPLIED, _S.SURVEY}), None, DESKS | FIELD),
    TicketAction.SURVEY: Rule(frozenset({_S.REPLIED}), _S.SURVEY, DESKS),
    TicketAction.REDO: Rule(frozenset({_S.REPLIED, _S.SURVEY}), _S.DISPATCHED, LEADERS),
    TicketAction.ARCHIVE: Rule(frozenset({_S.REPLIED, _S.SURVEY}), _S.ARCHIVED, DESKS),
    TicketAction.CANCEL: Rule(OPEN, _S.CANCELLED, LEADERS),
    TicketAction.MERGE: Rule(OPEN, _S.MERGED, DESKS),
    TicketAction.UNMERGE: Rule(frozenset({_S.MERGED}), None, DESKS, resumes=True),
    TicketAction.ABSORB: Rule(OPEN, None, DESKS),
    TicketAction.RELEASE: Rule(frozenset(_S), None, DESKS),
}
"""The system may do whatever the ticket's state allows: it acts for rules that people made."""


def permit(action: TicketAction, actor: Actor, ticket: Ticket | None = None) -> None:
    """Whether somebody may do it at all, in whatever state the ticket is: asked before anything is told of the ticket.

    Raises:
        Forbidden: the role does not allow it.
        NotYours: the ticket lies with another department.
    """
    rule = RULES[action]
    if actor.kind is ActorKind.CALLER and not rule.caller:
        raise Forbidden(f"callers cannot {action} a ticket")
    if actor.kind is ActorKind.STAFF:
        if actor.role is None or actor.role not in rule.roles:
            raise Forbidden(f"the role {actor.role} cannot {action} a ticket")
        if ticket is not None and not lies_with(actor.role, actor.department_id, ticket.department_id):
            raise NotYours(f"there is no ticket {ticket.id}")


def lead(action: TicketAction, ticket: Ticket) -> TicketStatus:
    """The state an action leads to.

    Raises:
        NotAllowedNow: the ticket's state does not allow it.
    """
    rule = RULES[action]
    if ticket.status not in rule.states:
        raise NotAllowedNow(f"ticket {ticket.number} is {ticket.status}; {action} needs {_listed(rule.states)}")
    if rule.resumes and ticket.parked_from is not None:
        return ticket.parked_from
    return rule.to or ticket.status


def lies_with(role: Role, own: str | None, department_id: str | None) -> bool:
    """Whether somebody may know of a ticket: a department's people only of what lies with it (S7)."""
    return role is not Role.DEPARTMENT or (own is not None and own == department_id)


def _listed(states: frozenset[TicketStatus]) -> str:
    return " or ".join(sorted(states))
