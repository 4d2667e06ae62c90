"""Merging customers and taking them apart."""

from collections.abc import Iterable

from rapidfuzz import fuzz
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers import audit
from crm.customers import store as customers_store
from crm.customers.audit import CustomerAction
from crm.customers.errors import CustomerChanged, CustomerNotFound
from crm.customers.merging import store
from crm.customers.merging.absorbing import absorb, conflicts, fills, give_back
from crm.customers.merging.errors import CannotUndo, MergedAlready, MergeNotFound, SameCustomer
from crm.customers.merging.model import CustomerMerge, CustomerMergeView, Duplicate, MergeCustomers, MergePreview
from crm.customers.model import Customer, CustomerView
from crm.customers.service import must_not_be_erased
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem
from foundation.routes import Principal


class CustomerMergeService:
    """Two entries of one person become one, and two again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def preview(self, given: MergeCustomers) -> MergePreview:
        """Return the effect of a merge; nothing is changed.

        Raises:
            SameCustomer, CustomerNotFound, MergedAlready, CustomerErased, CustomerChanged: as for the merge itself.
        """
        async with self._database.read() as session:
            kept, merged = await _both(session, given)
            own = {phone.number for phone in await customers_store.phones(session, kept.id)}
            theirs = [phone.number for phone in await customers_store.phones(session, merged.id)]
            return MergePreview(
                kept=CustomerView.model_validate(kept),
                merged=CustomerView.model_validate(merged),
                moves=await store.counts(session, merged.id),
                phones=[number for number in theirs if number not in own],
                fills=fills(kept, merged),
                conflicts=conflicts(kept, merged),
            )

    async def merge(self, given: MergeCustomers, by: Principal) -> CustomerMergeView:
        """Let one customer stand for both.

        Raises:
            SameCustomer: they are one entry.
            CustomerNotFound: there is none.
            MergedAlready: one of them was merged into another before.
            CustomerErased: the data of one of them were erased.
            CustomerChanged: a version is given and no longer the present one.
        """
        async with self._database.write() as session:
            kept, merged = await _both(session, given)
            merge = CustomerMerge(
                id=new_id("merge"), kept_id=kept.id, merged_id=merged.id, at=utc_now(), staff_name=_name(by)
            )
            session.add(merge)
            await session.flush()
            merged.merged_into = kept.id
            await absorb(session, merge, kept, merged)
            await store.move(session, merge)
            _note(session, kept, CustomerAction.MERGE, by, merge)
            _note(session, merged, CustomerAction.MERGE, by, merge)
            return CustomerMergeView.model_validate(merge)

    async def undo(self, merge_id: str, by: Principal) -> CustomerMergeView:
        """Undo a merge: both are as they were, except for later changes.

        Raises:
            MergeNotFound: there is none.
            CannotUndo: it was undone, or the kept one was merged into another since.
        """
        async with self._database.write() as session:
            merge = await session.get(CustomerMerge, merge_id)
            if merge is None:
                raise MergeNotFound(f"there is no merge {merge_id}")
            held = await _held(session, (merge.kept_id, merge.merged_id))
            kept, merged = held[merge.kept_id], held[merge.merged_id]
            await session.refresh(merge)
            if merge.undone_at is not None:
                raise CannotUndo("it was undone before")
            if kept.merged_into is not None:
                raise CannotUndo(f"first undo that {kept.id} was merged into {kept.merged_into}")
            await give_back(session, merge, kept, merged)
            await store.move_back(session, merge)
            merged.merged_into = None
            merge.undone_at, merge.undone_by = utc_now(), _name(by)
            await session.flush()
            for other in await store.into(session, kept.id):
                # What both had was given once.
                await absorb(session, other, kept, await session.get_one(Customer, other.merged_id))
            _note(session, kept, CustomerAction.UNMERGE, by, merge)
            _note(session, merged, CustomerAction.UNMERGE, by, merge)
            return CustomerMergeView.model_validate(merge)

    async def of_customer(self, customer_id: str) -> list[CustomerMergeView]:
        """Every merge of a customer or into it, newest first."""
        async with self._database.read() as session:
            found = await store.of_customer(session, customer_id)
            return [CustomerMergeView.model_validate(merge) for merge in found]

    async def duplicates(self, customer_id: str | None = None) -> list[Duplicate]:
        """Return customers who may be one person, at most store.PAIRS per reason."""
        async with self._database.read() as session:
            by_phone = await store.same_phone(session, customer_id, store.PAIRS)
            by_address = await store.same_address(session, customer_id, store.PAIRS)
            concerned = {one for pair in (*by_phone, *by_address) for one in pair}
            wanted = select(Customer).where(col(Customer.id).in_(concerned), col(Customer.merged_into).is_(None))
            found = {customer.id: CustomerView.model_validate(customer) for customer in await session.exec(wanted)}
        why: dict[tuple[str, str], list[str]] = {}
        for pair in by_phone:
            why.setdefault(pair, []).append("phone")
        for pair in by_address:
            if all(one in found for one in pair) and _called_alike(found[pair[0]].name, found[pair[1]].name):
                why.setdefault(pair, []).append("address")
        listed = [(pair, reasons) for pair, reasons in why.items() if all(one in found for one in pair)]
        listed.sort(key=lambda one: (-len(one[1]), one[0]))
        return [Duplicate(first=found[one], second=found[other], why=reasons) for (one, other), reasons in listed]


async def _both(session: AsyncSession, given: MergeCustomers) -> tuple[Customer, Customer]:
    if given.kept_id == given.merged_id:
        problem = FieldProblem(field="merged_id", rule="must be another customer than kept_id")
        raise SameCustomer("a customer cannot be merged into itself", [problem])
    held = await _held(session, (given.kept_id, given.merged_id))
    kept, merged = held[given.kept_id], held[given.merged_id]
    for customer, version in ((kept, given.kept_version), (merged, given.merged_version)):
        if customer.merged_into is not None:
            raise MergedAlready(f"customer {customer.id} was merged into {customer.merged_into}")
        must_not_be_erased(customer)
        if version is not None and version != customer.version:
            raise CustomerChanged(f"customer {customer.id} is at version {customer.version}, not {version}")
    return kept, merged


async def _held(session: AsyncSession, customer_ids: Iterable[str]) -> dict[str, Customer]:
    """Return customers under row locks, taken in one order.

    Opposite merges then cannot wait for each other.
    """
    held = {}
    for customer_id in sorted(customer_ids):
        found = await customers_store.held(session, customer_id)
        if found is None:
            raise CustomerNotFound(f"there is no customer {customer_id}")
        held[customer_id] = found
    return held


def _note(
    session: AsyncSession, customer: Customer, action: CustomerAction, by: Principal, merge: CustomerMerge
) -> None:
    customer.version += 1
    facts = {"merge_id": merge.id, "kept_id": merge.kept_id, "merged_id": merge.merged_id}
    audit.record(session, customer.id, customer.version, action, by, facts)


def _called_alike(one: str, other: str) -> bool:
    return fuzz.ratio(one, other) / 100 >= store.NAME_ALIKE


def _name(by: Principal) -> str:
    return f"{by.name} ({by.staff_number})"
