"""Small service: two departments, their workers, two customers, a cause."""

from dataclasses import dataclass

import pytest

from crm.categories.model import CategoryInput
from crm.categories.service import CategoryService
from crm.customers.model import CustomerInput, CustomerView
from crm.customers.service import CustomerService
from crm.departments.model import DepartmentInput
from crm.departments.service import DepartmentService
from crm.kinds import TicketKind
from crm.tickets.inputs import FileTicket, Reporter
from crm.tickets.model import Actor, ActorKind
from crm.tickets.refusals.model import RefusalReason
from crm.tickets.refusals.service import RefuseTicket
from crm.tickets.service import TicketService
from foundation.database import Database
from foundation.routes import Role

AGENT = Actor(kind=ActorKind.STAFF, id="staff-agent", name="Agent (1001)", role=Role.AGENT)
SUPERVISOR = Actor(kind=ActorKind.STAFF, id="staff-supervisor", name="Supervisor (3001)", role=Role.SUPERVISOR)
NOT_OURS = RefuseTicket(reason=RefusalReason.NOT_OUR_AREA, explanation="该户不在本工区范围内")
CALLER = Actor(kind=ActorKind.CALLER, id="customer-1", name="王秀英")


@dataclass(frozen=True)
class Place:
    """Ids of the service's departments, customers and cause."""

    east: str
    west: str
    cold: str
    """Category 暖气不热."""
    wang: CustomerView
    li: CustomerView
    above: str
    """Department above both."""

    def worker(self, department_id: str | None) -> Actor:
        return Actor(
            kind=ActorKind.STAFF, id="staff-worker", name="Worker", role=Role.DEPARTMENT, department_id=department_id
        )

    def fault(self, number: str | None = "+8613800000001", **changes: object) -> FileTicket:
        given: dict[str, object] = {
            "kind": TicketKind.FAULT,
            "subject": "暖气不热",
            "category_id": self.cold,
            "address": "幸福路12号3单元402",
            "area": "城东",
            "reporter": Reporter(number=number, name="王秀英"),
        }
        return FileTicket.model_validate(given | changes)


@pytest.fixture
async def place(database: Database) -> Place:
    return await furnish(database)


@pytest.fixture
def tickets(database: Database) -> TicketService:
    return TicketService(database)


async def furnish(database: Database) -> Place:
    """Create the departments, customers and cause."""
    departments, customers = DepartmentService(database), CustomerService(database)
    above = await departments.create(DepartmentInput(name="供热公司"))
    east = await departments.create(DepartmentInput(name="城东维修工区", parent_id=above.id, area="城东"))
    west = await departments.create(DepartmentInput(name="城西维修工区", parent_id=above.id, area="城西"))
    cold = await CategoryService(database).create(CategoryInput(name="暖气不热", department_id=east.id))
    wang = await customers.create(
        CustomerInput(
            account_number="6001000001", name="王秀英", phones=["13800000001"], address="建设街8号", area="城东"
        )
    )
    li = await customers.create(
        CustomerInput(
            account_number="6001000002", name="李建国", phones=["13800000002"], address="幸福路12号", area="城东"
        )
    )
    return Place(east.id, west.id, cold.id, wang, li, above.id)
