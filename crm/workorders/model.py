"""Content of a work order, and its words in each language."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel


class Language(StrEnum):
    """Language of a work order."""

    ZH = "zh"
    EN = "en"


class PrintQuery(BaseModel, extra="forbid"):
    """Options of printing."""

    language: Language = Language.ZH


@dataclass(frozen=True)
class WorkOrder:
    """Printed content of a work order, as text."""

    language: Language
    organisation: str
    number: str
    link: str
    """Address behind the QR code."""
    urgency: str
    is_urgent: bool
    facts: list[tuple[str, str]]
    """Labels and values, in order."""
    subject: str
    description: str
    additions: list[tuple[str, str]]
    """Times and texts of the customer's additions."""
    printed: str
    """Time and person of the printing, for the foot of the page."""


WORDS: dict[str, dict[Language, str]] = {
    key: {Language.ZH: zh, Language.EN: en}
    for key, zh, en in (
        ("title", "工作单", "Work order"),
        ("number", "工单编号", "Ticket"),
        ("kind", "工单类型", "Kind"),
        ("urgency", "紧急程度", "Urgency"),
        ("category", "问题类别", "Category"),
        ("registered", "登记时间", "Registered"),
        ("due", "办理时限", "Due"),
        ("department", "承办部门", "Department"),
        ("person", "承办人", "Handled by"),
        ("contact", "联系人", "Contact"),
        ("others", "其他反映人", "Also reported by"),
        ("account", "户号", "Account"),
        ("address", "地址", "Address"),
        ("area", "片区", "Area"),
        ("visit", "预约上门", "Visit agreed for"),
        ("wish", "期望上门", "Visit wished for"),
        ("urged", "催办次数", "Urged"),
        ("redo", "重办次数", "Redo"),
        ("problem", "反映内容", "Problem"),
        ("additions", "补充与催办", "Added since"),
        ("result", "处理结果", "What was done"),
        ("materials", "更换材料", "Materials"),
        ("charged", "收费（元）", "Charged"),
        ("arrived", "到达时间", "Arrived at"),
        ("finished", "完成时间", "Finished at"),
        ("satisfaction", "用户评价", "The customer is"),
        ("satisfied", "□ 满意　□ 一般　□ 不满意", "□ satisfied   □ indifferent   □ dissatisfied"),
        ("worker", "维修人员签字", "Worker's signature"),
        ("customer", "用户签字", "Customer's signature"),
        ("scan", "扫码查看工单", "Scan to open the ticket"),
        ("printed", "打印", "Printed"),
        ("yes", "是", "yes"),
        ("no", "否", "no"),
        ("consultation", "咨询", "consultation"),
        ("complaint", "投诉", "complaint"),
        ("suggestion", "建议", "suggestion"),
        ("fault", "报修", "fault report"),
        ("after_sales", "售后申请", "after-sales application"),
        ("normal", "一般", "normal"),
        ("urgent", "紧急", "urgent"),
        ("critical", "特急", "critical"),
    )
}
