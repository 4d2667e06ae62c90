"""Tickets of messages that callers left, on real databases."""

import pytest
from sqlmodel import col, select

from ari_app.calls.messages import VoiceMessages
from ari_app.calls.model import CallState
from ari_app.desk.call_states import Direction
from ari_app.desk.model import CallStage
from crm.customers.service import CustomerService
from crm.tickets.model import Ticket
from crm.tickets.service import TicketService
from crm.tickets.views import TicketDetail
from foundation.database import Database
from ivr.prompts import read_catalogue
from tests.unit.crm.conftest import furnish
from tests.unit.ivr.caller import CALLFLOWS

NUMBER = "+8613800000001"


async def message_of(database: Database, kind: str | None, customer_id: str | None) -> TicketDetail:
    """File the message of a call; return its ticket."""
    tickets = TicketService(database)
    catalogue, _ = read_catalogue(CALLFLOWS)
    state = CallState(
        "call-1", "node-1", Direction.INBOUND, "channel-1", NUMBER, "96001", CallStage.ENDED, 0,
        customer_id=customer_id, kind=kind,
    )  # fmt: skip
    await VoiceMessages(tickets, CustomerService(database), catalogue).file(state)
    filed = await database.change(lambda connection: connection.execute(select(col(Ticket.id))).scalar_one())
    return await tickets.get(filed)


@pytest.mark.parametrize(
    ("kind", "filed"),
    [("fault", "fault"), ("complaint", "complaint"), (None, "consultation"), ("other", "consultation")],
)
async def test_message_is_a_ticket_of_the_kind_that_the_caller_chose(
    database: Database, kind: str | None, filed: str
) -> None:
    assert (await message_of(database, kind, None)).kind == filed


async def test_message_of_a_known_customer_names_address_area_and_customer(database: Database) -> None:
    wang = (await furnish(database)).wang

    ticket = await message_of(database, "fault", wang.id)

    assert (ticket.address, ticket.area) == (wang.address, wang.area)
    assert ticket.address
    (reporter,) = ticket.reporters
    assert reporter.name == wang.name
