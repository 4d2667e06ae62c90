"""Rule of a customer's wish not to be called, and its words."""

from typing import Annotated

from pydantic import BaseModel
from pydantic import Field as InputField

RULE = (
    "The customer wishes no calls. It bars every call that the customer did not give cause for, such as announcements. "
    "The callback survey of the customer's own ticket is still made: it is part of handling that ticket (H8, H19). An "
    "agent can take its answers instead."
)

DoNotCall = Annotated[bool, InputField(description=RULE)]


class DoNotCallNotice(BaseModel):
    """Words for the person who set the wish, for the customer."""

    zh: str = "已登记勿扰：不再拨打通知等主动来电；您本人工单办结后的回访仍会拨打。"
    en: str = (
        "Registered: no calls such as announcements. The callback about the customer's own ticket, once it is handled, "
        "is still made."
    )
