"""Priority of a caller in a queue: grade, protection, urges."""

from dataclasses import replace
from typing import Any

from ari_app.calls.call_services import CallServices
from ari_app.calls.model import CallState
from ari_app.queues.settings import HIGHEST_PRIORITY
from crm.customers.model import Grade
from ivr.variables import read
from ivr.walker import ToQueue

MOST_URGES = 4
"""Urges of a ticket that count for a call's priority."""


def ranked(services: CallServices, state: CallState, target: ToQueue) -> ToQueue:
    """Return the target with the customer's priority.

    It follows the grade (H20) and how often the customer urged; protected customers come first (H25).
    """
    if _known(state, "customer.protected"):
        return replace(target, priority=HIGHEST_PRIORITY)
    priority = target.priority + _of_grade(services, state) + _of_urges(services, state)
    return replace(target, priority=min(max(priority, 0), HIGHEST_PRIORITY))


def _of_grade(services: CallServices, state: CallState) -> int:
    grade = _known(state, "customer.grade")
    return services.grade_priorities.get(Grade(grade), 0) if grade else 0


def _of_urges(services: CallServices, state: CallState) -> int:
    urges = int(_known(state, "offer.urges") or 0)
    return min(urges, MOST_URGES) * services.urge_priority


def _known(state: CallState, variable: str) -> Any:
    return read(state.cursor.variables, variable) if state.cursor is not None else None
