"""Page of a shared call: what the agent types, and the ticket."""

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element, SubElement, tostring

from ari_app.calls.sharing.model import SharedCall, SharedMatter
from crm.personal_data.fields import Personal, shown
from foundation.routes import Role

REFRESH_S = 5
STYLE = """
body { margin: 0 auto; padding: 6vh 6vw; max-width: 40rem; color: #111; background: #fff;
  font: 1.05rem/1.6 "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif; }
h1 { font-size: 1.4rem; line-height: 1.3; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
dl { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: .25rem 1rem; }
dt { color: #444; }
dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
.note { color: #444; }
"""
HEADING = "热线通话 · Hotline call"
AGENT = "坐席 Agent: {name} {staff_number}"
OVER = "通话已结束。The call has ended."
DRAFT, TICKET = "正在录入的工单 · Ticket being entered", "工单 · Ticket {number}"
NOTHING = "坐席尚未录入。The agent has typed nothing yet."
NOTE = (
    "本页每五秒更新，两小时内有效；电话号码已遮盖，请登录工作台查看工单全文。"
    "This page follows the agent's typing and is valid for two hours. Sign in to see the whole ticket."
)
GONE = (
    "该链接已失效。链接两小时内有效，请向坐席索取新链接，或登录工作台。"
    "This link is not valid any more. Ask the agent for a new one, or sign in."
)
ROWS = {
    "status": "状态 Status",
    "kind": "类别 Kind",
    "urgency": "紧急程度 Urgency",
    "subject": "主题 Subject",
    "description": "内容 Description",
    "address": "地址 Address",
    "area": "区域 Area",
    "name": "姓名 Name",
    "caller_number": "电话 Number",
}
PERSONAL = {
    "subject": Personal.TEXT,
    "description": Personal.TEXT,
    "address": Personal.ADDRESS,
    "name": Personal.NAME,
    "caller_number": Personal.NUMBER,
}
GROUPS = {"status": "TicketStatus", "kind": "TicketKind", "urgency": "Urgency"}

Word = Callable[[str, str], str]
"""Returns the label of a value, in both languages, by group and value."""


def page(call: SharedCall, word: Word) -> str:
    """Return the page, masked as a department sees it."""
    html, body = _document(refreshed=True)
    SubElement(body, "p").text = AGENT.format(name=call.agent_name, staff_number=call.staff_number)
    if call.over:
        SubElement(body, "p").text = OVER
    if call.ticket is not None:
        _add(body, TICKET.format(number=call.ticket.number), call.ticket, word)
    if call.draft is not None:
        _add(body, DRAFT, call.draft, word)
    if call.draft is None and call.ticket is None:
        SubElement(body, "p").text = NOTHING
    SubElement(body, "p", {"class": "note"}).text = NOTE
    return _text(html)


def gone_page() -> str:
    """Return the page of a link that is unknown or too old."""
    html, body = _document(refreshed=False)
    SubElement(body, "p").text = GONE
    return _text(html)


def _document(*, refreshed: bool) -> tuple[Element, Element]:
    """Return a page with its heading, and the page's body."""
    html = Element("html", lang="zh-CN")
    head, body = SubElement(html, "head"), SubElement(html, "body")
    SubElement(head, "meta", charset="utf-8")
    SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    SubElement(head, "meta", name="robots", content="noindex")
    if refreshed:
        SubElement(head, "meta", {"http-equiv": "refresh", "content": str(REFRESH_S)})
    SubElement(head, "title").text = HEADING
    SubElement(head, "style").text = STYLE
    SubElement(body, "h1").text = HEADING
    return html, body


def _text(html: Element) -> str:
    return "<!DOCTYPE html>\n" + tostring(html, encoding="unicode", method="html") + "\n"


def _add(body: Element, heading: str, matter: SharedMatter, word: Word) -> None:
    SubElement(body, "h2").text = heading
    rows = SubElement(body, "dl")
    for label, value in _values(matter, word):
        SubElement(rows, "dt").text = label
        SubElement(rows, "dd").text = value


def _values(matter: SharedMatter, word: Word) -> Iterator[tuple[str, str]]:
    for name, label in ROWS.items():
        value = getattr(matter, name)
        if not value:
            continue
        kind = PERSONAL.get(name)
        if kind is not None:
            value = shown(value, kind, Role.DEPARTMENT)
        yield label, word(GROUPS[name], value) if name in GROUPS else value
