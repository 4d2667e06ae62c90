"""Work order as an HTML page for A4 paper.

It is built as a tree of elements and text nodes, so that entered texts can only be text (S12).
"""

import io
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

import segno

from crm.workorders.model import WORDS, WorkOrder

STYLE = """
@page { size: A4; margin: 14mm 15mm; }
@media screen { body { padding: 10mm 0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 180mm; color: #111; background: #fff;
  font: 10.5pt/1.45 "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif; }
header { display: flex; justify-content: space-between; align-items: flex-start; gap: 6mm;
  border-bottom: 0.6mm solid #111; padding-bottom: 3mm; }
header p { margin: 0; }
h1 { margin: 1mm 0 2mm; font-size: 20pt; line-height: 1.15; letter-spacing: 0.04em; }
.organisation { font-size: 10pt; color: #444; }
.number { font: 600 14pt/1.2 "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.urgency { display: inline-block; margin-left: 3mm; padding: 0.3mm 2.5mm; border: 0.4mm solid #111;
  font: 600 10pt/1.4 sans-serif; vertical-align: 0.6mm; }
.urgency.high { color: #fff; background: #111; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
figure { margin: 0; text-align: center; }
figure svg { display: block; width: 26mm; height: 26mm; }
figcaption { font-size: 7.5pt; color: #444; }
table { width: 100%; margin-top: 4mm; border-collapse: collapse; table-layout: fixed; break-inside: avoid; }
th, td { padding: 1.3mm 2mm; border: 0.25mm solid #777; text-align: left; vertical-align: top;
  overflow-wrap: anywhere; unicode-bidi: isolate; }
th { width: 28mm; font-weight: 600; background: #f1f1f1; -webkit-print-color-adjust: exact;
  print-color-adjust: exact; }
h2 { margin: 5mm 0 1.5mm; font-size: 11pt; break-after: avoid; }
.said { margin: 0; padding: 2mm; border: 0.25mm solid #777; white-space: pre-wrap; overflow-wrap: anywhere;
  unicode-bidi: isolate; }
.said strong { display: block; }
dl { margin: 0; }
dt { font-size: 9pt; color: #444; }
dd { margin: 0 0 1.5mm; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; }
td.tall { height: 28mm; }
td.signature { height: 14mm; }
footer { margin-top: 4mm; font-size: 8pt; color: #444; }
"""


def page(order: WorkOrder) -> str:
    """Render the page, which loads nothing else."""
    html = Element("html", lang="zh-CN" if order.language == "zh" else "en")
    head, body = SubElement(html, "head"), SubElement(html, "body")
    SubElement(head, "meta", charset="utf-8")
    _text(head, "title", f"{_word(order, 'title')} {order.number}")
    _text(head, "style", STYLE)
    _header(body, order)
    _facts(body, order)
    _text(body, "h2", _word(order, "problem"))
    said = SubElement(body, "div", {"class": "said"})
    _text(said, "strong", order.subject)
    if order.description:
        _text(said, "span", order.description)
    if order.additions:
        _text(body, "h2", _word(order, "additions"))
        listed = SubElement(body, "dl")
        for at, words in order.additions:
            _text(listed, "dt", at)
            _text(listed, "dd", words)
    _to_fill_in(body, order)
    _text(body, "footer", order.printed)
    return "<!DOCTYPE html>\n" + tostring(html, encoding="unicode", method="html") + "\n"


def _header(body: Element, order: WorkOrder) -> None:
    header = SubElement(body, "header")
    names = SubElement(header, "div")
    _text(names, "p", order.organisation, "organisation")
    _text(names, "h1", _word(order, "title"))
    number = _text(names, "p", order.number, "number")
    _text(number, "span", order.urgency, "urgency high" if order.is_urgent else "urgency")
    figure = SubElement(header, "figure")
    figure.append(_code(order.link))
    _text(figure, "figcaption", _word(order, "scan"))


def _facts(body: Element, order: WorkOrder) -> None:
    """Add the facts, two in a row; a long one alone."""
    table = SubElement(body, "table")
    row: Element | None = None
    for label, value in order.facts:
        wide = len(value) > 22
        if row is None or wide:
            row = SubElement(table, "tr")
        _text(row, "th", label)
        cell = _text(row, "td", value)
        if wide:
            cell.set("colspan", "3")
        row = None if wide or len(row) == 4 else row
    for short in table:
        if len(short) == 2:
            short[1].set("colspan", "3")


def _to_fill_in(body: Element, order: WorkOrder) -> None:
    """Add the fields that are filled in by hand."""
    table = SubElement(body, "table")
    for left, right in (("arrived", "finished"), ("materials", "charged")):
        row = SubElement(table, "tr")
        for name in (left, right):
            _text(row, "th", _word(order, name))
            _text(row, "td", "")
    result = SubElement(table, "tr")
    _text(result, "th", _word(order, "result"))
    _text(result, "td", "", "tall").set("colspan", "3")
    asked = SubElement(table, "tr")
    _text(asked, "th", _word(order, "satisfaction"))
    _text(asked, "td", _word(order, "satisfied")).set("colspan", "3")
    signed = SubElement(table, "tr")
    for name in ("worker", "customer"):
        _text(signed, "th", _word(order, name))
        _text(signed, "td", "", "signature")


def _code(link: str) -> Element:
    drawn = io.BytesIO()
    segno.make(link, error="m", micro=False).save(drawn, kind="svg", xmldecl=False, svgns=False, omitsize=True)
    return fromstring(drawn.getvalue())  # noqa: S314 - drawn by ourselves


def _text(parent: Element, tag: str, text: str, kind: str = "") -> Element:
    element = SubElement(parent, tag, {"class": kind} if kind else {})
    element.text = text
    return element


def _word(order: WorkOrder, key: str) -> str:
    return WORDS[key][order.language]
