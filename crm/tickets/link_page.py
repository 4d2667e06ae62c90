"""Public page of a ticket's link, which says where to sign in.

It is the same for every number, so that it does not reveal which tickets exist (S7).
"""

import re
from xml.etree.ElementTree import Element, SubElement, tostring

from crm.tickets.errors import TicketNotFound
from foundation.routes import PUBLIC, NoQuery, Page, Request, Routes

NUMBER = re.compile(r"[0-9]{6,20}")
STYLE = """
body { margin: 0 auto; padding: 10vh 6vw; max-width: 36rem; color: #111; background: #fff;
  font: 1.05rem/1.6 "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.2; }
section + section { margin-top: 2.5rem; padding-top: 1rem; border-top: 1px solid #bbb; }
p { overflow-wrap: anywhere; }
"""
WORDS = {
    "zh-CN": (
        "工单 {number}",
        "工单内容仅供本单位人员登录后查看。",
        "请用您的工号和密码在工作台登录，再按工单号查找。工作台地址：{address}",
        "您是反映人？请拨打服务热线，按语音提示查询办理进度。",
    ),
    "en": (
        "Ticket {number}",
        "Only staff who have signed in see what the ticket is about.",
        "Sign in to the desk with your staff number and password, then look the number up. The desk is at {address}",
        "Did you report this matter? Call the hotline and follow the menu to hear how far it is.",
    ),
}
"""Heading and paragraphs of the page in each language, in their order on it."""


def routes(public_url: str) -> Routes:
    """Declare the page of a ticket's link."""
    table = Routes("tickets", prefix="")

    @table.add(
        "GET",
        "/tickets/{number}",
        roles=PUBLIC,
        summary="Return a page that says where to sign in to see the ticket",
        response=Page,
        problems=(404,),
    )
    async def link_page(request: Request[None, NoQuery]) -> Page:
        number = request.path["number"]
        if NUMBER.fullmatch(number) is None:
            raise TicketNotFound("a ticket's number has 6 to 20 digits")
        return Page(_page(number, public_url.rstrip("/")), "text/html", style=STYLE)

    return table


def _page(number: str, address: str) -> str:
    html = Element("html", lang="zh-CN")
    head, body = SubElement(html, "head"), SubElement(html, "body")
    SubElement(head, "meta", charset="utf-8")
    SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    SubElement(head, "title").text = WORDS["zh-CN"][0].format(number=number)
    SubElement(head, "style").text = STYLE
    for language, (heading, *paragraphs) in WORDS.items():
        section = SubElement(body, "section", lang=language)
        SubElement(section, "h1").text = heading.format(number=number)
        for text in paragraphs:
            SubElement(section, "p").text = text.format(address=address)
    return "<!DOCTYPE html>\n" + tostring(html, encoding="unicode", method="html") + "\n"
