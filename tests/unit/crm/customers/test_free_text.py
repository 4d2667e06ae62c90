"""Free texts with telephone numbers are marked in every view (S29)."""

import pytest
from pydantic import BaseModel

from crm.handover.model import HandoverView, OpenTicket
from crm.notices.views import DeliveryView
from crm.personal_data.fields import Personal
from crm.personal_data.serializer import masked, personal_fields
from crm.tickets.views import AttachmentView
from foundation.routes import Role


@pytest.mark.parametrize(
    ("view", "field"),
    [
        (AttachmentView, "note"),
        (DeliveryView, "text"),
        (HandoverView, "acknowledged_notes"),
        (HandoverView, "notes"),
        (OpenTicket, "note"),
    ],
)
def test_s29_a_number_in_a_text_is_masked(view: type[BaseModel], field: str) -> None:
    assert personal_fields(view)[field] is Personal.TEXT
    written = view.model_construct(None, **{field: "请打13800000001"})

    assert getattr(masked(written, Role.QUALITY), field) == "请打138****0001"
    assert getattr(masked(written, Role.AGENT), field) == "请打13800000001"
