"""Service level policies: deadlines as data, and the winning rule (H18). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from pydantic import BaseModel, model_validator
from pydantic import Field as InputField

from crm.customers.model import Grade
from crm.kinds import TicketKind
from crm.text import Id
from crm.tickets.model import Urgency
from foundation.routes import Role

LONGEST_MINUTES = 366 * 24 * 60


class ClockKind(StrEnum):
    """Kind of a ticket's deadline."""

    RESPOND = "respond"
    """Until the ticket is signed, or answered."""
    RESOLVE = "resolve"
    """Until a reply."""


class LevelRule(BaseModel, extra="forbid"):
    """Time of the tickets that fit, in minutes of business time.

    A condition that is None fits every ticket.
    """

    kind: TicketKind | None = None
    urgency: Urgency | None = None
    grade: Grade | None = None
    category_id: Id | None = None
    """The category, or one above it in the catalogue."""
    department_id: Id | None = None
    respond_minutes: int = InputField(ge=1, le=LONGEST_MINUTES)
    resolve_minutes: int = InputField(ge=1, le=LONGEST_MINUTES)
    round_the_clock: bool = False
    """Nights and holidays count too, whatever the department's hours."""

    @model_validator(mode="after")
    def _order(self) -> "LevelRule":
        if self.resolve_minutes < self.respond_minutes:
            raise ValueError("resolve_minutes must not be less than respond_minutes")
        return self

    def seconds(self, clock: ClockKind) -> int:
        """Return the business seconds of a clock."""
        return 60 * (self.respond_minutes if clock is ClockKind.RESPOND else self.resolve_minutes)

    def conditions(self) -> tuple[object, ...]:
        """Return the conditions, the most specific first."""
        return (self.category_id, self.department_id, self.urgency, self.grade, self.kind)

    def specificity(self) -> tuple[int, tuple[bool, ...]]:
        """Return a rule's rank: by number of conditions, then by order."""
        asked = tuple(condition is not None for condition in self.conditions())
        return sum(asked), asked


class LadderStep(BaseModel, extra="forbid"):
    """Step of the escalation ladder: recipient and time after the deadline."""

    clock: ClockKind
    after_minutes: int = InputField(ge=0, le=LONGEST_MINUTES)
    """Business time after the deadline; 0 is the breach itself."""
    role: Role | None = None
    """Recipients of a role..."""
    department_id: Id | None = None
    """...or of a department; of both, those of the role in the department; of none, of the ticket's department."""


class Policy(BaseModel, extra="forbid"):
    """Whole policy."""

    rules: list[LevelRule] = InputField(min_length=1, max_length=500)
    warning_percent: int = InputField(default=80, ge=10, le=99)
    """Share of its time after which the ticket's department is warned."""
    again_percent: int = InputField(default=50, ge=5, le=100)
    """Share of the whole time that a redo, or a raised urgency, leaves at least."""
    after_visit_minutes: int = InputField(default=60, ge=0, le=LONGEST_MINUTES)
    """Business time to reply after an agreed visit: the resolve deadline is not before its end."""
    ladder: list[LadderStep] = InputField(default=[], max_length=40)

    @model_validator(mode="after")
    def _whole(self) -> "Policy":
        seen: dict[tuple[object, ...], int] = {}
        for number, rule in enumerate(self.rules):
            first = seen.setdefault(rule.conditions(), number)
            if first != number:
                raise ValueError(f"rules: {number} has the same conditions as {first}; one of them must differ")
        if not any(rule.specificity()[0] == 0 for rule in self.rules):
            raise ValueError("rules: one must have no condition, so that every ticket has a deadline")
        for clock in ClockKind:
            steps = [step.after_minutes for step in self.ladder if step.clock is clock]
            if any(later < earlier for earlier, later in pairwise(steps)):
                raise ValueError(f"ladder: the steps of the {clock} clock must be in the order of after_minutes")
        return self

    @property
    def names_categories(self) -> bool:
        """Return whether a rule has a category."""
        return any(rule.category_id is not None for rule in self.rules)

    def steps(self, clock: ClockKind) -> list[LadderStep]:
        """Return a clock's ladder in order."""
        return [step for step in self.ladder if step.clock is clock]


@dataclass(frozen=True)
class TicketFacts:
    """Facts of a ticket that decide its deadlines."""

    kind: TicketKind
    urgency: Urgency
    grade: Grade | None = None
    categories: Sequence[str] = ()
    """Its category and those above it, nearest first."""
    department_id: str | None = None


def choose(policy: Policy, facts: TicketFacts) -> LevelRule:
    """Return the most specific fitting rule; for categories, the nearest."""
    fitting = [rule for rule in policy.rules if _fits(rule, facts)]
    return max(fitting, key=lambda rule: (*rule.specificity(), -_distance(rule, facts)))


def _fits(rule: LevelRule, facts: TicketFacts) -> bool:
    return (
        rule.kind in (None, facts.kind)
        and rule.urgency in (None, facts.urgency)
        and rule.grade in (None, facts.grade)
        and rule.department_id in (None, facts.department_id)
        and (rule.category_id is None or rule.category_id in facts.categories)
    )


def _distance(rule: LevelRule, facts: TicketFacts) -> int:
    return 0 if rule.category_id is None else list(facts.categories).index(rule.category_id)


def _rule(respond_minutes: int, resolve_minutes: int, **conditions: object) -> LevelRule:
    given = {"respond_minutes": respond_minutes, "resolve_minutes": resolve_minutes, **conditions}
    return LevelRule.model_validate(given)


WORKING_DAY = 8 * 60
SHIPPED = Policy(
    rules=[
        _rule(WORKING_DAY // 2, 5 * WORKING_DAY),
        _rule(WORKING_DAY // 4, 3 * WORKING_DAY, kind=TicketKind.CONSULTATION),
        _rule(WORKING_DAY // 2, 13 * WORKING_DAY, kind=TicketKind.COMPLAINT),
        _rule(60, 24 * 60, urgency=Urgency.URGENT, round_the_clock=True),
        _rule(15, 2 * 60, urgency=Urgency.CRITICAL, round_the_clock=True),
    ],
    ladder=[
        LadderStep(clock=ClockKind.RESPOND, after_minutes=0, role=Role.SUPERVISOR),
        LadderStep(clock=ClockKind.RESOLVE, after_minutes=0, role=Role.SUPERVISOR),
        LadderStep(clock=ClockKind.RESOLVE, after_minutes=WORKING_DAY, role=Role.ADMINISTRATOR),
    ],
)
"""The policy as shipped: working days as city hotlines promise them, around the clock for urgent tickets."""
