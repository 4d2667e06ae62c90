"""State machine of tickets: which action, in which state, by which role."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from crm.tickets.errors import NotAllowedNow, NotYours
from crm.tickets.model import CLOSED, Actor, ActorKind, Ticket, TicketStatus
from foundation.problems import Forbidden
from foundation.routes import DESKS, LEADERS, Role

OPEN = frozenset(TicketStatus) - CLOSED
WAITING = frozenset({TicketStatus.PARKED, TicketStatus.MERGED})
"""States with the one before in `parked_from`."""
FIELD = frozenset({Role.DEPARTMENT})


class TicketAction(StrEnum):
    """Action on a ticket, as it is logged."""

    FILE = "file"
    APPEND = "append"
    URGE = "urge"
    ATTACH = "attach"
    NOTE = "note"
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
    """Logged on the ticket that stands for a merged one."""
    BOOK_VISIT = "book_visit"
    CANCEL_VISIT = "cancel_visit"
    RELEASE = "release"
    """Logged on that ticket when the merge is undone."""


class DepartmentStanding(StrEnum):
    """Standing of a department to a ticket."""

    LEAD = "lead"
    """The ticket is with this department."""
    CO_HANDLER = "co_handler"
    BELOW = "below"
    """It passed the ticket up and waits for the answer."""


@dataclass(frozen=True)
class Rule:
    """States before, state after (None: unchanged), and roles of an action."""

    states: frozenset[TicketStatus]
    to: TicketStatus | None
    roles: frozenset[Role]
    caller: bool = False
    resumes: bool = False
    """It leads back to the state before parking or merging."""
    except_from: Mapping[TicketStatus, TicketStatus] = field(default_factory=dict)
    """Other states after, by the state before."""
    standings: frozenset[DepartmentStanding] = frozenset({DepartmentStanding.LEAD})
    """Standings of a department that may do it."""


_S = TicketStatus
_BEING_WORKED_ON = frozenset({_S.DISPATCHED, _S.SIGNED, _S.PARKED})
_CO_HANDLERS = frozenset({DepartmentStanding.CO_HANDLER})

RULES: dict[TicketAction, Rule] = {
    TicketAction.FILE: Rule(frozenset(), _S.REGISTERED, DESKS, caller=True),
    # The department signs again and so sees the addition; a parked ticket has got its answer.
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
    TicketAction.NOTE: Rule(
        frozenset(_S), None, DESKS | FIELD | {Role.QUALITY}, standings=frozenset(DepartmentStanding)
    ),
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
    TicketAction.BOOK_VISIT: Rule(OPEN, None, DESKS | FIELD, caller=True),
    TicketAction.CANCEL_VISIT: Rule(OPEN, None, DESKS | FIELD, caller=True),
    TicketAction.MERGE: Rule(OPEN, _S.MERGED, DESKS),
    TicketAction.UNMERGE: Rule(frozenset({_S.MERGED}), None, DESKS, resumes=True),
    TicketAction.ABSORB: Rule(OPEN, None, DESKS),
    TicketAction.RELEASE: Rule(frozenset(_S), None, DESKS),
}
"""The system may do all that the state allows: it carries out configured rules."""


def permit(
    action: TicketAction,
    actor: Actor,
    ticket: Ticket | None = None,
    others: Mapping[str, DepartmentStanding] | None = None,
) -> None:
    """Check the actor's permission for an action in any state.

    It comes before any other check, so that a refusal tells nothing about the ticket. `others` are the departments
    beside the lead that have a part in it.

    Raises:
        Forbidden: the role, or the standing of the actor's department, does not allow it.
        NotYours: the actor's department has no part in the ticket.
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
    """Return the state after an action.

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
    """Return a department's standing; None hides the ticket from it (S7)."""
    if own is None:
        return None
    return DepartmentStanding.LEAD if own == lead_id else others.get(own)


def _listed(states: frozenset[TicketStatus]) -> str:
    return " or ".join(sorted(states))
