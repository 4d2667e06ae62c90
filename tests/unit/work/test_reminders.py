"""Reminders of arrears: the outcome in a call, by the call's agent (H5)."""

import pytest

from ari_app.work.service import AgentWork
from crm.customers.errors import CustomerNotFound
from crm.customers.merging.model import MergeCustomers
from crm.customers.merging.service import CustomerMergeService
from crm.customers.model import CustomerChange, CustomerInput
from crm.customers.reminders.model import ReminderInput, ReminderOutcome
from crm.customers.reminders.service import ReminderService
from crm.customers.service import CustomerService
from crm.history.service import HistoryService
from foundation.database import Database
from foundation.problems import Forbidden
from tests.unit.queues.conftest import Floor
from tests.unit.work.test_service import ANNA, BERT, CAROL, record, talk

OWES = CustomerInput(account_number="6001", name="李建国", arrears_cents=128_050)


async def test_outcome_is_stored_by_the_agent_of_the_call_and_the_last_word_counts(
    database: Database, floor: Floor, work: AgentWork
) -> None:
    customers, reminders = CustomerService(database), ReminderService(database)
    customer = await customers.create(OWES, ANNA)
    await talk(floor, "call-1", "repair")
    given = ReminderInput(customer_id=customer.id, outcome=ReminderOutcome.PROMISED)
    with pytest.raises(Forbidden):
        await work.remind(BERT, "call-1", given)
    with pytest.raises(CustomerNotFound) as unknown:
        await work.remind(ANNA, "call-1", ReminderInput(customer_id="customer-0", outcome=ReminderOutcome.PAID))
    assert unknown.value.errors[0].field == "customer_id"
    assert await reminders.of_customer(customer.id) == []

    first = await work.remind(ANNA, "call-1", given)
    assert (await work.remind(ANNA, "call-1", given)).at == first.at, "said before"
    await customers.update(customer.id, CustomerChange(arrears_cents=500), ANNA)
    await work.remind(ANNA, "call-1", ReminderInput(customer_id=customer.id, outcome=ReminderOutcome.DISPUTED))
    (stored,) = await reminders.of_customer(customer.id)
    assert (stored.outcome, stored.arrears_cents, stored.staff_name) == (ReminderOutcome.DISPUTED, 500, "Anna")


async def test_outcome_stands_on_the_timeline_and_follows_a_merge(
    database: Database, floor: Floor, work: AgentWork
) -> None:
    customers, merges, reminders = CustomerService(database), CustomerMergeService(database), ReminderService(database)
    one = await customers.create(OWES, ANNA)
    other = await customers.create(OWES.model_copy(update={"account_number": "6002"}), ANNA)
    async with database.write() as session:
        session.add(record("call-1"))
    await work.remind(ANNA, "call-1", ReminderInput(customer_id=other.id, outcome=ReminderOutcome.NOTED))
    timeline = await HistoryService(database).timeline("call-1")
    assert [(entry.what, entry.note) for entry in timeline.entries if entry.source == "reminder"] == [("noted", "Anna")]

    await merges.merge(MergeCustomers(kept_id=one.id, merged_id=other.id), CAROL)
    for customer_id in (one.id, other.id):
        assert [line.call_id for line in await reminders.of_customer(customer_id)] == ["call-1"]
