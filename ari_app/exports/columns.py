"""Words of exported lists: titles, headings, and values."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from ari_app.web.labels import Labels
from crm.reports import sheet
from crm.reports.model import Language

TITLES: Mapping[str, Mapping[Language, str]] = {
    "audit-log": {"zh": "审计日志", "en": "Audit log"},
    "calls": {"zh": "通话", "en": "Calls"},
    "customers": {"zh": "客户", "en": "Customers"},
    "missed-callers": {"zh": "待回电", "en": "Call-backs"},
    "people": {"zh": "同事", "en": "People"},
    "staff": {"zh": "账号", "en": "Accounts"},
    "tickets": {"zh": "工单", "en": "Tickets"},
}
HEADINGS: Mapping[str, Mapping[Language, str]] = {
    "account_number": {"zh": "户号", "en": "Account"},
    "action": {"zh": "操作", "en": "Action"},
    "active": {"zh": "在用", "en": "In use"},
    "address": {"zh": "地址", "en": "Address"},
    "agent_id": {"zh": "坐席", "en": "Agent"},
    "area": {"zh": "片区", "en": "Area"},
    "assessment": {"zh": "受理意见", "en": "Assessment"},
    "at": {"zh": "时间", "en": "Time"},
    "attempts": {"zh": "已回拨次数", "en": "Attempts"},
    "call_again_at": {"zh": "约定回拨", "en": "Call again"},
    "calls": {"zh": "未接次数", "en": "Missed calls"},
    "category_name": {"zh": "事由", "en": "Cause"},
    "changes": {"zh": "变更内容", "en": "Changes"},
    "channel": {"zh": "来源", "en": "Channel"},
    "claimed_at": {"zh": "领取时间", "en": "Taken at"},
    "claimed_by_name": {"zh": "领取人", "en": "Taken by"},
    "closed_at": {"zh": "结案时间", "en": "Closed"},
    "closing_reason": {"zh": "结案说明", "en": "Reason for closing"},
    "consent": {"zh": "授权", "en": "Consent"},
    "contract_active": {"zh": "合同有效", "en": "Contract active"},
    "customer_name": {"zh": "客户", "en": "Customer"},
    "department_name": {"zh": "部门", "en": "Department"},
    "description": {"zh": "描述", "en": "Description"},
    "direction": {"zh": "方向", "en": "Direction"},
    "dispatched_at": {"zh": "派单时间", "en": "Dispatched"},
    "do_not_call": {"zh": "免打扰", "en": "Do not call"},
    "endpoint": {"zh": "话机", "en": "Phone"},
    "escalated": {"zh": "已上报", "en": "Escalated"},
    "first_at": {"zh": "首次来电", "en": "First call"},
    "grade": {"zh": "等级", "en": "Grade"},
    "kind": {"zh": "类型", "en": "Kind"},
    "language": {"zh": "语言", "en": "Language"},
    "last_at": {"zh": "最近来电", "en": "Last call"},
    "longest_wait_ms": {"zh": "最长等待", "en": "Longest wait"},
    "name": {"zh": "姓名", "en": "Name"},
    "next_due_at": {"zh": "下一时限", "en": "Next deadline"},
    "notes": {"zh": "备注", "en": "Notes"},
    "number": {"zh": "号码", "en": "Number"},
    "outcome": {"zh": "结果", "en": "Outcome"},
    "password_one_time": {"zh": "待改密码", "en": "Password to be changed"},
    "person_name": {"zh": "处理人", "en": "Person"},
    "queue": {"zh": "队列", "en": "Queue"},
    "queues": {"zh": "队列", "en": "Queues"},
    "reason": {"zh": "原因", "en": "Reason"},
    "redo_count": {"zh": "返工次数", "en": "Redone"},
    "registered_at": {"zh": "登记时间", "en": "Registered"},
    "reply": {"zh": "回复", "en": "Reply"},
    "role": {"zh": "角色", "en": "Role"},
    "staff_name": {"zh": "操作人", "en": "Person"},
    "staff_number": {"zh": "工号", "en": "Staff number"},
    "started_at": {"zh": "开始时间", "en": "Begun"},
    "status": {"zh": "状态", "en": "Status"},
    "subject": {"zh": "主题", "en": "Subject"},
    "subject_name": {"zh": "对象", "en": "Object"},
    "talk_ms": {"zh": "通话时长", "en": "Talk"},
    "urge_count": {"zh": "催办次数", "en": "Urged"},
    "urgency": {"zh": "紧急程度", "en": "Urgency"},
    "validity": {"zh": "有效性", "en": "Validity"},
    "wait_ms": {"zh": "等待时长", "en": "Wait"},
}
_OF_PLAIN_TEXT = {"direction": "Direction", "outcome": "CallOutcome", "language": "Language"}
"""Group of labels of a column with values that are no enum."""
_YES_NO: Mapping[Language, tuple[str, str]] = {"zh": ("否", "是"), "en": ("no", "yes")}


class Wording:
    """Words and times of a file in one language and zone."""

    def __init__(self, labels: Labels, zone: ZoneInfo, language: Language, staff: Mapping[str, str]) -> None:
        self._labels = labels
        self._zone = zone
        self._language = language
        self._staff = staff

    def heading(self, column: str) -> str:
        """Return the heading of a column."""
        return HEADINGS[column][self._language]

    def title(self, name: str) -> str:
        """Return the title of a list."""
        return TITLES[name][self._language]

    def cell(self, column: str, value: Any) -> sheet.Cell:
        """Return a value as people read it."""
        if column.endswith("_ms"):
            return sheet.duration(value)
        if isinstance(value, datetime):
            # A spreadsheet has no time zones.
            return value.astimezone(self._zone).replace(tzinfo=None), sheet.MOMENT
        if isinstance(value, bool):
            return _YES_NO[self._language][value], ""
        return (value, "") if isinstance(value, int) else (self._text(column, value), "")

    def _text(self, column: str, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, StrEnum):
            return self._labels.named(type(value).__name__, value, self._language)
        if isinstance(value, list | dict | BaseModel):
            return self._joined(column, value)
        if column == "agent_id":
            return self._staff.get(value, value)
        return self._labels.named(_OF_PLAIN_TEXT.get(column, ""), str(value), self._language)

    def _joined(self, column: str, value: list[Any] | dict[str, Any] | BaseModel) -> str:
        if isinstance(value, list):
            return "; ".join(self._text(column, one) for one in value)
        if isinstance(value, dict):
            return "; ".join(f"{name}: {self._text(name, one)}" for name, one in value.items())
        # What stood there, and what stands there now.
        return " → ".join(self._text(column, one) for one in vars(value).values())
