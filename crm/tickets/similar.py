"""Ranking of open tickets that may be about the same matter (H4)."""

import math
import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import BaseModel
from pydantic import Field as InputField
from rapidfuzz import fuzz
from sqlalchemy import Connection

from crm.customers.model import Address, CallerNumber
from crm.text import Id, Lines, OneLine
from crm.tickets import compared
from crm.tickets.address import address_key, address_tail
from crm.tickets.compared import Compared, ReportedBy
from crm.tickets.views import TicketView

SHOWN = 5
LEAST_SCORE = 0.3

# score = 1 - (1 - a)(1 - b)… over the weights of all reasons.
ADDRESS, CUSTOMER, NUMBER, CATEGORY, AREA, WORDS = 0.5, 0.4, 0.4, 0.25, 0.1, 0.25
SAME_MATTER = 0.9
"""Weight of the same address with the same cause: more than of all other reasons together."""
ALIKE = 0.35
"""Least similarity of texts: below it, they share only common words."""


class SimilarQuery(BaseModel, extra="forbid"):
    """Known facts of a matter that is being reported."""

    customer_id: Id | None = None
    number: CallerNumber | None = None
    address: Address = ""
    area: OneLine = InputField(default="", max_length=60)
    category_id: Id | None = None
    text: Lines = InputField(default="", max_length=4000)


class SimilarReason(BaseModel):
    """Reason why a ticket is offered."""

    code: str
    zh: str
    en: str


class SimilarTicket(BaseModel):
    """Offered ticket with its reasons; `score` is from 0 to 1."""

    ticket: TicketView
    score: float
    why: list[SimilarReason]


REASONS = {
    "address": SimilarReason(code="address", zh="同一地址", en="same address"),
    "customer": SimilarReason(code="customer", zh="同一用户", en="same customer"),
    "number": SimilarReason(code="number", zh="同一来电号码", en="same caller number"),
    "category": SimilarReason(code="category", zh="同一问题类别", en="same category"),
    "area": SimilarReason(code="area", zh="同一片区", en="same area"),
    "words": SimilarReason(code="words", zh="内容相近", en="similar words"),
}


@dataclass(frozen=True)
class Likely:
    """Candidate with a sufficient score."""

    ticket_id: str
    number: str
    score: float
    why: list[SimilarReason]


def find(connection: Connection, query: SimilarQuery) -> list[SimilarTicket]:
    """Return open tickets that may be about the same matter, best first."""
    facts = query.model_dump(include={"number", "customer_id", "area", "category_id"})
    facts["address_key"] = address_key(query.address)
    facts["address_tail"] = address_tail(facts["address_key"])
    tickets = compared.candidates(connection, facts, words=bool(query.text))
    reported = compared.reported_by(connection, query.number, query.customer_id, [ticket.id for ticket in tickets])
    likely = rank(query, tickets, reported)
    whole = compared.whole(connection, [found.ticket_id for found in likely]) if likely else {}
    return [
        SimilarTicket(ticket=TicketView.model_validate(whole[found.ticket_id]), score=found.score, why=found.why)
        for found in likely
        if found.ticket_id in whole
    ]


def rank(query: SimilarQuery, tickets: Iterable[Compared], reported: ReportedBy) -> list[Likely]:
    """Return the best candidates by score; `reported` holds the caller's own reports.

    Texts are compared last, and only of candidates that can still be among the best: hundreds may share an area.
    """
    key, words = address_key(query.address), _pairs(query.text)
    best: list[Likely] = []
    facts = ((_shared(query, key, ticket, reported), ticket) for ticket in tickets)
    bounds = ((combined(shared | {"words": WORDS if words else 0.0}), shared, ticket) for shared, ticket in facts)
    likely = (bound for bound in bounds if bound[0] >= LEAST_SCORE)
    for bound, shared, ticket in sorted(likely, key=lambda one: (-one[0], one[2].number)):
        if len(best) == SHOWN and bound < best[-1].score:
            break
        likeness = _alike(words, f"{ticket.subject} {ticket.description}") if words else 0.0
        weights = shared | {"words": WORDS * likeness if likeness >= ALIKE else 0.0}
        score = round(combined(weights), 3)
        if score >= LEAST_SCORE:
            why = [REASONS[code] for code, weight in weights.items() if weight > 0]
            best.append(Likely(ticket.id, ticket.number, score, why))
            best = sorted(best, key=lambda found: (-found.score, found.number))[:SHOWN]
    return best


def _shared(query: SimilarQuery, key: str, ticket: Compared, reported: ReportedBy) -> dict[str, float]:
    """Return the weights of the facts a ticket and a matter share."""
    return {
        "address": ADDRESS if _same_place(key, ticket.address_key) else 0.0,
        "customer": CUSTOMER if _is_customers(query, ticket) or ticket.id in reported.customer else 0.0,
        "number": NUMBER if ticket.id in reported.number else 0.0,
        "category": CATEGORY if query.category_id is not None and query.category_id == ticket.category_id else 0.0,
        "area": AREA if query.area and query.area == ticket.area else 0.0,
    }


def _is_customers(query: SimilarQuery, ticket: Compared) -> bool:
    return query.customer_id is not None and query.customer_id == ticket.customer_id


def combined(weights: Mapping[str, float]) -> float:
    """Combine weights into a score; each further reason raises it."""
    counted = dict(weights)
    if weights["address"] > 0 and weights["category"] > 0:
        counted |= {"address": SAME_MATTER, "category": 0.0}
    return 1 - math.prod(1 - weight for weight in counted.values())


def _same_place(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if one == other or not address_tail(shorter):
        return bool(one) and one == other
    return longer.endswith(shorter)


def alike(one: str, other: str) -> float:
    """Return the similarity of two texts, from 0 to 1."""
    return _alike(_pairs(one), other)


def shared_words(one: str, other: str) -> tuple[int, int]:
    """Return how many pairs two texts share, and how many both have."""
    of_one, of_other = set(_pairs(one).split()), set(_pairs(other).split())
    return len(of_one & of_other), len(of_one) + len(of_other)


def _alike(words: str, other: str) -> float:
    """Return the similarity of pairs and a text, from 0 to 1.

    Pairs of characters stand for words, since Chinese has no spaces.
    """
    return fuzz.token_set_ratio(words, _pairs(other), score_cutoff=ALIKE * 100) / 100


def _pairs(text: str) -> str:
    plain = "".join(filter(str.isalnum, text[: compared.COMPARED].casefold()))
    return " ".join(map(operator.add, plain, plain[1:])) or plain
