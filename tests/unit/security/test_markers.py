"""Every view that a route answers says of its fields what they hold of a person, or stands here with a reason (S29)."""

import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from crm.privacy.fields import ALL, SEES
from crm.privacy.serializer import masked, personal_fields
from crm.tickets.model import ActorKind, LogView
from foundation.clock import utc_now
from foundation.routes import Role, Route
from tests.unit.security.conftest import Office

SUSPECT = re.compile(
    r"number|name|address|phone|text|note|detail|description|subject|explanation|task|reply|changes|reason"
)
TEXT = re.compile(r"str|dict|Any|list")
NOBODYS = {
    # Of the house: its people, departments, queues, causes, events, forms and numbers.
    *("AgentView.reason", "AgentView.next_reason", "CallRecordView.access_number", "CategoryView.name"),
    *("ChoiceView.staff_name", "CustomerMergeView.staff_name", "HandoverDetail.staff_name", "HandoverView.staff_name"),
    *("ImportView.staff_name", "ProtectedListView.staff_name", "ProtectedListView.name", "DepartmentView.name"),
    *("ProposedDepartment.name", "QueueView.name", "FormField.name", "StaffView.name", "StaffView.staff_number"),
    *("SessionView.name", "SessionView.staff_number", "SignedInView.name", "SignedInView.staff_number"),
    *(f"EventView.{name}_{language}" for name in ("name", "subject", "text") for language in ("zh", "en")),
    *("PolicyView.note", "OverrideView.note"),
    # Who is told by us: a colleague, a robot, a system.
    *("DeliveryView.recipient_name", "DeliveryView.address", "RecipientView.name", "RecipientView.address"),
    *("RecipientCreated.name", "RecipientCreated.address"),
    # A ticket's number and a customer's account number say nothing without us.
    *("TicketView.number", "TicketDetail.number", "TicketLine.number", "Moved.number", "OpenTicket.number"),
    *("OverdueView.number", "PendingExtension.number", "Progress.number", "Receipt.number"),
    *("CustomerView.account_number", "CustomerDetail.account_number"),
    # Lists of views that are looked at themselves.
    *("CustomerDetail.phones", "MergePreview.phones"),
    # What a look answers: it was noted.
    *("Person.name", "Person.numbers", "Person.address"),
}


def views(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from views(field.annotation)
    for part in get_args(kind):
        yield from views(part)


def suspects(route: Route) -> Iterator[str]:
    """Fields by whose names they may hold something of a person, unmarked, where somebody may not see all."""
    if all(SEES[role] == ALL for role in route.roles or {None}):
        return
    for view in views(route.response):
        marked = personal_fields(view)
        for name, field in view.model_fields.items():
            is_text = TEXT.search(str(field.annotation)) and not name.endswith(("_id", "_ids"))
            if name not in marked and SUSPECT.search(name) and is_text:
                yield f"{view.__name__}.{name}"


async def test_s29_every_view_says_what_it_holds_of_a_person(office: Office) -> None:
    found = {suspect for route in office.server.routes for suspect in suspects(route)}

    assert len(found) > 30, "the search finds something"
    assert found - NOBODYS == set()


def test_s29_a_log_names_colleagues_and_masks_callers() -> None:
    entry = LogView(
        version=2,
        at=utc_now(),
        action="urge",
        from_status="signed",
        to_status="signed",
        actor_kind=ActorKind.CALLER,
        actor_name="王秀英",
        detail={},
    )
    colleague = entry.model_copy(update={"actor_kind": ActorKind.STAFF, "actor_name": "刘芳 (1001)"})

    assert masked(entry, Role.QUALITY).actor_name == "王**"
    assert masked(entry, Role.AGENT).actor_name == "王秀英"
    assert masked(colleague, Role.QUALITY).actor_name == "刘芳 (1001)"
