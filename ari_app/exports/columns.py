"""Words of exported lists: titles, headings, and values."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from ari_app.web.labels import Labels
from crm.history.model import CallResult
from crm.reports import sheet
from foundation.reader import Language

HEADINGS: Mapping[str, Mapping[Language, str]] = {
    "account_number": {"zh": "户号", "en": "Account"},
    "acknowledged_at": {"zh": "接班时间", "en": "Taken over at"},
    "acknowledged_by": {"zh": "接班人", "en": "Taken over by"},
    "acknowledged_notes": {"zh": "接班备注", "en": "Notes of the next shift"},
    "action": {"zh": "操作", "en": "Action"},
    "active": {"zh": "在用", "en": "In use"},
    "address": {"zh": "地址", "en": "Address"},
    "agent_id": {"zh": "坐席", "en": "Agent"},
    "area": {"zh": "片区", "en": "Area"},
    "asked_at": {"zh": "申请时间", "en": "Asked at"},
    "asked_by": {"zh": "申请人", "en": "Asked by"},
    "assessment": {"zh": "受理意见", "en": "Assessment"},
    "at": {"zh": "时间", "en": "Time"},
    "attempts": {"zh": "已回拨次数", "en": "Attempts"},
    "began_at": {"zh": "开始时间", "en": "Begun"},
    "bound": {"zh": "阈值", "en": "Bound"},
    "breached": {"zh": "超时", "en": "Breached"},
    "call_again_at": {"zh": "约定回拨", "en": "Call again"},
    "calls": {"zh": "未接次数", "en": "Missed calls"},
    "category_id": {"zh": "问题类别", "en": "Cause"},
    "category_name": {"zh": "问题类别", "en": "Cause"},
    "changed_at": {"zh": "修改时间", "en": "Changed at"},
    "changed_by": {"zh": "修改人", "en": "Changed by"},
    "changes": {"zh": "变更内容", "en": "Changes"},
    "channel": {"zh": "渠道", "en": "Channel"},
    "claimed_at": {"zh": "领取时间", "en": "Taken at"},
    "claimed_by_name": {"zh": "领取人", "en": "Taken by"},
    "clock": {"zh": "时限", "en": "Deadline of"},
    "closed_at": {"zh": "归档时间", "en": "Closed"},
    "closing_reason": {"zh": "归档理由", "en": "Reason for closing"},
    "consent": {"zh": "授权", "en": "Consent"},
    "contract_active": {"zh": "合同有效", "en": "Contract active"},
    "count": {"zh": "数量", "en": "Count"},
    "created_at": {"zh": "创建时间", "en": "Created"},
    "created_by": {"zh": "创建人", "en": "Created by"},
    "creates": {"zh": "新增", "en": "New"},
    "customer_name": {"zh": "客户", "en": "Customer"},
    "customers": {"zh": "客户数", "en": "Customers"},
    "deadline": {"zh": "现时限", "en": "Present deadline"},
    "delivery_state": {"zh": "发送状态", "en": "State"},
    "department_id": {"zh": "部门", "en": "Department"},
    "department_name": {"zh": "部门", "en": "Department"},
    "description": {"zh": "描述", "en": "Description"},
    "direction": {"zh": "方向", "en": "Direction"},
    "dispatched_at": {"zh": "派单时间", "en": "Dispatched"},
    "do_not_call": {"zh": "免打扰", "en": "Do not call"},
    "done_at": {"zh": "完成时间", "en": "Done at"},
    "done_by": {"zh": "完成人", "en": "Done by"},
    "drop_reason": {"zh": "放弃原因", "en": "Reason for dropping"},
    "due": {"zh": "到期数", "en": "Due"},
    "due_at": {"zh": "时限", "en": "Due"},
    "effective_from": {"zh": "生效时间", "en": "In force from"},
    "en": {"zh": "英文内容", "en": "English text"},
    "ended_at": {"zh": "结束时间", "en": "Ended"},
    "endpoint": {"zh": "话机", "en": "Phone"},
    "ends_at": {"zh": "结束时间", "en": "Ends"},
    "error": {"zh": "错误", "en": "Error"},
    "error_count": {"zh": "错误数", "en": "Errors"},
    "escalated": {"zh": "已升级", "en": "Escalated"},
    "event": {"zh": "事件", "en": "Event"},
    "explanation": {"zh": "说明", "en": "Explanation"},
    "figure": {"zh": "指标", "en": "Figure"},
    "first_account": {"zh": "户号一", "en": "First account"},
    "first_at": {"zh": "首次来电", "en": "First call"},
    "first_name": {"zh": "客户一", "en": "First customer"},
    "grade": {"zh": "等级", "en": "Grade"},
    "held_by_name": {"zh": "处理坐席", "en": "Taken by"},
    "hour": {"zh": "时间（点）", "en": "Hour"},
    "import_status": {"zh": "状态", "en": "Status"},
    "in_force": {"zh": "生效中", "en": "In force"},
    "in_force_from": {"zh": "生效时间", "en": "In force from"},
    "in_force_until": {"zh": "失效时间", "en": "In force until"},
    "in_house": {"zh": "内部渠道", "en": "In house"},
    "is_ours": {"zh": "仍归本部门", "en": "Ours again"},
    "key": {"zh": "对象", "en": "Object"},
    "kind": {"zh": "类型", "en": "Kind"},
    "language": {"zh": "语言", "en": "Language"},
    "last_at": {"zh": "最近来电", "en": "Last call"},
    "late_s": {"zh": "超时时长", "en": "Late by"},
    "left_open": {"zh": "未结工单数", "en": "Left open"},
    "longest_wait_ms": {"zh": "最长等待", "en": "Longest wait"},
    "mailboxes": {"zh": "邮箱", "en": "Mailboxes"},
    "met": {"zh": "按时", "en": "Met"},
    "met_percent": {"zh": "达成率（%）", "en": "Met (%)"},
    "name": {"zh": "姓名", "en": "Name"},
    "name_en": {"zh": "英文名称", "en": "English name"},
    "next_at": {"zh": "计划回访时间", "en": "Planned for"},
    "next_due": {"zh": "下次日期", "en": "Next day"},
    "next_due_at": {"zh": "下一时限", "en": "Next deadline"},
    "note": {"zh": "说明", "en": "Note"},
    "notes": {"zh": "备注", "en": "Notes"},
    "notice_channel": {"zh": "渠道", "en": "Channel"},
    "number": {"zh": "电话号码", "en": "Telephone number"},
    "open_breached": {"zh": "未结超时", "en": "Breached and open"},
    "outcome": {"zh": "结果", "en": "Outcome"},
    "owner": {"zh": "负责人", "en": "Owner"},
    "parent_category_id": {"zh": "上级问题类别", "en": "Cause above"},
    "parent_department_id": {"zh": "上级部门", "en": "Department above"},
    "password_one_time": {"zh": "待改密码", "en": "Password to be changed"},
    "period": {"zh": "周期", "en": "Period"},
    "person_name": {"zh": "处理人", "en": "Person"},
    "queue": {"zh": "队列", "en": "Queue"},
    "queues": {"zh": "队列", "en": "Queues"},
    "reaches_open": {"zh": "涉及未结工单", "en": "Reaches open tickets"},
    "reason": {"zh": "原因", "en": "Reason"},
    "recipient_name": {"zh": "接收人", "en": "Recipient"},
    "redo_count": {"zh": "重办次数", "en": "Redone"},
    "registered_at": {"zh": "登记时间", "en": "Registered"},
    "reply": {"zh": "回复", "en": "Reply"},
    "result": {"zh": "通话结果", "en": "Result of the call"},
    "result_text": {"zh": "成效", "en": "Outcome"},
    "role": {"zh": "角色", "en": "Role"},
    "round": {"zh": "轮次", "en": "Round"},
    "rows": {"zh": "行数", "en": "Rows"},
    "ruled_at": {"zh": "裁定时间", "en": "Ruled at"},
    "ruling": {"zh": "裁定", "en": "Ruling"},
    "ruling_reason": {"zh": "裁定理由", "en": "Reason of the ruling"},
    "second_account": {"zh": "户号二", "en": "Second account"},
    "second_name": {"zh": "客户二", "en": "Second customer"},
    "sent_at": {"zh": "发送时间", "en": "Sent"},
    "sequence": {"zh": "序号", "en": "Sequence"},
    "since": {"zh": "开始", "en": "From"},
    "staff_id": {"zh": "人员", "en": "Person"},
    "staff_name": {"zh": "操作人", "en": "Person"},
    "staff_number": {"zh": "工号", "en": "Staff number"},
    "standing": {"zh": "默认接收", "en": "Standing"},
    "started_at": {"zh": "开始时间", "en": "Begun"},
    "starts_at": {"zh": "开始时间", "en": "Starts"},
    "status": {"zh": "状态", "en": "Status"},
    "subject": {"zh": "主题", "en": "Subject"},
    "subject_name": {"zh": "对象", "en": "Object"},
    "subjects": {"zh": "内容", "en": "Subjects"},
    "talk_ms": {"zh": "通话时长", "en": "Talk"},
    "team": {"zh": "班组", "en": "Team"},
    "ticket_number": {"zh": "工单号", "en": "Ticket"},
    "until": {"zh": "期限", "en": "Until"},
    "updates": {"zh": "更新", "en": "Changed"},
    "urge_count": {"zh": "催办次数", "en": "Urged"},
    "urgency": {"zh": "紧急程度", "en": "Urgency"},
    "use": {"zh": "操作", "en": "Order"},
    "validity": {"zh": "有效性", "en": "Validity"},
    "value": {"zh": "数值", "en": "Value"},
    "version": {"zh": "版本", "en": "Version"},
    "visit_from": {"zh": "上门开始", "en": "Visit from"},
    "visit_until": {"zh": "上门结束", "en": "Visit until"},
    "wait_ms": {"zh": "等待时长", "en": "Wait"},
    "what": {"zh": "措施", "en": "What"},
    "why": {"zh": "原因", "en": "Why"},
    "worst": {"zh": "最差值", "en": "Worst"},
    "written_at": {"zh": "发布时间", "en": "Written"},
    "zh": {"zh": "中文内容", "en": "Chinese text"},
}
_OF_PLAIN_TEXT = {"direction": "Direction", "outcome": "CallOutcome", "language": "Language"}
"""Group of labels of a column with values that are no enum."""
_NAMED = frozenset({"queue", "queues"})
"""Columns that hold keys of `names`, beside those that end in `_id`."""
_YES_NO: Mapping[Language, tuple[str, str]] = {"zh": ("否", "是"), "en": ("no", "yes")}


class Wording:
    """Words and times of a file in one language and zone."""

    def __init__(self, labels: Labels, zone: ZoneInfo, language: Language, names: Mapping[str, str]) -> None:
        self._labels = labels
        self._zone = zone
        self._language = language
        self._names = names

    def heading(self, column: str) -> str:
        """Return the heading of a column."""
        return HEADINGS[column][self._language]

    def cell(self, column: str, value: Any) -> sheet.Cell:
        """Return a value as people read it."""
        if column.endswith("_ms"):
            return sheet.duration(value)
        if column.endswith("_s"):
            return sheet.duration(value * 1000)
        if isinstance(value, datetime):
            # A spreadsheet has no time zones.
            return value.astimezone(self._zone).replace(tzinfo=None), sheet.MOMENT
        if isinstance(value, bool):
            return _YES_NO[self._language][value], ""
        return (value, "") if isinstance(value, int | float) else (self._text(column, value), "")

    def _text(self, column: str, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, StrEnum):
            return self._labels.named(type(value).__name__, value, self._language)
        if isinstance(value, CallResult):
            return self._result(value)
        if isinstance(value, list | dict | BaseModel):
            return self._joined(column, value)
        if column.endswith("_id") or column in _NAMED:
            return self._names.get(value, value)
        return self._labels.named(_OF_PLAIN_TEXT.get(column, ""), str(value), self._language)

    def _result(self, result: CallResult) -> str:
        zh = self._language == "zh"
        words = (result.zh if zh else result.en) or result.code
        answers = [f"{one.zh}: {one.value_zh}" if zh else f"{one.en}: {one.value_en}" for one in result.answers]
        return "; ".join([words, *answers])

    def _joined(self, column: str, value: list[Any] | dict[str, Any] | BaseModel) -> str:
        if isinstance(value, list):
            return "; ".join(self._text(column, one) for one in value)
        if isinstance(value, dict):
            return "; ".join(f"{name}: {self._text(name, one)}" for name, one in value.items())
        # What stood there, and what stands there now.
        return " → ".join(self._text(column, one) for one in vars(value).values())
