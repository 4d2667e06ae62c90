"""A customer's own agent (H20)."""

import pytest

from crm.customers.errors import AgentUnknown
from crm.customers.model import OwnAgent
from crm.customers.service import CustomerService
from crm.staff.model import Staff, StaffChange, StaffInput
from crm.staff.service import StaffService
from foundation.database import Database
from foundation.routes import Principal, Role
from tests.unit.crm.customers.test_customers import described

SUPERVISOR = Principal("staff-3001", "3001", "Chen", Role.SUPERVISOR)


async def employed(database: Database, number: str, role: Role = Role.AGENT) -> Staff:
    given = StaffInput(staff_number=number, name="王芳", role=role, password="a long password")
    return await StaffService(database, ()).create(given)


async def test_own_agent_is_shown_by_name_and_audited(database: Database) -> None:
    agent = await employed(database, "1007")
    customers = CustomerService(database)
    customer = await customers.create(described())
    changed = await customers.give_agent(customer.id, OwnAgent(agent_id=agent.id), SUPERVISOR)
    assert (changed.agent_id, changed.agent_name) == (agent.id, "王芳 1007")
    assert (await customers.get(customer.id)).agent_id == agent.id
    entry = (await customers.audit(customer.id))[0]
    assert (entry.changes, entry.names) == ({"agent_id": [None, agent.id]}, {agent.id: "王芳 1007"})
    none = await customers.give_agent(customer.id, OwnAgent(agent_id=None), SUPERVISOR)
    assert (none.agent_id, none.agent_name) == (None, "")


async def test_only_an_active_agent_can_be_a_customers_own(database: Database) -> None:
    supervisor, former = await employed(database, "3007", Role.SUPERVISOR), await employed(database, "1008")
    await StaffService(database, ()).update(former.id, StaffChange(active=False))
    customers = CustomerService(database)
    customer = await customers.create(described())
    for staff_id in (supervisor.id, former.id, "staff-of-nowhere"):
        with pytest.raises(AgentUnknown) as refused:
            await customers.give_agent(customer.id, OwnAgent(agent_id=staff_id), SUPERVISOR)
        assert [(one.field, one.rule) for one in refused.value.errors] == [("agent_id", "must be an active agent")]
    assert (await customers.get(customer.id)).agent_id is None
