"""Every table declares its personal data, for exports and erasure."""

import pytest
import sqlalchemy as sql
from sqlmodel import Field, SQLModel

from ari_app.runtime.schema import METADATA
from crm.personal_data.holdings import holding, personal
from crm.privacy.traces import Traces

CLEARED_BY_THEMSELVES = {
    "customer.account_number": "PrivacyService.erase gives it another",
    "customer_import_row": "rows of the account are removed",
    "customer_import_phone": "rows of the account are removed",
    "ticket_log.actor_name": "emptied where it is a caller's; else it is a colleague's",
    "outbox.payload": "forgotten once told, and rewritten to codes before",
    "notice_delivery": "forgotten once sent, and withdrawn before",
    "handover.notes": "the person's name and number are taken out",
    "handover.acknowledged_notes": "the person's name and number are taken out",
}
NOBODYS = {
    "staff and what it may do": (
        "staff",
        "staff_settings",
        "saved_view",
        "audit_entry",
        "notice_recipient",
        "duty_rota",
        "duty_override",
        "recording_audit",
        "ticket_file_use",
    ),
    "the house: departments, causes, forms, hours, policies, what is improved": (
        *("department", "department_hours", "category", "ruling_count", "ticket_form", "service_policy"),
        *("appointment_window", "improvement_action", "protected_list"),
    ),
    "times, states and counts": (
        *("ticket_clock", "ticket_clock_step", "ticket_counter", "appointment", "survey_answers"),
        "call_again",
    ),
    "which ticket stands for which; the matter is a hash, and without it nothing could be taken apart": (
        "ticket_merge",
    ),
    "undone, a merge keeps nothing of what it gave; one that stands forbids the erasure": (
        "customer_merge",
        "customer_merge_row",
    ),
    "a file's rows and columns, never what stands in a cell": ("customer_import",),
    "what the customer asked for or is, without saying who": (*("customer.area", "customer.language", "ticket.area"),),
    "a colleague's name": (
        *("customer_audit.staff_name", "area_notice.staff_name", "handover.staff_name", "ticket_co_handler.signed_by"),
        *("ticket_co_handler.replied_by", "ticket_extension.asked_by", "ticket_extension.decided_by"),
        *("ticket_finding.judged_by", "ticket_finding.contested_by", "ticket_refusal.ruled_by"),
        *(
            "ticket_file.owner",
            "ticket_file.owner_name",
            "ticket_pass.passed_by",
            "ticket_pass.answered_by",
            "handover.acknowledged_by",
            "outbox.dropped_by",
        ),
    ),
    "codes, numbers and names of ours": (
        *("ticket.number", "ticket.open_matter", "ticket_log.action", "ticket_log.from_status", "ticket_log.to_status"),
        *("call_record.direction", "call_record.access_number", "call_record.queue", "call_record.outcome"),
        *("queue_call_back.window_zh", "queue_call_back.window_en"),
        *("call_disposition.code", "call_disposition.zh", "call_disposition.en"),
        *("call_record.hangup_by", "campaign_contact.flow", "campaign_contact.language", "handover_item.why"),
        *("ticket_file.media_type", "ticket_file.sha256", "ticket_file.file", "ticket_file.request_key"),
        *("report_plan.name", "report_plan.subjects", "report_plan.mailboxes", "report_plan.language"),
        *("notice_file.media_type",),
        *("area_notice.area", "area_notice.zh", "area_notice.en"),
        *("outbox.kind", "outbox.key", "outbox.error", "outbox.drop_reason", "recording.sha256", "recording.file"),
    ),
}
EXEMPT = {*CLEARED_BY_THEMSELVES, *(name for names in NOBODYS.values() for name in names)}


def is_text(column: sql.Column[object]) -> bool:
    if isinstance(column.type, sql.Enum) or column.primary_key or column.foreign_keys:
        return False
    is_id = column.name.endswith(("_id", "_ids"))
    return not is_id and (isinstance(column.type, sql.JSON) or column.type.python_type is str)


def silent() -> set[str]:
    """Return undeclared texts, and undeclared tables about tickets or customers."""
    found = set()
    for table in METADATA.sorted_tables:
        held = holding(table)
        if held is None and {"ticket_id", "customer_id"} & set(table.c.keys()):
            found.add(table.name)
        if held is None or not held.is_removed:
            told = held.values if held is not None else {}
            found |= {
                f"{table.name}.{column.name}" for column in table.c if is_text(column) and column.name not in told
            }
    return {name for name in found if not {name, name.split(".")[0]} & EXEMPT}


def test_every_text_of_every_table_is_erased_or_not_personal() -> None:
    assert silent() == set()


def test_nothing_is_exempt_that_is_not_there_or_says_something_itself() -> None:
    for name in EXEMPT:
        table, _, column = name.partition(".")
        held = holding(METADATA.tables[table])
        if column:
            assert column in METADATA.tables[table].c
            assert held is None or column not in held.values
        else:
            assert held is None


def test_every_personal_row_leads_to_its_person() -> None:
    nobody = Traces("customer-1", "60010001", "", (), (), frozenset(), frozenset(), ())
    lost = [table.name for table in METADATA.sorted_tables if holding(table) is not None and not nobody.rows(table)]

    assert lost == []


def test_a_misspelt_column_is_an_error_where_it_is_written() -> None:
    class Misspelt(SQLModel, table=True):
        __tablename__ = "misspelt"
        id: str = Field(primary_key=True)
        finding: str = ""

    try:
        with pytest.raises(ValueError, match="misspelt has no column findings"):
            personal(Misspelt, "findings")
    finally:
        SQLModel.metadata.remove(SQLModel.metadata.tables["misspelt"])
