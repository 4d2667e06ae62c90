"""Lists of protected customers, in force for a time."""

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers.model import Customer
from crm.customers.protection.errors import ListNotFound, UnknownCustomers
from crm.customers.protection.model import ProtectedList, ProtectedListInput, ProtectedListView, ProtectedMember
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem
from foundation.routes import Principal

NAMED = 20
"""Most unknown customers that an error names."""


class ProtectionService:
    """Lists and who is on them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def listed(self) -> list[ProtectedListView]:
        """Every list, the latest first."""
        async with self._database.read() as session:
            lists = (await session.exec(select(ProtectedList).order_by(col(ProtectedList.in_force_from).desc()))).all()
            return [await _view(session, found) for found in lists]

    async def create(self, given: ProtectedListInput, by: Principal) -> ProtectedListView:
        """Create a list.

        Raises:
            UnknownCustomers: it names a customer that does not exist.
        """
        facts = given.model_dump(exclude={"customer_ids"})
        made = ProtectedList(id=new_id("protected"), created_at=utc_now(), staff_name=_name(by), **facts)
        async with self._database.write() as session:
            session.add(made)
            await session.flush()
            await _put(session, made.id, given.customer_ids)
            return await _view(session, made)

    async def replace(self, list_id: str, given: ProtectedListInput, by: Principal) -> ProtectedListView:
        """Replace a list.

        Raises:
            ListNotFound: there is none.
            UnknownCustomers: it names a customer that does not exist.
        """
        async with self._database.write() as session:
            found = await _held(session, list_id)
            found.sqlmodel_update(given.model_dump(exclude={"customer_ids"}) | {"staff_name": _name(by)})
            await session.exec(delete(ProtectedMember).where(col(ProtectedMember.list_id) == list_id))
            await _put(session, list_id, given.customer_ids)
            return await _view(session, found)

    async def remove(self, list_id: str) -> None:
        """Remove a list.

        Raises:
            ListNotFound: there is none.
        """
        async with self._database.write() as session:
            found = await _held(session, list_id)
            await session.exec(delete(ProtectedMember).where(col(ProtectedMember.list_id) == list_id))
            await session.delete(found)


async def _held(session: AsyncSession, list_id: str) -> ProtectedList:
    found = await session.get(ProtectedList, list_id, with_for_update=True)
    if found is None:
        raise ListNotFound(f"there is no list {list_id}")
    return found


async def _put(session: AsyncSession, list_id: str, customer_ids: list[str]) -> None:
    put: set[str] = set()
    wanted = set(customer_ids)
    while wanted:
        found = (await session.exec(select(Customer).where(col(Customer.id).in_(wanted)))).all()
        unknown = wanted - {customer.id for customer in found if customer.erased_at is None}
        if unknown:
            rule = f"must name customers that exist and were not erased; not {', '.join(sorted(unknown)[:NAMED])}"
            problem = FieldProblem(field="customer_ids", rule=rule)
            raise UnknownCustomers("the list names customers that do not exist", [problem])
        put |= {customer.id for customer in found if customer.merged_into is None}
        # A merged customer is on the list as the one that stands for both.
        wanted = {customer.merged_into for customer in found if customer.merged_into is not None}
    session.add_all(ProtectedMember(id=new_id("member"), list_id=list_id, customer_id=one) for one in sorted(put))
    await session.flush()


async def _view(session: AsyncSession, found: ProtectedList) -> ProtectedListView:
    members = select(ProtectedMember.customer_id).where(ProtectedMember.list_id == found.id).distinct()
    return ProtectedListView.of(found, sorted((await session.exec(members)).all()))


def _name(by: Principal) -> str:
    return f"{by.name} ({by.staff_number})"
