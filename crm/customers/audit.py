"""Audit of customers' data: account, time, values before. Append-only."""

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel
from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.personal_data.fields import Personal
from crm.personal_data.holdings import personal
from foundation.append_only import append_only
from foundation.clock import utc_now
from foundation.database import UtcDateTime, text_enum
from foundation.ids import new_id
from foundation.reader import in_reader_language
from foundation.routes import Principal

MOST = 500


class CustomerAction(StrEnum):
    """Actions on a customer's data."""

    CREATE = "create"
    CHANGE = "change"
    IMPORT = "import"
    CHOOSE = "choose"
    MERGE = "merge"
    UNMERGE = "unmerge"
    LOOK = "look"
    """Masked data were shown on demand (S29)."""
    EXPORT = "export"
    ERASE = "erase"


class CustomerAudit(SQLModel, table=True):
    """One action on one customer."""

    __tablename__ = "customer_audit"
    __table_args__ = (
        Index("ix_customer_audit_customer_id_at", "customer_id", "at"),
        Index("ix_customer_audit_action_at", "action", "at"),
    )

    id: str = Field(primary_key=True)
    customer_id: str
    at: datetime = Field(sa_type=UtcDateTime)
    action: CustomerAction = Field(sa_type=text_enum(CustomerAction))
    version: int
    """The customer's version after it."""
    staff_id: str | None = None
    """None: the service itself."""
    staff_name: str = ""
    changes: dict[str, Any] = Field(default={}, sa_column=Column(JSON, nullable=False))
    """By field what stood there and what stands there now, or what else the action consisted of."""


ERASED: dict[str, Any] = {"erased": True}
"""Replaces the changes when the person's data are erased; the entry itself stays."""
append_only(SQLModel.metadata.tables[CustomerAudit.__tablename__], {"changes": json.dumps(ERASED)})
personal(CustomerAudit, changes=ERASED)


class AuditView(BaseModel, from_attributes=True):
    """An entry as shown."""

    at: datetime
    action: CustomerAction
    version: int
    staff_name: str
    changes: Annotated[dict[str, Any], Personal.TEXT]
    names: dict[str, str] = {}
    """Accounts' names and customers' account numbers, by the ids in the changes."""


def record(
    session: AsyncSession,
    customer_id: str,
    version: int,
    action: CustomerAction,
    by: Principal | None,
    changes: Mapping[str, Any],
) -> None:
    """Note an action in the transaction that carries it out."""
    session.add(
        CustomerAudit(
            id=new_id("audit"),
            customer_id=customer_id,
            at=utc_now(),
            action=action,
            version=version,
            staff_id=by.staff_id if by is not None else None,
            staff_name=f"{by.name} ({by.staff_number})" if by is not None else "",
            changes=dict(changes),
        )
    )


async def of_customer(session: AsyncSession, customer_id: str, since_version: int = -1) -> list[AuditView]:
    """Return the actions on a customer, newest first, at most MOST."""
    wanted = (CustomerAudit.customer_id == customer_id, CustomerAudit.version > since_version)
    order = (col(CustomerAudit.at).desc(), col(CustomerAudit.id).desc())
    found = (await session.exec(select(CustomerAudit).where(*wanted).order_by(*order).limit(MOST))).all()
    return [AuditView.model_validate(entry) for entry in found]


PRINTED = "工作单"
"""Reason of a look that the service itself notes: a work order was printed. Stored as it always was."""
_OF_OURS = {PRINTED: "Work order", "Work order": "Work order"}


def reason_of(changes: Mapping[str, Any]) -> str:
    """Return why it was done, in the reader's language where possible."""
    reason = str(changes.get("reason") or "")
    return in_reader_language(PRINTED, _OF_OURS[reason]) if reason in _OF_OURS else reason


OF_ACCOUNTS = frozenset({"agent_id"})
OF_CUSTOMERS = frozenset({"kept_id", "merged_id", "merged_into"})
"""Fields of changes that hold ids."""


def ids_in(changes: Mapping[str, Any], fields: frozenset[str]) -> set[str]:
    """Return the ids of some fields, before and now."""
    values = [changes[name] for name in fields & changes.keys()]
    return {one for value in values for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)}


async def looks(
    session: AsyncSession, *, staff_id: str | None, subject_id: str | None, since: datetime | None, limit: int
) -> list[CustomerAudit]:
    """Return the looks at masked data, newest first."""
    wanted = [col(CustomerAudit.action) == CustomerAction.LOOK]
    if staff_id is not None:
        wanted.append(col(CustomerAudit.staff_id) == staff_id)
    if subject_id is not None:
        wanted.append(col(CustomerAudit.customer_id) == subject_id)
    if since is not None:
        wanted.append(col(CustomerAudit.at) >= since)
    order = (col(CustomerAudit.at).desc(), col(CustomerAudit.id).desc())
    return list((await session.exec(select(CustomerAudit).where(*wanted).order_by(*order).limit(limit))).all())
