"""Customers and their telephones."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, computed_field
from pydantic import Field as InputField
from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from crm.customers.do_not_call import DoNotCall, DoNotCallNotice
from crm.customers.phone import normalise
from crm.personal_data.fields import Personal, PersonalAddress, PersonalName, PersonalNumber, PersonalText
from crm.personal_data.holdings import erase_rows_of, personal
from crm.text import Id, Lines, OneLine, Version
from foundation.database import UtcDateTime, text_enum

ACCOUNT_NUMBER = r"^[A-Za-z0-9\-]{3,30}$"
MOST_CENTS = 10**12


class Grade(StrEnum):
    """How closely a customer is looked after (H20)."""

    A = "A"
    B = "B"
    C = "C"
    VIP = "VIP"


class Consent(StrEnum):
    """Whether the person agreed to their data being used for more than the service itself."""

    UNKNOWN = "unknown"
    GIVEN = "given"
    WITHDRAWN = "withdrawn"


class Customer(SQLModel, table=True):
    """Who the service is for."""

    __tablename__ = "customer"

    id: str = Field(primary_key=True)
    account_number: str = Field(unique=True)
    name: str
    address: str = Field(default="", index=True)
    area: str = Field(default="", index=True)
    grade: Grade = Field(default=Grade.C, sa_type=text_enum(Grade))
    arrears_cents: int = Field(default=0, sa_type=BigInteger)
    contract_active: bool = True
    language: str = "zh"
    consent: Consent = Field(default=Consent.UNKNOWN, sa_type=text_enum(Consent))
    consent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    consent_source: str = ""
    """How we know: a call, a form, a letter."""
    do_not_call: bool = False
    """Nobody calls there but for a matter the customer reported."""
    do_not_call_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    do_not_call_source: str = ""
    notes: str = ""
    legal_hold: str = ""
    """Why nothing of this customer may be erased, such as a lawsuit; empty: it may."""
    merged_into: str | None = Field(default=None, foreign_key="customer.id", index=True)
    """Another entry of the same person, which stands for this one."""
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    version: int = 1
    """Grows with every change; who changes an older one gets a conflict."""


personal(Customer, "name", "address", "notes", "consent_source", "do_not_call_source", "legal_hold")


class CustomerPhone(SQLModel, table=True):
    """A telephone of a customer; one number may belong to several customers, and one customer have several."""

    __tablename__ = "customer_phone"

    number: str = Field(primary_key=True)
    """E.164."""
    customer_id: str = Field(primary_key=True, foreign_key="customer.id", index=True)
    current: bool = True
    """Whether the customer is still reached there."""
    verified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the customer last confirmed it (H5)."""


erase_rows_of(CustomerPhone)


class PhoneChoice(SQLModel, table=True):
    """Whom an agent took the caller of a shared number for: proposed first the next time, and changeable."""

    __tablename__ = "phone_choice"

    number: str = Field(primary_key=True)
    customer_id: str = Field(foreign_key="customer.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    staff_name: str
    times: int = 1
    """How often in a row."""


erase_rows_of(PhoneChoice)


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
Source = Annotated[OneLine, InputField(max_length=60)]
Notes = Annotated[Lines, InputField(max_length=4000)]
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
    consent: Consent = Consent.UNKNOWN
    consent_source: Source = ""
    do_not_call: DoNotCall = False
    do_not_call_source: Source = ""
    notes: Notes = ""
    phones: Phones = []


class CustomerChange(BaseModel, extra="forbid"):
    """What is to be different; what is left out stays. `phones` are all current ones, others are kept as former."""

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


class ConfirmPhone(BaseModel, extra="forbid"):
    """A telephone that the customer confirmed (H5)."""

    number: PhoneNumber
    version: Version | None = None


class Choose(BaseModel, extra="forbid"):
    """Whom the caller of a number was taken for."""

    number: PhoneNumber
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

    @computed_field  # type: ignore[prop-decorator]
    @property
    def missing(self) -> list[str]:
        """The base data that are not known yet, for the desk to ask (H15)."""
        unknown = {"address": not self.address, "area": not self.area, "consent": self.consent is Consent.UNKNOWN}
        return [field for field, is_missing in unknown.items() if is_missing]


class PhoneView(BaseModel, from_attributes=True):
    """A telephone as shown."""

    number: PersonalNumber
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
    phones: list[PhoneView]
    do_not_call_notice: DoNotCallNotice | None = None
    """Words for the person who sets the wish not to be called; None where there is no such wish."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def missing(self) -> list[str]:
        """The base data that are not known yet, for the desk to ask (H15)."""
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
    """Whom the caller of a number was taken for before."""

    customer_id: str
    at: datetime
    staff_name: str
    times: int


class Identification(BaseModel):
    """Who a number belongs to. One match links itself; several are for a person to tell apart."""

    number: Annotated[str | None, Personal.NUMBER]
    customers: list[CustomerView]
    """Whoever was chosen the last time comes first."""
    choice: ChoiceView | None = None

    @property
    def customer(self) -> CustomerView | None:
        """The one match."""
        return self.customers[0] if len(self.customers) == 1 else None
