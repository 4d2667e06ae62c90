"""What is asked and answered about somebody's data."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel
from pydantic import Field as InputField

from crm.text import OneLine

Why = Annotated[OneLine, InputField(min_length=3, max_length=200)]


class Look(BaseModel, extra="forbid"):
    """Why somebody has to see what is masked; kept with who looked at what."""

    reason: Why


class Person(BaseModel):
    """A person unmasked: answered only where the look was noted."""

    name: str
    numbers: list[str]
    address: str


class Hold(BaseModel, extra="forbid"):
    """Why nothing of a customer may be erased; empty: it may again."""

    reason: OneLine = InputField(default="", max_length=200)


class Erase(BaseModel, extra="forbid"):
    """On what grounds a person's data are erased."""

    reason: Why


class StoredData(BaseModel):
    """Everything that is stored about a customer, by what it is."""

    customer_id: str
    at: datetime
    data: dict[str, list[dict[str, Any]]]
