"""Missed calls by person: a customer with all numbers, or a number."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from ari_app.missed.model import MissedClaim
from crm.history.model import CallRecord


def by_person(calls: Iterable[CallRecord]) -> dict[str, list[CallRecord]]:
    """Group calls by person, in their order.

    A customer who is known of one call of a number is the person of all its calls.
    """
    found = list(calls)
    owners = owners_of((call.number, call.customer_id) for call in reversed(found))
    people: dict[str, list[CallRecord]] = {}
    for call in found:
        people.setdefault(owners.get(call.number or "") or call.number or "", []).append(call)
    return people


def owners_of(calls: Iterable[tuple[str | None, str | None]]) -> dict[str, str]:
    """Return the customer of each number, by the last call with one."""
    return {number: customer for number, customer in calls if number is not None and customer is not None}


def newest_claim(claims: Mapping[str, MissedClaim], calls: Sequence[CallRecord]) -> MissedClaim | None:
    """Return the newest claim of a person's numbers."""
    own = {claim.call_id: claim for call in calls if (claim := claims.get(call.number or "")) is not None}
    return max(own.values(), key=lambda claim: claim.claimed_at, default=None)


def last_reached(reached: Mapping[str, datetime], person: str, calls: Sequence[CallRecord]) -> datetime | None:
    """Return when a person last talked with an agent, on any number."""
    keys = {person, *(call.number or "" for call in calls)}
    return max((reached[key] for key in keys if key in reached), default=None)
