"""Model of a ticket, written independently of the code's state machine."""

from crm.tickets.errors import (
    AlreadyAssessed,
    AlreadyContested,
    AlreadyOverruled,
    CannotHelp,
    ChangedMeanwhile,
    CoHandlersPending,
    ExtensionPending,
    NoExtension,
    NoFinding,
    NoHigherTier,
    NotAComplaint,
    NotAllowedNow,
    NotAnApplication,
    NotAssessed,
    NotYours,
    NotYourTurn,
    SameDepartment,
)
from foundation.problems import Forbidden, Problem

# States before and after each action, written independently of the code.
OPEN = {"registered", "dispatched", "refused", "signed", "parked", "replied", "survey"}
JUDGED = {"signed", "replied", "survey"}
BACK = "where it was before it was parked"
AGAIN = "dispatched again, where somebody had signed for it"
MOVES: dict[str, tuple[set[str], str | None]] = {
    "append": (OPEN, AGAIN),
    "urge": (OPEN, None),
    "attach": (OPEN | {"archived", "cancelled"}, None),
    "correct": (OPEN, None),
    "answer": ({"registered", "refused"}, "archived"),
    "accept": ({"registered"}, None),
    "decline": ({"registered"}, "archived"),
    "dispatch": ({"registered", "dispatched", "signed"}, "dispatched"),
    "co_ask": ({"dispatched", "signed", "parked"}, None),
    "co_sign": ({"dispatched", "signed", "parked"}, None),
    "co_reply": ({"dispatched", "signed", "parked"}, None),
    "co_release": ({"dispatched", "signed", "parked"}, None),
    "sign": ({"dispatched"}, "signed"),
    "refuse": ({"dispatched"}, "refused"),
    "uphold": ({"refused"}, "dispatched"),
    "overrule": ({"refused"}, "dispatched"),
    "pass_up": ({"dispatched", "signed"}, "dispatched"),
    "park": ({"registered", "signed"}, "parked"),
    "unpark": ({"parked"}, BACK),
    "ask_extension": ({"signed"}, None),
    "grant_extension": (OPEN, None),
    "deny_extension": (OPEN, None),
    "supervise": (OPEN, None),
    "escalate": (OPEN, None),
    "reply": ({"signed"}, "replied"),
    "judge": (JUDGED, None),
    "contest": (JUDGED, None),
    "survey": ({"replied"}, "survey"),
    "redo": ({"replied", "survey"}, "dispatched"),
    "archive": ({"replied", "survey"}, "archived"),
    "cancel": (OPEN, "cancelled"),
}
BY_DEPARTMENT = {"sign", "refuse", "reply", "ask_extension", "pass_up", "co_sign", "co_reply"}
ABOUT_DEPARTMENT = BY_DEPARTMENT | {"dispatch", "uphold", "co_ask", "co_release"}
CLOSED = {"archived", "cancelled"}
BY_CO_HANDLER = {"co_sign", "co_reply"}
WITHOUT_VERSION = {"append", "attach"}
PARTS = {"co_ask": "asked", "co_sign": "signed", "co_reply": "replied", "co_release": "released"}
PENDING = {"asked", "signed"}
FLAGS = {
    "accept": ("accepted", True),
    "judge": ("judged", True),
    "ask_extension": ("asks_for_time", True),
    "grant_extension": ("asks_for_time", False),
    "deny_extension": ("asks_for_time", False),
}
ESCALATED = dict.fromkeys(("escalate", "contest"), True) | dict.fromkeys(
    ("supervise", "judge", "answer", "decline", "archive", "cancel"), False
)


def is_legal(action: str, before: str, after: str) -> bool:
    """Return whether an action may lead from one state to another."""
    if action == "answer_down":
        return (before, after) == ("signed", "dispatched")
    states, to = MOVES[action]
    if to is AGAIN:
        return after == "dispatched" if before in JUDGED else after in {before, "registered", "dispatched"}
    if to is BACK:
        return before in states and after in {"registered", "signed"}
    return before in states and after == (to or before)


class Expected:
    """Expected ticket."""

    def __init__(self, kind: str, address: str | None, top: str) -> None:
        self.kind, self.address, self.top = kind, address, top
        self.status, self.version, self.urges, self.redos = "registered", 1, 0, 0
        self.parked_from = ""
        self.department: str | None = None
        self.refused_by: str | None = None
        self.asked_by: str | None = None
        """Department that asked for an extension."""
        self.overruled: set[str] = set()
        self.parts: dict[str, str] = {}
        """State of each co-handler's part."""
        self.below: list[str] = []
        """Departments that passed it up and wait, the last one at the end."""
        self.accepted = self.asks_for_time = self.judged = self.escalated = self.contested = False
        self.actions = ["file"]
        self.numbers: set[str] = set()
        self.recordings: set[str] = set()

    def sensible(self, departments: list[str]) -> list[tuple[str, str]]:
        """Return allowed actions with a department, weighted against closing ones."""
        return [
            (action, own)
            for action in MOVES
            for own in (departments if action in ABOUT_DEPARTMENT else departments[:1])
            if self.refusal(action, own, stale=False) is None
            for _ in range(self._weight(action))
        ]

    def _weight(self, action: str) -> int:
        to = self.to(action)
        return 1 if to in CLOSED else 2 if to == self.status else 8

    def to(self, action: str) -> str:
        """Return the state after an action."""
        if action == "reply" and self.below:
            return "dispatched"
        if action == "append":
            before = self.parked_from if self.status == "parked" else self.status
            return "dispatched" if before in JUDGED else before
        to = MOVES[action][1]
        return self.parked_from if to is BACK else to or self.status

    def refusal(self, action: str, own: str, stale: bool) -> type[Problem] | None:
        """Return the expected refusal of an action, or None."""
        # For a department without a part the ticket does not exist, whatever its version.
        if action in BY_DEPARTMENT and (refused := self._standing(action, own)) is not None:
            return refused
        if stale and action not in WITHOUT_VERSION:
            return ChangedMeanwhile
        if self.status not in MOVES[action][0]:
            return NotAllowedNow
        return next((problem for applies, problem in self._reasons(action, own) if applies), None)

    def _standing(self, action: str, own: str) -> type[Problem] | None:
        if own == self.department:
            return Forbidden if action in BY_CO_HANDLER else None
        if self.parts.get(own, "released") != "released":
            return None if action in BY_CO_HANDLER else Forbidden
        return Forbidden if own in self.below else NotYours

    def _reasons(self, action: str, own: str) -> list[tuple[bool, type[Problem]]]:
        part = self.parts.get(own)
        waiting = bool(PENDING & set(self.parts.values()))
        assessed = [(self.kind != "after_sales", NotAnApplication), (self.accepted, AlreadyAssessed)]
        reasons: dict[str, list[tuple[bool, type[Problem]]]] = {
            "accept": [*assessed],
            "decline": [*assessed],
            "dispatch": [(self.kind == "after_sales" and not self.accepted, NotAssessed)],
            "co_ask": [(own == self.department or part in PENDING, CannotHelp)],
            "co_release": [(part not in PENDING, CannotHelp)],
            "co_sign": [(part != "asked", NotYourTurn)],
            "co_reply": [(part != "signed", NotYourTurn)],
            "pass_up": [(own == self.top, NoHigherTier)],
            "reply": [(not self.below and waiting, CoHandlersPending)],
            "refuse": [(own in self.overruled, AlreadyOverruled)],
            "uphold": [(own == self.refused_by, SameDepartment)],
            "ask_extension": [(self.asks_for_time, ExtensionPending)],
            "grant_extension": [(not self.asks_for_time, NoExtension)],
            "deny_extension": [(not self.asks_for_time, NoExtension)],
            "judge": [(self.kind != "complaint", NotAComplaint)],
            "contest": [(not self.judged, NoFinding), (self.contested, AlreadyContested)],
        }
        return reasons.get(action, [])

    def happened(self, action: str, own: str) -> None:
        """Update the model after an action."""
        self.contested = action == "contest" or (self.contested and action != "judge")
        if action == "park":
            self.parked_from = self.status
        before, self.status = self.status, self.to(action)
        self.version += 1
        self.actions.append("answer_down" if action == "reply" and self.below else action)
        self.urges += action in {"urge", "append"}
        self.redos += action == "redo" or (action == "append" and before in {"replied", "survey"})
        self.escalated = ESCALATED.get(action, self.escalated)
        if action in FLAGS:
            setattr(self, *FLAGS[action])
        if action == "ask_extension":
            self.asked_by = self.department
        if action == "reply" and not self.below:
            self.asks_for_time = False
        if action in PARTS:
            self.parts[own] = PARTS[action]
        self._change_hands(action, own)

    def _change_hands(self, action: str, own: str) -> None:
        match action:
            case "dispatch" | "uphold":
                self.below = []
                self._hand_to(own)
            case "pass_up":
                self.below.append(own)
                self._hand_to(self.top)
            case "reply" if self.below:
                self._hand_to(self.below.pop())
            case "refuse":
                self.department, self.refused_by = None, own
            case "overrule":
                assert self.refused_by is not None
                self._hand_to(self.refused_by)
                self.overruled.add(self.refused_by)

    def _hand_to(self, department: str) -> None:
        """Give the ticket to a department; release its part and others' extensions."""
        self.department = department
        self.asks_for_time = self.asks_for_time and department == self.asked_by
        if department in self.parts:
            self.parts[department] = "released"
