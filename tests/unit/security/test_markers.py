"""Every field of a response is marked as personal or listed (S29)."""

from collections.abc import Iterator
from inspect import get_annotations
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from crm.customers.merging.model import FieldDifference
from crm.personal_data.fields import ALL, SEES
from crm.personal_data.serializer import masked, personal_fields
from crm.tickets.model import ActorKind
from crm.tickets.views import LogView
from foundation.clock import utc_now
from foundation.routes import Role, Route
from tests.unit.security.conftest import Office

NOBODYS = {
    "of the house: its people, departments, queues, causes, events, forms, policies and hours": (
        *(
            "CallRecordView.access_number",
            "CategoryView.name",
            "OfferedCategory.name",
            "PublicHotline.hotline",
            "PublicHotline.time_zone",
        ),
        *("ChoiceView.staff_name", "CustomerMergeView.staff_name", "CustomerMergeView.undone_by"),
        *("HandoverView.staff_name", "HandoverView.acknowledged_by", "ImportView.staff_name"),
        *("ProtectedListView.staff_name", "ProtectedListView.name", "DepartmentView.name", "DepartmentView.area"),
        *("ProtectedListView.reason", "SavedViewView.name", "SavedViewView.query", "SavedViewView.staff_name"),
        *("ProposedDepartment.name", "FormField.name", "FormField.zh", "FormField.en"),
        *("StaffView.name", "StaffView.staff_number", "StaffView.endpoint", "StaffView.language", "StaffView.queues"),
        *("SessionView.name", "SessionView.staff_number"),
        *("PersonView.name", "PersonView.staff_number", "PersonView.initials", "PersonView.queues"),
        *("PersonView.department_name", "ProfileView.department_name", "ProfileView.language", "ProfileView.queues"),
        *(
            "OwnSettings.language",
            "OwnSettings.ring_tone",
            "OwnSettings.columns",
            "OwnSettings.favourites",
            "MissedCaller.queue",
        ),
        *("TicketRow.category_name", "TicketRow.department_name", "TicketRow.person_name"),
        *("AnswersView.asked_by", "TicketRow.similar"),
        *("VisitOfDay.area", "VisitOfDay.person_name"),
        *("AgentReport.time_zone", "SessionView.time_zone", "PauseTime.reason", "QueueNow.queue", "ReportNow.level"),
        *("Standard.base", "Standard.name", "Standard.part", "Standard.zh", "Standard.en"),
        *("Standard.source_zh", "Standard.source_en"),
        *("CallRecordView.flow", "CallRecordView.flow_step", "FlowReport.time_zone"),
        *("FlowStepCount.step", "FlowStepCount.name"),
        *("ResultLine.queue", "ResultLine.result", "ResultReport.time_zone"),
        *("CallTimeline.direction", "CallTimeline.outcome"),
        *("TimelineEntry.queue", "TimelineEntry.target", "TimelineEntry.what"),
        *("ReportPlanView.name", "ReportPlanView.mailboxes", "ReportReceipt.mailbox", "ReportReceipt.error"),
        *("StaffingReport.time_zone", "CallBackReport.time_zone", "RescueReport.time_zone"),
        *("CallBackTime.zh", "CallBackTime.en", "CallResult.code", "CallResult.zh", "CallResult.en"),
        *(
            "ResultAnswer.name",
            "ResultAnswer.zh",
            "ResultAnswer.en",
            "PauseTime.name",
            "ShiftView.name",
            "ShiftView.team",
        ),
        *("CategoryView.name_en", "OfferedCategory.name_en", "DepartmentView.name_en", "StaffView.team"),
        *("CustomerDetail.agent_name", "MatrixCell.served_by", "Evidence.of"),
        *("Rule.name", "Rule.zh", "Rule.en", "Rule.source_zh", "Rule.source_en"),
        *("AuditEntryView.staff_name", "AuditEntryView.subject_name", "BeforeAfter.before", "BeforeAfter.after"),
        *("CallReport.time_zone", "TicketReport.time_zone", "Line.key", "Line.name", "CallStep.target"),
        *("Figure.name", "Figure.zh", "Figure.en", "Figure.formula_zh", "Figure.formula_en"),
        *(
            f"EventView.{name}_{language}"
            for name in ("name", "subject", "text", "reporter")
            for language in ("zh", "en")
        ),
        *("PolicyView.note", "PolicyView.changed_by", "OverrideView.note", "FormView.changed_by"),
        *("HoursView.changed_by", "HoursView.owner", "OpenSpan.opens", "OpenSpan.closes", "RotaView.time_zone"),
        *("WindowInput.from_clock", "WindowInput.until_clock", "Choice.zh", "Choice.en", "Choice.value"),
        *("DoNotCallNotice.zh", "DoNotCallNotice.en", "AreaNoticeView.zh", "AreaNoticeView.en"),
        *("AreaNoticeView.area", "AreaNoticeView.staff_name"),
        *("SimilarReason.code", "SimilarReason.zh", "SimilarReason.en", "ImprovementView.owner"),
    ),
    "who of the house did it": (
        *("MissedCaller.claimed_by", "MissedCaller.claimed_by_name"),
        *("AppointmentView.booked_by", "AppointmentView.cancelled_by", "CoHandlerView.signed_by"),
        *("CoHandlerView.replied_by", "ExtensionView.asked_by", "ExtensionView.decided_by", "FindingView.judged_by"),
        *("FindingView.contested_by", "ImprovementView.created_by", "ImprovementView.done_by", "MergeView.by"),
        *(
            "MergeView.undone_by",
            "DeliveryView.dropped_by",
            "PassView.passed_by",
            "PassView.answered_by",
            "RefusalView.ruled_by",
            "FileView.owner_name",
        ),
    ),
    "who is told by us: a colleague, a robot, a system": (
        *("DeliveryView.recipient_name", "DeliveryView.address", "RecipientView.name", "RecipientView.address"),
        *("RecipientView.language", "RecipientCreated.signing_secret"),
    ),
    "a ticket's number and a customer's account number say nothing without us": (
        *(
            "TicketView.number",
            "MissedTicket.number",
            "HistoryTicket.number",
            "Moved.number",
            "OpenTicket.number",
            "OverdueView.number",
        ),
        *(
            "PendingExtension.number",
            "VisitOfDay.number",
            "OwnRefusal.number",
            "Progress.number",
            "Receipt.number",
            "PublicVisit.number",
            # The secret of the one who asks.
            "Receipt.visit_code",
            "CustomerView.account_number",
            "PreviewRow.account_number",
        ),
    ),
    "lists of views or of fields that are looked at themselves, masked where they are made": ("Duplicate.why",),
    "what a look answers: it was noted": ("Person.name", "Person.numbers", "Person.address"),
    "codes of ours, and what a program said": (
        *("ProblemDetails.type", "ProblemDetails.title", "ProblemDetails.detail"),
        *("FieldProblem.field", "FieldProblem.rule", "FieldProblem.code", "FieldProblem.parameters"),
        *("ActionField.name", "Offer.method", "Offer.path", "TicketRow.next_clock"),
        *("AnswersView.attitude", "HistoryCall.direction", "HistoryCall.outcome", "HistoryCall.queue"),
        *("CallRecordView.hangup_by", "CustomerView.language", "CustomerDetail.merged_into", "DayView.day"),
        *("DeadLetterView.error", "DeadLetterView.key", "DeadLetterView.kind", "DeliveryView.error"),
        *("DeliveryView.key", "DeliveryView.kind", "EventView.kind", "LogView.action", "LogView.from_status"),
        *("LogView.to_status", "Progress.department", "Progress.zh", "Progress.en", "RecordingView.sha256"),
        *("RowError.column", "RowError.rule", "FieldDifference.field", "FileView.media_type"),
        "VisitOfDay.map_link",
        *(
            "Verification.expected_sha256",
            "Verification.found_sha256",
            "DeskTicket.subprotocol",
            "DeferredRequestView.deferred_at",
        ),
        *("DeferredRequestView.request", "DeferredRequestView.refused"),
    ),
    "what somebody is let in with": (
        *("PhoneSecret.endpoint", "PhoneSecret.sip_password", "StaffCreated.sip_password"),
        "DeskTicket.ticket",
        "SessionView.csrf_token",
        "SignedInView.token",
    ),
    "a part of a town, in which thousands live": (
        *("CustomerView.area", "TicketView.area", "OpenTicket.area", "Recurring.area"),
    ),
}
"""By why they need no mark; what a view takes over from another one stands there."""


def views(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from views(field.annotation)
    for part in get_args(kind):
        yield from views(part)


def is_text(kind: Any) -> bool:
    """Return whether a type holds strings, also in lists and mappings."""
    if get_origin(kind) is dict:
        return is_text(get_args(kind)[1])
    return kind in {str, Any} or any(is_text(part) for part in get_args(kind) if get_origin(kind) is not Literal)


def suspects(route: Route) -> Iterator[str]:
    """Return unmarked texts that a role may see, by their view."""
    if all(SEES[role] == ALL for role in route.roles or {None}):
        return
    for view in views(route.response):
        marked = personal_fields(view)
        for name, field in view.model_fields.items():
            if name not in marked and not name.endswith(("_id", "_ids")) and name != "id" and is_text(field.annotation):
                declared = [base for base in view.__mro__ if name in get_annotations(base)]
                yield f"{declared[-1].__name__}.{name}"


async def test_s29_every_view_says_what_it_holds_of_a_person(office: Office) -> None:
    found = {suspect for route in office.server.routes for suspect in suspects(route)}

    known = {field for fields in NOBODYS.values() for field in fields}
    assert sorted(found - known) == []
    assert sorted(known - found) == [], "nothing is exempt that needs it no more"


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


def test_s29_what_two_entries_differ_in_is_masked_by_what_it_is() -> None:
    differences = [
        FieldDifference(field="name", kept="王秀英", merged="王秀"),
        FieldDifference(field="address", kept="幸福路12号3单元402", merged=""),
        FieldDifference(field="notes", kept="请打13800000001", merged=None),
        FieldDifference(field="arrears_cents", kept=0, merged=1200),
    ]

    seen = masked(differences, Role.ADMINISTRATOR)

    assert [(one.kept, one.merged) for one in seen] == [
        ("王**", "王*"),
        ("幸福路12号****", ""),
        ("请打138****0001", None),
        (0, 1200),
    ]
    assert masked(differences, Role.SUPERVISOR) == differences
