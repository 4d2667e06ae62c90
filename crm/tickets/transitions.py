"""What may be done to a ticket, when, and by whom: the only table of it, enforced in one place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from crm.tickets.errors import NotAllowedNow, NotYours
from crm.tickets.model import CLOSED, Actor, ActorKind, Ticket, TicketStatus
from foundation.problems import Forbidden
from foundation.routes import Role

OPEN = frozenset(TicketStatus) - CLOSED
WAITING = frozenset({TicketStatus.PARKED, TicketStatus.MERGED})
"""They keep in `parked_from` where they were."""
DESKS = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR})
LEADERS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
FIELD = frozenset({Role.DEPARTMENT})


class TicketAction(StrEnum):
    """What people do to tickets; the words of the log."""

    FILE = "file"
    APPEND = "append"
    URGE = "urge"
    ATTACH = "attach"
    CORRECT = "correct"
    ANSWER = "answer"
    ACCEPT = "accept"
    DECLINE = "decline"
    DISPATCH = "dispatch"
    CO_ASK = "co_ask"
    CO_SIGN = "co_sign"
    CO_REPLY = "co_reply"
    CO_RELEASE = "co_release"
    SIGN = "sign"
    REFUSE = "refuse"
    UPHOLD = "uphold"
    OVERRULE = "overrule"
    PASS_UP = "pass_up"  # noqa: S105 - up the tiers
    ANSWER_DOWN = "answer_down"
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
    BOOK_VISIT = "book_visit"
    CANCEL_VISIT = "cancel_visit"
    RELEASE = "release"
    """What unmerging does to it."""


class DepartmentStanding(StrEnum):
    """What a department is to a ticket."""

    LEAD = "lead"
    """The ticket lies with it."""
    CO_HANDLER = "co_handler"
    BELOW = "below"
    """It passed the ticket up and waits for the answer."""


@dataclass(frozen=True)
class Rule:
    """From which states, into which (None: it stays), and who may; the caller himself and the system where said."""

    states: frozenset[TicketStatus]
    to: TicketStatus | None
    roles: frozenset[Role]
    caller: bool = False
    resumes: bool = False
    """It leads to where the ticket was before it was parked, or merged."""
    except_from: Mapping[TicketStatus, TicketStatus] = field(default_factory=dict)
    """From these states it leads elsewhere."""
    standings: frozenset[DepartmentStanding] = frozenset({DepartmentStanding.LEAD})
    """Of somebody who acts for a department: what it must be to the ticket."""


_S = TicketStatus
_BEING_WORKED_ON = frozenset({_S.DISPATCHED, _S.SIGNED, _S.PARKED})
_CO_HANDLERS = frozenset({DepartmentStanding.CO_HANDLER})

RULES: dict[TicketAction, Rule] = {
    # There is no ticket yet that could be in a state.
    TicketAction.FILE: Rule(frozenset(), _S.REGISTERED, DESKS, caller=True),
    # Whoever works on it signs again, and sees what was added; what waited for the customer has heard from them.
    TicketAction.APPEND: Rule(
        OPEN,
        None,
        DESKS,
        caller=True,
        resumes=True,
        except_from=dict.fromkeys((_S.SIGNED, _S.REPLIED, _S.SURVEY), _S.DISPATCHED),
    ),
    TicketAction.URGE: Rule(OPEN, None, DESKS, caller=True),
    TicketAction.ATTACH: Rule(frozenset(_S), None, DESKS),
    TicketAction.CORRECT: Rule(OPEN, None, DESKS),
    TicketAction.ANSWER: Rule(frozenset({_S.REGISTERED, _S.REFUSED}), _S.ARCHIVED, DESKS),
    TicketAction.ACCEPT: Rule(frozenset({_S.REGISTERED}), None, DESKS),
    TicketAction.DECLINE: Rule(frozenset({_S.REGISTERED}), _S.ARCHIVED, DESKS),
    TicketAction.DISPATCH: Rule(frozenset({_S.REGISTERED, _S.DISPATCHED, _S.SIGNED}), _S.DISPATCHED, DESKS),
    TicketAction.CO_ASK: Rule(_BEING_WORKED_ON, None, DESKS),
    TicketAction.CO_SIGN: Rule(_BEING_WORKED_ON, None, FIELD, standings=_CO_HANDLERS),
    TicketAction.CO_REPLY: Rule(_BEING_WORKED_ON, None, FIELD, standings=_CO_HANDLERS),
    TicketAction.CO_RELEASE: Rule(_BEING_WORKED_ON, None, DESKS),
    TicketAction.SIGN: Rule(frozenset({_S.DISPATCHED}), _S.SIGNED, FIELD),
    TicketAction.REFUSE: Rule(frozenset({_S.DISPATCHED}), _S.REFUSED, FIELD),
    TicketAction.UPHOLD: Rule(frozenset({_S.REFUSED}), _S.DISPATCHED, LEADERS),
    TicketAction.OVERRULE: Rule(frozenset({_S.REFUSED}), _S.DISPATCHED, LEADERS),
    TicketAction.PASS_UP: Rule(frozenset({_S.DISPATCHED, _S.SIGNED}), _S.DISPATCHED, FIELD),
    TicketAction.ANSWER_DOWN: Rule(frozenset({_S.SIGNED}), _S.DISPATCHED, FIELD),
    TicketAction.PARK: Rule(frozenset({_S.REGISTERED, _S.SIGNED}), _S.PARKED, DESKS | FIELD),
    TicketAction.UNPARK: Rule(frozenset({_S.PARKED}), None, DESKS | FIELD, resumes=True),
    TicketAction.ASK_EXTENSION: Rule(frozenset({_S.SIGNED}), None, FIELD),
    TicketAction.GRANT_EXTENSION: Rule(OPEN, None, LEADERS),
    TicketAction.DENY_EXTENSION: Rule(OPEN, None, LEADERS),
    TicketAction.SUPERVISE: Rule(OPEN, None, LEADERS),
    TicketAction.ESCALATE: Rule(OPEN, None, DESKS | FIELD, standings=frozenset(DepartmentStanding)),
    TicketAction.REPLY: Rule(frozenset({_S.SIGNED}), _S.REPLIED, FIELD),
    TicketAction.JUDGE: Rule(frozenset({_S.SIGNED, _S.REPLIED, _S.SURVEY}), None, LEADERS),
    TicketAction.CONTEST: Rule(frozenset({_S.SIGNED, _S.REPLIED, _S.SURVEY}), None, DESKS | FIELD),
    TicketAction.SURVEY: Rule(frozenset({_S.REPLIED}), _S.SURVEY, DESKS),
    TicketAction.REDO: Rule(frozenset({_S.REPLIED, _S.SURVEY}), _S.DISPATCHED, LEADERS),
    TicketAction.ARCHIVE: Rule(frozenset({_S.REPLIED, _S.SURVEY}), _S.ARCHIVED, DESKS),
    TicketAction.CANCEL: Rule(OPEN, _S.CANCELLED, LEADERS),
    TicketAction.BOOK_VISIT: Rule(OPEN, None, DESKS | FIELD),
    TicketAction.CANCEL_VISIT: Rule(OPEN, None, DESKS | FIELD),
    TicketAction.MERGE: Rule(OPEN, _S.MERGED, DESKS),
    TicketAction.UNMERGE: Rule(frozenset({_S.MERGED}), None, DESKS, resumes=True),
    TicketAction.ABSORB: Rule(OPEN, None, DESKS),
    TicketAction.RELEASE: Rule(frozenset(_S), None, DESKS),
}
"""The system may do whatever the ticket's state allows: it acts for rules that people made."""


def permit(
    action: TicketAction,
    actor: Actor,
    ticket: Ticket | None = None,
    others: Mapping[str, DepartmentStanding] | None = None,
) -> None:
    """Whether somebody may do it at all, in whatever state the ticket is: asked before anything is told of the ticket.

    `others` are the departments beside the lead that have something to do with it.

    Raises:
        Forbidden: the role, or what the actor's department is to the ticket, does not allow it.
        NotYours: the ticket lies with another department.
    """
    rule = RULES[action]
    if actor.kind is ActorKind.CALLER and not rule.caller:
        raise Forbidden(f"callers cannot {action} a ticket")
    if actor.kind is ActorKind.STAFF:
        if actor.role is None or actor.role not in rule.roles:
            raise Forbidden(f"the role {actor.role} cannot {action} a ticket")
        if ticket is not None and actor.role is Role.DEPARTMENT:
            standing = standing_of(actor.department_id, ticket.department_id, others or {})
            if standing is None:
                raise NotYours(f"there is no ticket {ticket.id}")
            if standing not in rule.standings:
                raise Forbidden(f"{action} is not for a department that is {standing} of this ticket")


def lead(action: TicketAction, ticket: Ticket) -> TicketStatus:
    """The state an action leads to.

    Raises:
        NotAllowedNow: the ticket's state does not allow it.
    """
    rule = RULES[action]
    if ticket.status not in rule.states:
        raise NotAllowedNow(f"ticket {ticket.number} is {ticket.status}; {action} needs {_listed(rule.states)}")
    resumed = ticket.parked_from if rule.resumes and ticket.status in WAITING else None
    before = resumed or ticket.status
    return rule.except_from.get(before, rule.to or before)


def standing_of(
    own: str | None, lead_id: str | None, others: Mapping[str, DepartmentStanding]
) -> DepartmentStanding | None:
    """What a department is to a ticket; None: nothing, and the ticket does not exist for it (S7)."""
    if own is None:
        return None
    return DepartmentStanding.LEAD if own == lead_id else others.get(own)


def _listed(states: frozenset[TicketStatus]) -> str:
    return " or ".join(sorted(states))
