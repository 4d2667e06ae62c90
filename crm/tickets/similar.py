"""Open tickets that may be about the same matter, ranked, each with why (H4)."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic import Field as InputField
from rapidfuzz import fuzz
from sqlalchemy import Row

from crm.customers.model import PhoneNumber
from crm.text import Id, Lines, OneLine
from crm.tickets.address import address_key
from crm.tickets.model import TicketView

SHOWN = 5
LEAST_SCORE = 0.3

# Each reason takes its share of the doubt that the others left: score = 1 - (1 - a)(1 - b)…
ADDRESS, CUSTOMER, NUMBER, CATEGORY, AREA, WORDS = 0.5, 0.4, 0.4, 0.25, 0.1, 0.25
SAME_MATTER = 0.9
"""The same address and the same cause together, in place of either: more than all other reasons and one of the two."""
ALIKE = 0.35
"""Texts less alike than this have only common words in common."""
COMPARED = 300
"""Characters of a text that are compared: what it is about is said first, and the caller is waiting."""
SUFFIX = 5
"""Characters from where on an address may lack its beginning, such as the district, and still be the same."""


Candidate = Row[*tuple[Any, ...]]
"""A ticket's columns."""


class SimilarQuery(BaseModel, extra="forbid"):
    """What is known of the matter so far."""

    customer_id: Id | None = None
    number: PhoneNumber | None = None
    address: OneLine = InputField(default="", max_length=200)
    area: OneLine = InputField(default="", max_length=60)
    category_id: Id | None = None
    text: Lines = InputField(default="", max_length=4000)


class Reason(BaseModel):
    """Why a ticket is offered."""

    code: str
    zh: str
    en: str


class SimilarTicket(BaseModel):
    """An open ticket that may be about the same matter. `score` is from 0 to 1."""

    ticket: TicketView
    score: float
    why: list[Reason]


REASONS = {
    "address": Reason(code="address", zh="同一地址", en="same address"),
    "customer": Reason(code="customer", zh="同一用户", en="same customer"),
    "number": Reason(code="number", zh="同一来电号码", en="same caller number"),
    "category": Reason(code="category", zh="同一类别", en="same category"),
    "area": Reason(code="area", zh="同一片区", en="same area"),
    "words": Reason(code="words", zh="内容相近", en="similar words"),
}


def rank(query: SimilarQuery, tickets: Iterable[Candidate], reported: set[str]) -> list[SimilarTicket]:
    """The likeliest few, best first. `reported` holds the tickets that were reported from the caller's number."""
    key = address_key(query.address)
    scored = [_score(query, key, ticket, reported=ticket.id in reported) for ticket in tickets]
    likely = [found for found in scored if found.score >= LEAST_SCORE]
    return sorted(likely, key=lambda found: (-found.score, found.ticket.number))[:SHOWN]


def _score(query: SimilarQuery, key: str, ticket: Candidate, *, reported: bool) -> SimilarTicket:
    alike = _alike(query.text, f"{ticket.subject} {ticket.description}")
    weights = {
        "address": ADDRESS if _same_place(key, ticket.address_key) else 0.0,
        "customer": CUSTOMER if query.customer_id is not None and query.customer_id == ticket.customer_id else 0.0,
        "number": NUMBER if reported else 0.0,
        "category": CATEGORY if query.category_id is not None and query.category_id == ticket.category_id else 0.0,
        "area": AREA if query.area and query.area == ticket.area else 0.0,
        "words": WORDS * alike if alike >= ALIKE else 0.0,
    }
    return SimilarTicket(
        ticket=TicketView.model_validate(ticket),
        score=round(combined(weights), 3),
        why=[REASONS[code] for code, weight in weights.items() if weight > 0],
    )


def combined(weights: Mapping[str, float]) -> float:
    """How likely all reasons together make it: from 0 to 1, and never less for one reason more."""
    counted = dict(weights)
    if weights["address"] > 0 and weights["category"] > 0:
        counted |= {"address": SAME_MATTER, "category": 0.0}
    return 1 - math.prod(1 - weight for weight in counted.values())


def _same_place(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < SUFFIX or not any(character.isdigit() for character in shorter):
        return bool(one) and one == other
    return longer.endswith(shorter)


def _alike(one: str, other: str) -> float:
    """How alike two texts are, from 0 to 1, by the pairs of characters they share: Chinese has no spaces."""
    if not one or not other:
        return 0.0
    return fuzz.token_set_ratio(_pairs(one), _pairs(other)) / 100


def _pairs(text: str) -> str:
    plain = "".join(character for character in text[:COMPARED].casefold() if character.isalnum())
    return " ".join(plain[index : index + 2] for index in range(max(1, len(plain) - 1)))
