"""Customers and their telephones."""

import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, computed_field
from pydantic import Field as InputField
from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from crm.customers.do_not_call import DoNotCall, DoNotCallNotice
from crm.customers.phone import any_typed_number, is_mistyped_mobile, is_service_number, split_extension, typed_number
from crm.personal_data.fields import (
    WHOLE_ADDRESS,
    WHOLE_NAME,
    WHOLE_TEXT,
    Personal,
    PersonalAddress,
    PersonalName,
    PersonalNumber,
    PersonalText,
)
from crm.personal_data.holdings import erase_rows_of, personal
from crm.text import Id, Lines, OneLine, Version, pasted
from foundation.database import UtcDateTime, text_enum
from foundation.text_index import Beside, TextIndex, text_index

ACCOUNT_NUMBER = r"^[A-Za-z0-9\-]{3,30}$"
MOST_CENTS = 10**12


class Grade(StrEnum):
    """Grade of care for a customer (H20)."""

    A = "A"
    B = "B"
    C = "C"
    VIP = "VIP"


class Consent(StrEnum):
    """Consent to the use of data for more than the service itself."""

    UNKNOWN = "unknown"
    GIVEN = "given"
    WITHDRAWN = "withdrawn"


class Customer(SQLModel, table=True):
    """A person or firm that the service is for."""

    __tablename__ = "customer"
    # Searched by what they begin with, in PostgreSQL whatever its collation.
    __table_args__ = tuple(
        Index(name, column, postgresql_ops={column: "text_pattern_ops"})
        for name, column in (
            ("ix_customer_account_number_prefix", "account_number"),
            ("ix_customer_name", "name"),
            ("ix_customer_address", "address"),
        )
    )

    id: str = Field(primary_key=True)
    account_number: str = Field(unique=True)
    name: str
    address: str = ""
    area: str = Field(default="", index=True)
    grade: Grade = Field(default=Grade.C, sa_type=text_enum(Grade))
    arrears_cents: int = Field(default=0, sa_type=BigInteger)
    contract_active: bool = True
    language: str = "zh"
    consent: Consent = Field(default=Consent.UNKNOWN, sa_type=text_enum(Consent))
    consent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    consent_source: str = ""
    """Origin of the consent: a call, a form, a letter."""
    do_not_call: bool = False
    """No calls except about a matter that the customer reported."""
    do_not_call_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    do_not_call_source: str = ""
    notes: str = ""
    agent_id: str | None = Field(default=None, foreign_key="staff.id")
    """The customer's own agent, who is rung first (H20)."""
    legal_hold: str = ""
    """The reason that forbids erasure, such as a lawsuit; empty: it is allowed."""
    merged_into: str | None = Field(default=None, foreign_key="customer.id", index=True)
    """Another entry of the same person, which replaces this one."""
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    version: int = 1
    """Grows with every change; a change made for an older one is a conflict."""


personal(Customer, "name", "address", "notes", "consent_source", "do_not_call_source", "legal_hold")


class CustomerPhone(SQLModel, table=True):
    """A telephone of a customer. One number may belong to several customers."""

    __tablename__ = "customer_phone"

    number: str = Field(primary_key=True)
    """E.164, or as it came where it has no such form."""
    customer_id: str = Field(primary_key=True, foreign_key="customer.id", index=True)
    extension: str = ""
    """Digits to dial behind the number's switchboard."""
    current: bool = True
    """The customer is still reached there."""
    verified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Time of the customer's last confirmation (H5)."""


erase_rows_of(CustomerPhone)
CUSTOMER_TEXTS = text_index(
    SQLModel.metadata,
    TextIndex(
        table=Customer.__tablename__,
        words=("account_number", "name", "address"),
        people=Beside(CustomerPhone.__tablename__, "customer_id", ("number",)),
    ),
)


class PhoneChoice(SQLModel, table=True):
    """An agent's choice among the customers of a number: proposed first next."""

    __tablename__ = "phone_choice"

    number: str = Field(primary_key=True)
    customer_id: str = Field(foreign_key="customer.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    staff_name: str
    times: int = 1
    """Times in a row."""


erase_rows_of(PhoneChoice)


NO_NUMBER = "must be a telephone number, such as 13800000001, 0451-88888888 or +8613800000001"


def _outside(value: str) -> str:
    number = typed_number(value)
    if number is None:
        raise ValueError(NO_NUMBER)
    return number


def _any(value: str) -> str:
    number = any_typed_number(value)
    if number is None:
        raise ValueError(NO_NUMBER)
    return number


def _ones_own(value: str) -> str:
    if is_mistyped_mobile(value) or is_service_number(value):
        raise ValueError(NO_NUMBER)
    return value


def _without_extension(value: str) -> str:
    number, extension = split_extension(value)
    if extension:
        raise ValueError("must be a telephone number without an extension")
    return number


def _each_once(values: list[str]) -> list[str]:
    numbers = {split_extension(value)[0] for value in values}
    if len(numbers) < len(set(values)):
        raise ValueError("must name each number with one extension")
    return values


PhoneNumber = Annotated[str, AfterValidator(_outside), AfterValidator(_without_extension)]
"""A number as people write it, stored as E.164."""
CallerNumberWithExtension = Annotated[str, AfterValidator(_any)]
"""A caller's number with `;ext=…` behind it where it has an extension."""
CallerNumber = Annotated[str, AfterValidator(_any), AfterValidator(_without_extension)]
"""A number as people write it or a call brought it: E.164, or digits where it has no such form."""


def plain_account(text: str) -> str:
    """Return an account number as it looks, with half-width characters."""
    return unicodedata.normalize("NFKC", pasted(text)).strip()


def _clean_account(value: object) -> object:
    return plain_account(value) if isinstance(value, str) else value


AccountNumber = Annotated[str, BeforeValidator(_clean_account), InputField(pattern=ACCOUNT_NUMBER)]
Name = Annotated[OneLine, InputField(min_length=1, max_length=100), WHOLE_NAME]
Address = Annotated[OneLine, InputField(max_length=200), WHOLE_ADDRESS]
Area = Annotated[OneLine, InputField(max_length=60)]
Cents = Annotated[int, InputField(ge=0, le=MOST_CENTS)]
Language = Annotated[str, InputField(pattern="^(zh|en)$")]
Source = Annotated[OneLine, InputField(max_length=60), WHOLE_TEXT]
Notes = Annotated[Lines, InputField(max_length=4000), WHOLE_TEXT]
Phones = Annotated[
    list[Annotated[str, AfterValidator(_any), AfterValidator(_ones_own)]],
    InputField(max_length=20),
    AfterValidator(_each_once),
]
"""Numbers of a customer, each with `;ext=…` behind it where it has an extension."""
OutsidePhones = Annotated[
    list[Annotated[str, AfterValidator(_any)]], InputField(max_length=20), AfterValidator(_each_once)
]
"""The same from a file: a short number is refused later, unless the customer has it already."""


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
    consent: Consent = Consent.UNKNOWN
    consent_source: Source = ""
    do_not_call: DoNotCall = False
    do_not_call_source: Source = ""
    notes: Notes = ""
    phones: Phones = []


class CustomerChange(BaseModel, extra="forbid"):
    """Changes of a customer; fields left out stay.

    `phones` are all current ones; others become former ones.
    """

    version: Version | None = None
    """The version it was made for; refused where that is no longer the present one."""
    account_number: AccountNumber = ""
    name: Name = ""
    address: Address = ""
    area: Area = ""
    grade: Grade = Grade.C
    arrears_cents: Cents = 0
    contract_active: bool = True
    language: Language = "zh"
    consent: Consent = Consent.UNKNOWN
    consent_source: Source = ""
    do_not_call: DoNotCall = False
    do_not_call_source: Source = ""
    notes: Notes = ""
    phones: Phones = []


class OwnAgent(BaseModel, extra="forbid"):
    """Agent of one customer (H20)."""

    agent_id: Id | None
    """None: any agent."""
    version: Version | None = None


class ConfirmPhone(BaseModel, extra="forbid"):
    """A telephone that the customer confirmed (H5)."""

    number: CallerNumber
    version: Version | None = None


class Choose(BaseModel, extra="forbid"):
    """The customer that the caller of a number is."""

    number: CallerNumber
    customer_id: Id


class CustomerView(BaseModel, from_attributes=True):
    """A customer as shown."""

    id: str
    account_number: str
    name: PersonalName
    address: PersonalAddress
    area: str
    grade: Grade
    arrears_cents: int
    contract_active: bool
    language: str
    consent: Consent
    do_not_call: DoNotCall
    notes: PersonalText
    version: int
    agent_id: str | None = None
    """The customer's own agent (H20)."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def missing(self) -> list[str]:
        """Names of the base data to ask for (H15)."""
        unknown = {"address": not self.address, "area": not self.area, "consent": self.consent is Consent.UNKNOWN}
        return [field for field, is_missing in unknown.items() if is_missing]


class PhoneView(BaseModel, from_attributes=True):
    """A telephone as shown."""

    number: PersonalNumber
    extension: PersonalNumber = ""
    current: bool
    verified_at: datetime | None


class CustomerDetail(CustomerView):
    """A customer with the telephones, current ones first."""

    consent_at: datetime | None
    consent_source: PersonalText
    do_not_call_at: datetime | None
    do_not_call_source: PersonalText
    legal_hold: PersonalText
    merged_into: str | None
    erased_at: datetime | None
    agent_name: str = ""
    """Name and staff number of the own agent."""
    phones: list[PhoneView]
    do_not_call_notice: DoNotCallNotice | None = None
    """Words for the person who sets the wish not to be called; None where there is no such wish."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def missing(self) -> list[str]:
        """Names of the base data to ask for (H15)."""
        current = [phone for phone in self.phones if phone.current]
        unknown = {
            "phones": not current,
            "phones.verified_at": bool(current) and not any(phone.verified_at for phone in current),
            "address": not self.address,
            "area": not self.area,
            "consent": self.consent is Consent.UNKNOWN,
        }
        return [field for field, is_missing in unknown.items() if is_missing]


class ChoiceView(BaseModel, from_attributes=True):
    """The customer that an agent chose for a number before."""

    customer_id: str
    at: datetime
    staff_name: str
    times: int


class Identification(BaseModel):
    """Customers of a number: one is linked, several are for the agent."""

    number: Annotated[str | None, Personal.NUMBER]
    customers: list[CustomerView]
    """The one chosen last time comes first."""
    choice: ChoiceView | None = None

    @property
    def customer(self) -> CustomerView | None:
        """The one match."""
        return self.customers[0] if len(self.customers) == 1 else None
