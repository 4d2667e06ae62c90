"""Actions of the inbound flow on real databases: offers, checks, urging."""

from collections.abc import Mapping
from typing import Any

import pytest

from callflows.actions import CallerActions
from crm.customers.service import CustomerService
from crm.departments.service import DepartmentService
from crm.selfservice.limits import Limit, Unlimited
from crm.selfservice.service import QUESTIONS_ABOUT_TICKET, SelfService
from crm.tickets.service import TicketService
from foundation.database import Database
from foundation.problems import TooMany
from ivr.actions import ActionCall
from ivr.cursor import Cursor
from ivr.variables import JSON, merge
from tests.unit.crm.conftest import AGENT, Place, furnish

WANG, STRANGER = "+8613800000001", "+8613900000009"


class Counting:
    """Fake limiter: counts in memory."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], int] = {}

    async def count(self, what: str, who: str, limit: Limit) -> None:
        self.counts[what, who] = self.counts.get((what, who), 0) + 1
        if self.counts[what, who] > limit.most:
            raise TooMany("too many")


@pytest.fixture
async def place(database: Database) -> Place:
    return await furnish(database)


@pytest.fixture
def tickets(database: Database) -> TicketService:
    return TicketService(database)


def actions_of(database: Database, tickets: TicketService, limiter: Counting | Unlimited) -> CallerActions:
    """Return the actions with a limiter."""
    self_service = SelfService(database, tickets, limiter)
    return CallerActions(CustomerService(database), tickets, DepartmentService(database), self_service)


@pytest.fixture
def actions(database: Database, tickets: TicketService) -> CallerActions:
    return actions_of(database, tickets, Unlimited())


class Call:
    """One call: its variables change with every action."""

    def __init__(self, actions: CallerActions, number: str | None) -> None:
        self._actions = actions.actions()
        self.cursor = Cursor("hotline", "step", variables={"call": {"id": "call-1", "number": number}})

    async def do(self, name: str, **arguments: JSON) -> Mapping[str, Any]:
        """Run an action; return the offer as it is then."""
        merge(self.cursor.variables, await self._actions[name].run(ActionCall(self.cursor, arguments)))
        return dict(self.cursor.variables["offer"])


async def test_every_open_ticket_can_be_offered_and_urged(
    actions: CallerActions, tickets: TicketService, place: Place
) -> None:
    older, middle, newest = [
        await tickets.file(place.fault(WANG, subject=subject, address=f"建设街{at}号"), AGENT)
        for at, subject in enumerate(("暖气不热", "水管漏水", "电梯停运"))
    ]
    call = Call(actions, WANG)

    offers = [await call.do("identify_caller")]
    offers += [await call.do("next_ticket") for _ in range(2)]
    subjects = [offer["subject"] for offer in offers]
    await call.do("urge_ticket")
    await call.do("urge_ticket")
    first_again = await call.do("next_ticket")

    assert offers[0]["several"]
    assert (subjects, first_again["subject"]) == (["电梯停运", "水管漏水", "暖气不热"], "电梯停运")
    counts = [(await tickets.get(ticket.id)).urge_count for ticket in (older, middle, newest)]
    assert counts == [1, 0, 0]
    assert call.cursor.variables["ticket"]["id"] == older.id


async def test_an_offered_ticket_is_not_the_matter_of_the_call(
    actions: CallerActions, tickets: TicketService, place: Place
) -> None:
    await tickets.file(place.fault(WANG), AGENT)
    call = Call(actions, WANG)
    offer = await call.do("identify_caller")
    assert offer["open"]
    assert "ticket" not in call.cursor.variables


async def test_a_long_subject_is_spoken_in_part(actions: CallerActions, tickets: TicketService, place: Place) -> None:
    await tickets.file(place.fault(WANG, subject="暖气不热" * 30), AGENT)
    offer = await Call(actions, WANG).do("identify_caller")
    assert len(offer["subject"]) == 20


@pytest.mark.parametrize("number", [STRANGER, None])
async def test_an_account_number_tells_another_telephone_nothing_without_the_check(
    actions: CallerActions, tickets: TicketService, place: Place, number: str | None
) -> None:
    await tickets.file(place.fault(WANG), AGENT)
    call = Call(actions, number)

    await call.do("identify_caller")
    offer = await call.do("find_account", account_number="6001000001")
    assert not offer["open"]
    assert "暖气" not in str(call.cursor.variables)
    # The account's own last digits are no check: they were keyed already. Nonsense is none either.
    for wrong in ("9999", "0002", "12", "abcd"):
        assert not (await call.do("check_account", check=wrong))["open"]

    assert (await call.do("check_account", check="0001"))["subject"] == "暖气不热"
    account = call.cursor.variables["account"]
    assert (account["found"], account["own_number"], account["checked"]) == (True, False, True)


async def test_stranger_is_not_the_customer_of_an_account_before_the_check(
    actions: CallerActions, tickets: TicketService, place: Place
) -> None:
    await tickets.file(place.fault(WANG), AGENT)
    call = Call(actions, STRANGER)
    await call.do("identify_caller")
    before = dict(call.cursor.variables["customer"])
    await call.do("find_account", account_number="6001000001")
    await call.do("check_account", check="9999")
    assert call.cursor.variables["customer"] == before
    assert {"id", "grade", "protected", "agent_id"}.isdisjoint(before)

    await call.do("check_account", check="0001")
    customer = call.cursor.variables["customer"]
    assert customer["known"]
    assert customer["id"] == call.cursor.variables["account"]["customer_id"]
    assert {"grade", "protected", "agent_id"} <= customer.keys()


async def test_the_account_of_the_callers_own_number_needs_no_check(
    actions: CallerActions, tickets: TicketService, place: Place
) -> None:
    await tickets.file(place.fault(WANG), AGENT)
    offer = await Call(actions, WANG).do("find_account", account_number="6001000001")
    assert offer["open"]


async def test_four_digits_of_an_account_are_not_guessed(
    database: Database, tickets: TicketService, place: Place
) -> None:
    await tickets.file(place.fault(WANG), AGENT)
    call = Call(actions_of(database, tickets, Counting()), STRANGER)
    await call.do("find_account", account_number="6001000001")
    for guess in range(QUESTIONS_ABOUT_TICKET.most):
        await call.do("check_account", check=f"{guess + 1000}")
    with pytest.raises(TooMany):
        await call.do("check_account", check="0001")


async def test_an_unknown_account_offers_nothing(actions: CallerActions, place: Place) -> None:
    call = Call(actions, STRANGER)
    await call.do("identify_caller")
    offer = await call.do("find_account", account_number="7001000001")
    assert not offer["open"]
    assert not call.cursor.variables["account"]["found"]
    assert not call.cursor.variables["customer"]["known"]
