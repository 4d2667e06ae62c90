"""Customers and their telephones."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel
from pydantic import Field as InputField
from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from crm.customers.phone import normalise
from crm.text import OneLine
from foundation.database import UtcDateTime, text_enum

ACCOUNT_NUMBER = r"^[A-Za-z0-9\-]{3,30}$"
MOST_CENTS = 10**12


class Grade(StrEnum):
    """How closely a customer is looked after (H20)."""

    A = "A"
    B = "B"
    C = "C"
    VIP = "VIP"


class Customer(SQLModel, table=True):
    """Who the service is for."""

    __tablename__ = "customer"

    id: str = Field(primary_key=True)
    account_number: str = Field(unique=True)
    name: str
    address: str = ""
    area: str = Field(default="", index=True)
    grade: Grade = Field(default=Grade.C, sa_type=text_enum(Grade))
    arrears_cents: int = Field(default=0, sa_type=BigInteger)
    contract_active: bool = True
    language: str = "zh"
    created_at: datetime = Field(sa_type=UtcDateTime)


class CustomerPhone(SQLModel, table=True):
    """A telephone of a customer; one number may belong to several customers, and one customer have several."""

    __tablename__ = "customer_phone"

    number: str = Field(primary_key=True)
    """E.164."""
    customer_id: str = Field(primary_key=True, foreign_key="customer.id", index=True)
    current: bool = True
    """Whether the customer is still reached there."""


def _e164(value: str) -> str:
    number = normalise(value)
    if number is None:
        raise ValueError("must be a telephone number, such as 13800000001 or +8613800000001")
    return number


PhoneNumber = Annotated[str, AfterValidator(_e164)]
"""A number as people write it, kept as E.164."""


AccountNumber = Annotated[str, InputField(pattern=ACCOUNT_NUMBER)]
Name = Annotated[OneLine, InputField(min_length=1, max_length=100)]
Address = Annotated[OneLine, InputField(max_length=200)]
Area = Annotated[OneLine, InputField(max_length=60)]
Cents = Annotated[int, InputField(ge=0, le=MOST_CENTS)]
Language = Annotated[str, InputField(pattern="^(zh|en)$")]
Phones = Annotated[list[PhoneNumber], InputField(max_length=20)]


class CustomerInput(BaseModel, extra="forbid"):
    """A customer as people enter one."""

    account_number: AccountNumber
    name: Name
    address: Address = ""
    area: Area = ""
    grade: Grade = Grade.C
    arrears_cents: Cents = 0
    contract_active: bool = True
    language: Language = "zh"
    phones: Phones = []


class CustomerChange(BaseModel, extra="forbid"):
    """What is to be different; what is left out stays. `phones` are all current ones, others are kept as former."""

    account_number: AccountNumber = ""
    name: Name = ""
    address: Address = ""
    area: Area = ""
    grade: Grade = Grade.C
    arrears_cents: Cents = 0
    contract_active: bool = True
    language: Language = "zh"
    phones: Phones = []


class CustomerView(BaseModel, from_attributes=True):
    """A customer as shown."""

    id: str
    account_number: str
    name: str
    address: str
    area: str
    grade: Grade
    arrears_cents: int
    contract_active: bool
    language: str


class PhoneView(BaseModel, from_attributes=True):
    """A telephone as shown."""

    number: str
    current: bool


class CustomerDetail(CustomerView):
    """A customer with the telephones, current ones first."""

    phones: list[PhoneView]


class Identification(BaseModel):
    """Who a number belongs to. One match links itself; several are for a person to tell apart."""

    number: str | None
    customers: list[CustomerView]

    @property
    def customer(self) -> CustomerView | None:
        """The one match."""
        return self.customers[0] if len(self.customers) == 1 else None
