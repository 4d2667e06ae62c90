"""State machine of tickets: every action in every state by every role."""

import itertools

import pytest

from crm.kinds import TicketKind
from crm.tickets.errors import NotAllowedNow, NotYours
from crm.tickets.model import SYSTEM, Actor, ActorKind, Ticket, TicketStatus
from crm.tickets.transition_page import ACTIONS, STATES, rendered
from crm.tickets.transitions import RULES, DepartmentStanding, TicketAction, lead, permit
from dev.paths import PROJECT
from foundation.clock import utc_now
from foundation.problems import Forbidden, Problem
from foundation.routes import Role

OPEN = "registered dispatched refused signed parked replied survey"
DESK = "agent supervisor administrator"
LEADER = "supervisor administrator"
# Written out a second time, so that a change of the table is deliberate.
ALLOWED = {
    # From registered, dispatched and refused the state stays; the parked ticket was signed before.
    "append": (OPEN, f"{DESK} caller system", "again"),
    "urge": (OPEN, f"{DESK} caller system", None),
    "attach": (f"{OPEN} archived cancelled merged", f"{DESK} system", None),
    "note": (f"{OPEN} archived cancelled merged", f"{DESK} department co_handler below quality system", None),
    "correct": (OPEN, f"{DESK} system", None),
    "answer": ("registered refused", f"{DESK} system", "archived"),
    "accept": ("registered", f"{DESK} system", None),
    "decline": ("registered", f"{DESK} system", "archived"),
    "dispatch": ("registered dispatched signed", f"{DESK} system", "dispatched"),
    "co_ask": ("dispatched signed parked", f"{DESK} system", None),
    "co_sign": ("dispatched signed parked", "co_handler system", None),
    "co_reply": ("dispatched signed parked", "co_handler system", None),
    "co_release": ("dispatched signed parked", f"{DESK} system", None),
    "sign": ("dispatched", "department system", "signed"),
    "refuse": ("dispatched", "department system", "refused"),
    "uphold": ("refused", f"{LEADER} system", "dispatched"),
    "overrule": ("refused", f"{LEADER} system", "dispatched"),
    "pass_up": ("dispatched signed", "department system", "dispatched"),
    "answer_down": ("signed", "department system", "dispatched"),
    "park": ("registered signed", f"{DESK} department system", "parked"),
    "unpark": ("parked", f"{DESK} department system", "signed"),
    "ask_extension": ("signed", "department system", None),
    "grant_extension": (OPEN, f"{LEADER} system", None),
    "deny_extension": (OPEN, f"{LEADER} system", None),
    "supervise": (OPEN, f"{LEADER} system", None),
    "escalate": (OPEN, f"{DESK} department co_handler below system", None),
    "reply": ("signed", "department system", "replied"),
    "judge": ("signed replied survey", f"{LEADER} system", None),
    "contest": ("signed replied survey", f"{DESK} department system", None),
    "survey": ("replied", f"{DESK} system", "survey"),
    "redo": ("replied survey", f"{LEADER} system", "dispatched"),
    "archive": ("replied survey", f"{DESK} system", "archived"),
    "cancel": (OPEN, f"{LEADER} system", "cancelled"),
    "book_visit": (OPEN, f"{DESK} department caller system", None),
    "cancel_visit": (OPEN, f"{DESK} department caller system", None),
    "merge": (OPEN, f"{DESK} system", "merged"),
    "unmerge": ("merged", f"{DESK} system", "signed"),
    "absorb": (OPEN, f"{DESK} system", None),
    "release": (f"{OPEN} archived cancelled merged", f"{DESK} system", None),
}
ACTORS = {
    **{role.value: Actor(kind=ActorKind.STAFF, id="staff-1", role=role, department_id="department-1") for role in Role},
    "caller": Actor(kind=ActorKind.CALLER, id="customer-1"),
    "system": SYSTEM,
    "co_handler": Actor(kind=ActorKind.STAFF, id="staff-2", role=Role.DEPARTMENT, department_id="department-co"),
    "below": Actor(kind=ActorKind.STAFF, id="staff-3", role=Role.DEPARTMENT, department_id="department-below"),
}


OTHERS = {"department-co": DepartmentStanding.CO_HANDLER, "department-below": DepartmentStanding.BELOW}


def ticket(status: TicketStatus, department_id: str | None = "department-1") -> Ticket:
    return Ticket(
        id="ticket-1",
        number="26010100001",
        kind=TicketKind.FAULT,
        subject="x",
        status=status,
        parked_from=TicketStatus.SIGNED,
        department_id=department_id,
        registered_at=utc_now(),
    )


def check(action: TicketAction, subject: Ticket, actor: Actor) -> TicketStatus:
    """Check an action as a change does: permission first, then the state."""
    permit(action, actor, subject, OTHERS)
    return lead(action, subject)


def test_every_action_but_filing_is_in_the_table() -> None:
    assert set(ALLOWED) == set(TicketAction) - {"file"}


@pytest.mark.parametrize("name", ACTORS)
def test_role_decides_who_files(name: str) -> None:
    try:
        permit(TicketAction.FILE, ACTORS[name])
        may = True
    except Forbidden:
        may = False
    assert may == (name in f"{DESK} caller system".split())


@pytest.mark.parametrize("status", TicketStatus)
def test_existing_ticket_cannot_be_filed_again(status: TicketStatus) -> None:
    with pytest.raises(NotAllowedNow):
        lead(TicketAction.FILE, ticket(status))


@pytest.mark.parametrize("action", ALLOWED)
def test_every_action_in_every_state_by_every_role(action: str) -> None:
    states, actors, to = ALLOWED[action]
    for status, name in itertools.product(TicketStatus, ACTORS):
        found: str | type[Problem]
        try:
            found = check(TicketAction(action), ticket(status), ACTORS[name])
        except Problem as refusal:
            found = type(refusal)
        expected: str | type[Problem] = to or status
        if to == "again":
            expected = "dispatched" if status in {"signed", "parked", "replied", "survey"} else status
        if status not in states.split():
            expected = NotAllowedNow
        if name not in actors.split():
            expected = Forbidden
        assert found == expected, (action, status, name)


@pytest.mark.parametrize("own", ["department-2", None])
@pytest.mark.parametrize("theirs", ["department-1", None])
def test_s7_to_a_department_what_lies_elsewhere_does_not_exist(own: str | None, theirs: str | None) -> None:
    worker = Actor(kind=ActorKind.STAFF, id="staff-1", role=Role.DEPARTMENT, department_id=own)
    with pytest.raises(NotYours):
        check(TicketAction.SIGN, ticket(TicketStatus.DISPATCHED, theirs), worker)


def test_actor_without_role_is_refused_everything() -> None:
    nobody = Actor(kind=ActorKind.STAFF, id="staff-1")
    for action in ALLOWED:
        with pytest.raises(Forbidden):
            check(TicketAction(action), ticket(TicketStatus.REGISTERED), nobody)
    with pytest.raises(Forbidden):
        permit(TicketAction.FILE, nobody)


def test_the_page_in_the_documentation_is_the_table_in_force() -> None:
    """`hotline tickets table --output docs/tickets.md` renders it."""
    assert (PROJECT / "docs" / "tickets.md").read_text(encoding="utf-8") == rendered()


def test_the_page_names_every_state_and_action() -> None:
    assert set(STATES) == set(TicketStatus)
    assert set(ACTIONS) == set(TicketAction) == set(RULES)
