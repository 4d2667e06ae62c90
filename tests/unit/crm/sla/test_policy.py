"""Policies: the most specific rule wins; all rules are checked (H18)."""

from typing import Any

import pytest
from pydantic import ValidationError

from crm.customers.model import Grade
from crm.kinds import TicketKind
from crm.sla.hours import WorkingHours
from crm.sla.policy import SHIPPED, LevelRule, Policy, TicketFacts, choose
from crm.tickets.model import Urgency


def rule(resolve_minutes: int, **conditions: object) -> LevelRule:
    return LevelRule.model_validate({"respond_minutes": 1, "resolve_minutes": resolve_minutes, **conditions})


def resolve_minutes(policy: Policy, **facts: Any) -> int:
    known: dict[str, Any] = {"kind": TicketKind.FAULT, "urgency": Urgency.NORMAL, **facts}
    return choose(policy, TicketFacts(**known)).resolve_minutes


def test_h18_the_most_specific_rule_wins() -> None:
    policy = Policy(
        rules=[
            rule(10),
            rule(20, kind="fault"),
            rule(30, grade="VIP"),
            rule(40, urgency="urgent"),
            rule(50, department_id="east"),
            rule(60, category_id="heat"),
            rule(70, category_id="leak"),
            rule(80, kind="fault", grade="VIP"),
        ]
    )
    assert resolve_minutes(policy, kind=TicketKind.COMPLAINT) == 10
    assert resolve_minutes(policy) == 20
    # Of rules that ask for as much, the more telling: category, department, urgency, grade, kind.
    assert resolve_minutes(policy, grade=Grade.VIP, kind=TicketKind.COMPLAINT, urgency=Urgency.URGENT) == 40
    assert resolve_minutes(policy, urgency=Urgency.URGENT, department_id="east") == 50
    assert resolve_minutes(policy, department_id="east", categories=["heat"]) == 60
    # The nearest cause, whatever the order of the rules.
    assert resolve_minutes(policy, categories=["leak", "heat"]) == 70
    assert resolve_minutes(policy, categories=["valve", "heat"]) == 60
    # More conditions win over a more telling one.
    assert resolve_minutes(policy, categories=["leak"], grade=Grade.VIP) == 80


def test_h18_shipped_policy_gives_every_ticket_deadlines_and_urgent_ones_at_night() -> None:
    for kind in TicketKind:
        for urgency in Urgency:
            found = choose(SHIPPED, TicketFacts(kind, urgency))
            assert found.round_the_clock is (urgency is not Urgency.NORMAL)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"rules": []}, "at least 1 item"),
        ({"rules": [rule(5, kind="fault")]}, "one must have no condition"),
        ({"rules": [rule(5), rule(6, kind="fault"), rule(7, kind="fault")]}, "2 has the same conditions as 1"),
        ({"rules": [{"respond_minutes": 9, "resolve_minutes": 5}]}, "must not be less than respond_minutes"),
        ({"rules": [{"respond_minutes": 0, "resolve_minutes": 5}]}, "greater than or equal to 1"),
        ({"rules": [rule(5)], "warning_percent": 100}, "less than or equal to 99"),
        (
            {
                "rules": [rule(5)],
                "ladder": [{"clock": "resolve", "after_minutes": 9}, {"clock": "resolve", "after_minutes": 5}],
            },
            "in the order of after_minutes",
        ),
    ],
)
def test_h18_policy_is_checked_whole(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Policy.model_validate(given)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "at least one span"),
        ({"round_the_clock": True, "workday": [{"opens": "08:00", "closes": "09:00"}]}, "every moment counts"),
        ({"workday": [{"opens": "22:00", "closes": "06:00"}]}, "two spans"),
        ({"workday": [{"opens": "24:00", "closes": "24:00"}]}, "two spans"),
        ({"workday": [{"opens": "8:00", "closes": "24:01"}]}, "pattern"),
        (
            {"workday": [{"opens": "08:00", "closes": "12:00"}, {"opens": "11:00", "closes": "13:00"}]},
            "workday: span 1 begins before",
        ),
        (
            {
                "workday": [{"opens": "08:00", "closes": "12:00"}],
                "days": {"2026-03-02": [{"opens": "08:00", "closes": "12:00"}, {"opens": "11:00", "closes": "13:00"}]},
            },
            "days.2026-03-02: span 1 begins before",
        ),
    ],
)
def test_h18_working_hours_are_checked_whole(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        WorkingHours.model_validate(given)
