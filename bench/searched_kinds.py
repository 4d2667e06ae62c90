"""Kinds of searches and lists, each as a page asks for it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bench.searched_data import AREAS, CATEGORIES, DEPARTMENTS, PEOPLE, digits_of, name_of, place_of
from crm.customers.service import CustomerService
from crm.sla.service import SlaService
from crm.tickets.listing import Filters, ListQuery
from crm.tickets.service import TicketService
from foundation.clock import utc_now
from foundation.database import Database

OPEN = ["dispatched", "signed", "parked"]
COMMON = ("暖气", "阀门", "漏水", "维修")


@dataclass(frozen=True)
class Asking:
    """Services that one database is asked through."""

    customers: CustomerService
    tickets: TicketService

    @classmethod
    def of(cls, database: Database) -> "Asking":
        return cls(CustomerService(database), TicketService(database, deadlines=SlaService(database).deadlines))


Kind = Callable[[Asking, int], Awaitable[int]]
"""Asks once about a row by its number; returns how much was found."""
Text = Callable[[int], str]
Query = Callable[[int], dict[str, Any]]


def kinds() -> dict[str, Kind]:
    """Return every kind by its name."""
    return {
        **{f"customer: {name}": _customer(text) for name, text in _CUSTOMER_TEXTS.items()},
        **{f"ticket: {name}": _listed(_with_text(text)) for name, text in _TICKET_TEXTS.items()},
        **{f"list: {name}": _listed(query) for name, query in _LISTS.items()},
        **{f"count: {name}": _counted(query) for name, query in _COUNTS.items()},
    }


_CUSTOMER_TEXTS: dict[str, Text] = {
    "name": name_of,
    "two characters of a name": lambda row: name_of(row)[1:],
    "part of an address": lambda row: place_of(row)[1:-1],
    "a road": lambda row: place_of(row)[:2],
    "part of a telephone": lambda row: digits_of(row)[2:9],
    "last four digits": lambda row: digits_of(row)[-4:],
    "part of an account": lambda row: f"{row:012d}"[-7:],
    "found nowhere": lambda row: f"没有{row % 1000}这样的",
}
_TICKET_TEXTS: dict[str, Text] = {
    "a common word": lambda row: COMMON[row % len(COMMON)],
    "place": place_of,
    "reporter's name": name_of,
    "part of a telephone": lambda row: digits_of(row)[3:],
    "part of a number": lambda row: f"{row:09d}"[-6:],
    "found nowhere": lambda row: f"没有{row % 1000}这样的",
}


def _id(kind: str, number: int) -> str:
    return f"{kind}-{number:026d}"


def _mine(row: int) -> dict[str, Any]:
    number = row % PEOPLE
    return {"department_id": _id("department", number % DEPARTMENTS), "person_id": _id("staff", number), "status": OPEN}


def _department(row: int) -> dict[str, Any]:
    return {"department_id": _id("department", row % DEPARTMENTS), "status": OPEN}


def _due(_row: int) -> dict[str, Any]:
    return {"overdue": False, "due_before": utc_now() + timedelta(days=1)}


def _week(row: int) -> dict[str, Any]:
    since = utc_now() - timedelta(days=30 + row % 1000)
    return {"since": since, "until": since + timedelta(days=7), "kind": "complaint", "limit": 200}


_WORK = {"sort": "oldest", "limit": 100}
_LISTS: dict[str, Query] = {
    "all, newest": lambda _: {},
    "page in the middle": lambda row: {"after": _id("ticket", row)},
    "undispatched, oldest": lambda _: {"status": ["registered"], "sort": "oldest", "limit": 100},
    "archived": lambda _: {"status": ["archived"]},
    "escalated, oldest": lambda _: {"escalated": True, "sort": "oldest", "limit": 100},
    "a department's, oldest": lambda row: _department(row) | _WORK,
    "a department's, overdue": lambda row: _department(row) | _WORK | {"overdue": True},
    "a department's, due": lambda row: _department(row) | _WORK | _due(row),
    "mine": _mine,
    "a customer's": lambda row: {"customer_id": _id("customer", row)},
    "a number's": lambda row: {"reporter_number": f"+86{digits_of(row)}"},
    "a rare kind": lambda _: {"kind": "suggestion"},
    "a rare channel": lambda _: {"channel": "letter"},
    "critical": lambda _: {"urgency": "critical"},
    "a cause": lambda row: {"category_id": _id("category", row % CATEGORIES)},
    "a cause in an area": lambda row: {
        "category_id": _id("category", row % CATEGORIES),
        "area": f"片区{row % AREAS:05d}",
    },
    "a person's": lambda row: {"person_id": _id("staff", row % PEOPLE)},
    "a week of a kind": _week,
    "a word among undispatched": lambda row: {"text": COMMON[row % len(COMMON)], "status": ["registered"]},
}
_COUNTS: dict[str, Query] = {
    "all": lambda _: {},
    "a department's open": _department,
    "a department's overdue": lambda row: _department(row) | {"overdue": True},
    "mine": _mine,
    "a place": lambda row: {"text": place_of(row)},
    "a common word": lambda row: {"text": COMMON[row % len(COMMON)]},
}


def _with_text(text: Text) -> Query:
    return lambda row: {"text": text(row)}


def _customer(text: Text) -> Kind:
    async def search(asking: Asking, row: int) -> int:
        return len(await asking.customers.search(text(row)))

    return search


def _listed(query: Query) -> Kind:
    async def listed(asking: Asking, row: int) -> int:
        wanted = ListQuery.model_validate(query(row))
        return len(await asking.tickets.rows(wanted, wanted.department_id))

    return listed


def _counted(query: Query) -> Kind:
    async def counted(asking: Asking, row: int) -> int:
        wanted = Filters.model_validate(query(row))
        return (await asking.tickets.counts(wanted, wanted.department_id)).total

    return counted
