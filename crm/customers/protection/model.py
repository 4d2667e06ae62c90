"""Lists of protected customers and who is on them."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, model_validator
from pydantic import Field as InputField
from sqlmodel import Field, SQLModel

from crm.moments import Moment
from crm.personal_data.holdings import erase_rows_of
from crm.text import Id, OneLine
from foundation.clock import utc_now
from foundation.database import UtcDateTime


class ProtectedList(SQLModel, table=True):
    """A reason why some customers come first, and for how long."""

    __tablename__ = "protected_list"

    id: str = Field(primary_key=True)
    name: str
    reason: str = Field(default="", sa_column_kwargs={"server_default": ""})
    in_force_from: datetime = Field(sa_type=UtcDateTime)
    in_force_until: datetime = Field(sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    staff_name: str


class ProtectedMember(SQLModel, table=True):
    """A customer on a list."""

    __tablename__ = "protected_member"

    id: str = Field(primary_key=True)
    list_id: str = Field(foreign_key="protected_list.id", index=True)
    customer_id: str = Field(foreign_key="customer.id", index=True)


erase_rows_of(ProtectedMember)


class ProtectedListInput(BaseModel, extra="forbid"):
    """A list as people enter it; it replaces the stored one."""

    name: Annotated[OneLine, InputField(min_length=1, max_length=100)]
    reason: Annotated[OneLine, InputField(max_length=200)] = ""
    """Why they come first."""
    in_force_from: Moment
    in_force_until: Moment
    """The first moment at which it is over."""
    customer_ids: Annotated[list[Id], InputField(max_length=10_000)] = []

    @model_validator(mode="after")
    def _in_order(self) -> "ProtectedListInput":
        if self.in_force_until <= self.in_force_from:
            raise ValueError("in_force_until must be after in_force_from")
        return self


class ProtectedListView(BaseModel, from_attributes=True):
    """A list as shown."""

    id: str
    name: str
    reason: str
    in_force_from: datetime
    in_force_until: datetime
    staff_name: str
    customer_ids: list[str]
    in_force: bool

    @classmethod
    def of(cls, found: ProtectedList, customer_ids: list[str]) -> "ProtectedListView":
        """A list with who is on it, as it is now."""
        in_force = found.in_force_from <= utc_now() < found.in_force_until
        return cls(**found.model_dump(), customer_ids=customer_ids, in_force=in_force)
