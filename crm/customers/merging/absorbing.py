"""Data that a customer takes over in a merge, and gives back."""

from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from crm.customers import store
from crm.customers.merging.model import CustomerMerge, FieldDifference
from crm.customers.model import Consent, Customer, CustomerPhone

_TOGETHER = {
    "name": ("name",),
    "address": ("address",),
    "area": ("area",),
    "notes": ("notes",),
    "consent": ("consent", "consent_at", "consent_source"),
    "do_not_call": ("do_not_call", "do_not_call_at", "do_not_call_source"),
    "legal_hold": ("legal_hold",),
    "agent_id": ("agent_id",),
}
"""Fields taken over together, where the first of them is blank."""
_COMPARED = ("name", "address", "area", "grade", "arrears_cents", "contract_active", "language", "consent", "notes")
_BLANK = {"", None, False, Consent.UNKNOWN}


def fills(kept: Customer, merged: Customer) -> list[FieldDifference]:
    """Return fields that only the merged customer has."""
    found = []
    for first, fields in _TOGETHER.items():
        if getattr(kept, first) in _BLANK and getattr(merged, first) not in _BLANK:
            found += [_difference(field, kept, merged) for field in fields]
    return [difference for difference in found if difference.kept != difference.merged]


def conflicts(kept: Customer, merged: Customer) -> list[FieldDifference]:
    """Return fields with different values in both."""
    filled = {difference.field for difference in fills(kept, merged)}
    found = [_difference(field, kept, merged) for field in _COMPARED if field not in filled]
    return [difference for difference in found if difference.merged not in (difference.kept, "")]


async def absorb(session: AsyncSession, merge: CustomerMerge, kept: Customer, merged: Customer) -> None:
    """Give the kept customer the data it lacks, and note them.

    Repeated, it gives the data that are lacking by then.
    """
    given = {one.field: [_plain(one.kept), _plain(one.merged)] for one in fills(kept, merged)}
    merge.filled = merge.filled | given
    for field in given:
        setattr(kept, field, getattr(merged, field))
    own = {phone.number: phone for phone in await store.phones(session, kept.id)}
    for phone in await store.phones(session, merged.id):
        if phone.number not in own:
            session.add(CustomerPhone(**(phone.model_dump() | {"customer_id": kept.id})))
            merge.copied_phones = [*merge.copied_phones, phone.number]
        elif phone.current and not own[phone.number].current:
            own[phone.number].current = True
            merge.revived_phones = [*merge.revived_phones, phone.number]
    await session.flush()


async def give_back(session: AsyncSession, merge: CustomerMerge, kept: Customer, merged: Customer) -> None:
    """Take back the data that a merge gave; later changes stay."""
    for field, (before, after) in merge.filled.items():
        if _plain(getattr(kept, field)) == after:
            setattr(kept, field, _value(field, before))
    theirs = {phone.number: phone for phone in await store.phones(session, merged.id)}
    for phone in await store.phones(session, kept.id):
        if phone.number in merge.copied_phones and phone.verified_at == theirs[phone.number].verified_at:
            await session.delete(phone)
        elif phone.number in merge.revived_phones:
            phone.current = False
    merge.filled, merge.copied_phones, merge.revived_phones = {}, [], []
    await session.flush()


def _difference(field: str, kept: Customer, merged: Customer) -> FieldDifference:
    return FieldDifference(field=field, kept=getattr(kept, field), merged=getattr(merged, field))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _value(field: str, kept: Any) -> Any:
    if field == "consent":
        return Consent(kept)
    return datetime.fromisoformat(kept) if field.endswith("_at") and kept is not None else kept
