"""Lists that can be taken away as files, and why others cannot.

A list is one entry: the path of its route, its name, and the fields of its rows that become columns.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from foundation.reader import Language


def _rows(answer: Any) -> Sequence[Any]:
    return list(answer)


def _by_id(row: Any) -> dict[str, Any]:
    return {"after": row.id}


def _by_sequence(row: Any) -> dict[str, Any]:
    return {"after": row.sequence}


def _by_deadline(row: Any) -> dict[str, Any]:
    return {"after_due_at": row.due_at, "after": row.ticket_id, "after_clock": row.clock}


def _own_number(row: Any) -> Any:
    return row.number


_OWN_NUMBER = {"ticket_number": _own_number}
"""Of a list of tickets: their `number` alone would be headed as that of a telephone."""


@dataclass(frozen=True)
class ExportedList:
    """Name and columns of a list as a file."""

    zh: str
    en: str
    columns: tuple[str, ...]
    """Fields of its rows, or names in `derived`."""
    rows: Callable[[Any], Sequence[Any]] = _rows
    """Returns the rows of a response that is no list itself."""
    next_page: Callable[[Any], dict[str, Any]] = _by_id
    """Returns the query of the page after a row."""
    derived: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    """Columns that are computed from a row, as its role sees it."""

    def value(self, row: Any, column: str) -> Any:
        """Return the value of a row in a column."""
        computed = self.derived.get(column)
        return getattr(row, column) if computed is None else computed(row)

    def title(self, language: Language) -> str:
        """Return the list's name."""
        return self.zh if language == "zh" else self.en


LISTS: Mapping[str, ExportedList] = {
    "/appointments": ExportedList(
        "上门预约",
        "Visits",
        (
            *("visit_from", "visit_until", "ticket_number", "subject", "status"),
            *("department_id", "person_name", "name", "address"),
        ),
        rows=lambda answer: answer.visits,
        derived=_OWN_NUMBER,
    ),
    "/area-notices": ExportedList(
        "区域公告", "Notices of areas", ("area", "zh", "en", "starts_at", "ends_at", "staff_name", "written_at")
    ),
    "/audit-log": ExportedList(
        "审计日志", "Audit log", ("at", "staff_name", "subject", "subject_name", "action", "changes")
    ),
    "/calls": ExportedList(
        "通话",
        "Calls",
        ("started_at", "direction", "number", "queue", "agent_id", "outcome", "wait_ms", "talk_ms", "result"),
    ),
    "/categories": ExportedList(
        "问题类别",
        "Causes",
        ("name", "name_en", "parent_category_id", "department_id", "active"),
        derived={"parent_category_id": lambda row: row.parent_id},
    ),
    "/customer-imports": ExportedList(
        "客户导入",
        "Customer imports",
        ("at", "staff_name", "import_status", "rows", "creates", "updates", "error_count"),
        derived={"import_status": lambda row: row.status},
    ),
    "/customers": ExportedList(
        "客户",
        "Customers",
        (
            *("account_number", "name", "address", "area", "grade", "contract_active", "language", "consent"),
            *("do_not_call", "notes"),
        ),
    ),
    "/departments": ExportedList(
        "部门",
        "Departments",
        ("name", "name_en", "parent_department_id", "area", "active"),
        derived={"parent_department_id": lambda row: row.parent_id},
    ),
    "/duplicate-customers": ExportedList(
        "疑似重复客户",
        "Duplicate customers",
        ("first_account", "first_name", "second_account", "second_name"),
        derived={
            "first_account": lambda row: row.first.account_number,
            "first_name": lambda row: row.first.name,
            "second_account": lambda row: row.second.account_number,
            "second_name": lambda row: row.second.name,
        },
    ),
    "/handovers": ExportedList(
        "交接班",
        "Handovers",
        (
            *("at", "department_id", "staff_name", "left_open", "notes", "acknowledged_at", "acknowledged_by"),
            "acknowledged_notes",
        ),
    ),
    "/left-open": ExportedList(
        "未结工单",
        "Tickets left open",
        (
            *("ticket_number", "kind", "status", "urgency", "subject", "area", "department_id", "urge_count"),
            *("registered_at", "why"),
        ),
        rows=lambda answer: answer.tickets,
        derived=_OWN_NUMBER,
    ),
    "/looks": ExportedList("敏感信息查看", "Looks at personal data", ("at", "staff_name", "ticket_number", "reason")),
    "/missed-callers": ExportedList(
        "待回电",
        "Call-backs",
        (
            *("number", "customer_name", "reason", "queue", "calls", "first_at", "last_at", "longest_wait_ms"),
            *("claimed_by_name", "claimed_at", "attempts", "call_again_at"),
        ),
    ),
    "/notice-deliveries": ExportedList(
        "通知发送记录",
        "Notices sent",
        (
            *("created_at", "event", "recipient_name", "notice_channel", "address", "department_id", "subject"),
            *("delivery_state", "attempts", "error", "sent_at", "drop_reason"),
        ),
        next_page=_by_sequence,
        derived={
            "event": lambda row: row.kind,
            "notice_channel": lambda row: row.channel,
            "delivery_state": lambda row: row.state,
        },
    ),
    "/notice-recipients": ExportedList(
        "通知接收人",
        "Recipients",
        ("name", "notice_channel", "address", "department_id", "language", "standing", "in_house", "active"),
        derived={"notice_channel": lambda row: row.channel},
    ),
    "/outbox/dead-letters": ExportedList(
        "未处理事件",
        "Dead letters",
        ("sequence", "event", "key", "created_at", "attempts", "error"),
        next_page=_by_sequence,
        derived={"event": lambda row: row.kind},
    ),
    "/outgoing-calls": ExportedList(
        "呼出记录",
        "Calls made",
        ("at", "staff_id", "number", "result", "outcome", "call_again_at", "note"),
    ),
    "/own-refusals": ExportedList(
        "本部门退单",
        "Own refusals",
        ("at", "ticket_number", "subject", "reason", "explanation", "ruling", "ruling_reason", "ruled_at", "is_ours"),
        derived=_OWN_NUMBER,
    ),
    "/pending-extensions": ExportedList(
        "延期申请",
        "Extensions asked for",
        ("ticket_number", "subject", "department_id", "deadline", "until", "reason", "asked_by", "asked_at"),
        derived=_OWN_NUMBER,
    ),
    "/people": ExportedList("同事", "People", ("staff_number", "name", "role", "department_name", "queues")),
    "/planned-shifts": ExportedList("排班", "Planned shifts", ("since", "until", "name", "team")),
    "/queue-alerts": ExportedList(
        "队列告警", "Alerts of queues", ("queue", "figure", "bound", "value", "worst", "began_at", "ended_at")
    ),
    "/queue-documents": ExportedList("队列配置版本", "Versions of the queues", ("version", "at", "staff_name", "note")),
    "/queue-thresholds": ExportedList("队列阈值", "Thresholds of queues", ("queue", "figure", "bound")),
    "/recurring": ExportedList(
        "重复诉求",
        "Recurring matters",
        ("category_id", "area", "number", "count", "customers", "first_at", "last_at"),
    ),
    "/protected-lists": ExportedList(
        "保护名单",
        "Protected lists",
        ("name", "reason", "in_force_from", "in_force_until", "in_force", "customers", "staff_name"),
        derived={"customers": lambda row: len(row.customer_ids)},
    ),
    "/report-plans": ExportedList(
        "报表计划",
        "Planned reports",
        ("name", "period", "hour", "subjects", "mailboxes", "language", "active", "next_due"),
    ),
    "/service-levels/improvements": ExportedList(
        "整改措施",
        "Improvements",
        ("what", "owner", "department_id", "until", "created_by", "created_at", "done_at", "done_by", "result_text"),
        derived={"result_text": lambda row: row.outcome},
    ),
    "/service-levels/overdue": ExportedList(
        "超时工单",
        "Overdue tickets",
        (
            *("ticket_number", "kind", "status", "urgency", "subject", "department_id", "staff_id", "clock", "due_at"),
            "late_s",
        ),
        next_page=_by_deadline,
        derived={**_OWN_NUMBER, "staff_id": lambda row: row.person_id},
    ),
    "/service-levels/policies": ExportedList(
        "时限规则版本",
        "Versions of the deadlines",
        ("version", "in_force", "effective_from", "reaches_open", "note", "changed_by", "changed_at"),
    ),
    "/service-levels/report": ExportedList(
        "时限达成",
        "Deadlines met",
        ("department_id", "clock", "due", "met", "breached", "open_breached", "met_percent"),
    ),
    "/staff": ExportedList(
        "账号",
        "Accounts",
        (
            *("staff_number", "name", "role", "department_id", "queues", "endpoint", "language", "password_one_time"),
            "active",
        ),
    ),
    "/supervisor-uses": ExportedList(
        "班长操作", "Supervisors' orders", ("at", "staff_id", "use", "agent_id", "queue", "reason")
    ),
    "/survey-contacts": ExportedList(
        "待回访",
        "Surveys to ask",
        ("ticket_number", "kind", "subject", "name", "number", "round", "attempts", "next_at", "held_by_name"),
    ),
    "/tickets": ExportedList(
        "工单",
        "Tickets",
        (
            *(
                "ticket_number",
                "kind",
                "status",
                "urgency",
                "channel",
                "category_name",
                "subject",
                "description",
                "address",
            ),
            *("area", "department_name", "person_name", "next_due_at", "urge_count", "redo_count", "escalated"),
            *("validity", "assessment", "reply", "closing_reason", "registered_at", "dispatched_at", "closed_at"),
        ),
        derived=_OWN_NUMBER,
    ),
}
"""By the path of the list's route."""

LIVE = "shows this moment; the reports have its figures as files"
CHOICES = "choices of a form, as the configuration has them"
NO_FILE: Mapping[str, str] = {
    "/agents": LIVE,
    "/department-calls": LIVE,
    "/live-calls": LIVE,
    "/queues": LIVE,
    "/reports/standards": "the reports are files themselves, standards included",
    "/reports/configured-standards": "six rules with their evidence, read on the page",
    "/department-proposals": CHOICES,
    "/intake-script": CHOICES,
    "/not-ready-reasons": CHOICES,
    "/notice-events": CHOICES,
    "/ticket-forms": CHOICES,
    "/transfer-targets": CHOICES,
    "/service-levels/days": "the calendar of the country, one month at a time",
    "/service-levels/hours": "few rows of a form; each change is in the audit log",
    "/recordings": "the recordings of one call or ticket; the list of calls is a file",
    "/saved-views": "the own links of a page, no data",
    "/deferred-requests": "the own requests that wait for the database",
}
"""Lists without a file, with the reason. A list below one thing, such as a ticket's visits, needs none: its page has it
whole."""
