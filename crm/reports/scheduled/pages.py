"""Scheduled reports as PDF and as a spreadsheet.

ReportLab writes the PDF: it is old, kept well, pure Python, and stands on Pillow alone, which photos of tickets need
anyway. The letters that a report needs are embedded, so that it looks alike everywhere. Where the machine has no font,
Chinese is set in one of Adobe's character collection, which most readers bring along.
"""

import io
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import structlog

from crm.reports import sheet
from crm.reports.definitions.model import Figure
from crm.reports.model import Language, Line
from crm.reports.scheduled.content import (
    Compared,
    Content,
    Section,
    change_text,
    figure_name,
    figure_text,
)
from crm.reports.table import add_lines, figure_cell

NOT_EMBEDDED, EMBEDDED = "STSong-Light", "hotline"
"""Names of fonts in a PDF."""
log = structlog.get_logger()
PDF_TYPE = "application/pdf"
MARGIN = 36
ACCENT, LINE, SOFT = "#1f5fa8", "#c8d2dd", "#5a6673"
MOST_ROWS = 400
"""Rows of a printed table; the spreadsheet has all."""
HEADS: dict[Language, Sequence[str]] = {
    "zh": ("摘要", "指标", "本期", "上期", "变化", "时间", "名称", "本期没有数据", "其余各行见电子表格"),
    "en": ("Summary", "Figure", "This period", "Before", "Change", "Time", "Name", "No data in this period",
           "Further lines are in the spreadsheet"),
}  # fmt: skip


def as_sheet(content: Content) -> bytes:
    """Return a report as a spreadsheet, one page per table."""
    book = sheet.Sheet()
    head = HEADS[content.language]
    rows = [
        [(figure_name(one.figure, content.language), ""), figure_cell(one.figure, one.now),
         figure_cell(one.figure, one.before), (change_text(one), "")]
        for one in content.summary
    ]  # fmt: skip
    book.add(head[0], head[1:5], rows)
    for section in content.sections:
        # A page's name has no colon.
        title = section.title.replace("：", " ")
        add_lines(book, title, section.lines, section.figures, content.time_zone, content.language)
    return book.download("").content


def as_pdf(content: Content, font_file: Path | None) -> bytes:
    """Return a report as a PDF, with the usual figures.

    `font_file` is a TrueType font with Chinese letters.
    """
    # Its import takes half a second: a process that restarts serves its callers first.
    from reportlab.lib.pagesizes import A4, landscape  # noqa: PLC0415
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer  # noqa: PLC0415

    font = _registered(font_file)
    styles = _styles(font)
    written = io.BytesIO()
    story: list[Any] = [
        Paragraph(escape(content.title), styles["title"]),
        Paragraph(f"{content.since} – {content.last} · {content.time_zone}", styles["soft"]),
        Spacer(1, 10),
    ]
    head = HEADS[content.language]
    if content.summary:
        story += [Paragraph(head[0], styles["head"]), _summary(content.summary, content.language, font)]
    for section in content.sections:
        story += [Paragraph(escape(section.title), styles["head"])]
        story += [_table(section, content, font)] if section.lines else [Paragraph(head[7], styles["soft"])]
        if len(section.lines) > MOST_ROWS:
            story.append(Paragraph(head[8], styles["soft"]))
    document = SimpleDocTemplate(
        written, pagesize=landscape(A4), title=content.title, author="hotline", invariant=1,
        leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN,
    )  # fmt: skip
    number = partial(_number_page, font)
    document.build(story, onFirstPage=number, onLaterPages=number)
    return written.getvalue()


def _registered(font_file: Path | None) -> str:
    """Make a font known to ReportLab; return its name."""
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont  # noqa: PLC0415
    from reportlab.pdfbase.ttfonts import TTFError, TTFont  # noqa: PLC0415

    if font_file is not None:
        try:
            # Each report embeds the letters that it uses, and no others.
            pdfmetrics.registerFont(TTFont(EMBEDDED, font_file))
        except TTFError as error:
            log.warning("report_font_unusable", file=str(font_file), error=str(error))
        else:
            return EMBEDDED
    pdfmetrics.registerFont(UnicodeCIDFont(NOT_EMBEDDED))
    return NOT_EMBEDDED


def _styles(font: str) -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415

    spaces = {"spaceBefore": 12, "spaceAfter": 4, "keepWithNext": 1}
    return {
        "title": ParagraphStyle("title", fontName=font, fontSize=18, leading=24, textColor=ACCENT),
        "head": ParagraphStyle("head", fontName=font, fontSize=12, leading=18, textColor=ACCENT, **spaces),
        "soft": ParagraphStyle("soft", fontName=font, fontSize=9, leading=13, textColor=SOFT),
        "cell": ParagraphStyle("cell", fontName=font, fontSize=8, leading=10, wordWrap="CJK"),
        "number": ParagraphStyle("number", fontName=font, fontSize=8, leading=10, wordWrap="CJK", alignment=2),
    }


def _summary(summary: Sequence[Compared], language: Language, font: str) -> Any:
    rows = [
        [
            figure_name(one.figure, language),
            figure_text(one.figure, one.now),
            figure_text(one.figure, one.before),
            change_text(one),
        ]
        for one in summary
    ]
    return _drawn([list(HEADS[language][1:5]), *rows], [200, 90, 90, 90], font)


def _table(section: Section, content: Content, font: str) -> Any:
    figures = [one for one in section.figures if one.usual]
    head = HEADS[content.language]
    names = [figure_name(one, content.language) for one in figures]
    zone = ZoneInfo(content.time_zone)
    rows = [
        [_name(line, section, zone), *(figure_text(one, _of(line, one)) for one in figures)]
        for line in section.lines[:MOST_ROWS]
    ]
    width = 130
    rest = (842 - 2 * MARGIN - width) / len(figures)
    return _drawn([[head[5] if section.timed else head[6], *names], *rows], [width, *([rest] * len(figures))], font)


def _name(line: Line, section: Section, zone: ZoneInfo) -> str:
    return line.since.astimezone(zone).strftime("%Y-%m-%d %H:%M") if section.timed else line.name or "–"


def _of(line: Line, figure: Figure) -> float | None:
    value: float | None = getattr(line, figure.name)
    return value


def _drawn(rows: list[list[str]], widths: list[float], font: str) -> Any:
    from reportlab.platypus import Paragraph, Table  # noqa: PLC0415

    styles = _styles(font)
    cell = styles["cell"]
    # Headings and names wrap; numbers never do, and their headings stand over them.
    wrapped = [[Paragraph(escape(text), styles["number"] if place else cell) for place, text in enumerate(rows[0])]]
    wrapped += [[Paragraph(escape(row[0]), cell), *row[1:]] for row in rows[1:]]
    style = [
        ("FONT", (0, 0), (-1, -1), font, 8),
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LINEBELOW", (0, 0), (-1, 0), 1, ACCENT),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
    return Table(wrapped, colWidths=widths, repeatRows=1, hAlign="LEFT", style=style)


def _number_page(font: str, canvas: Any, document: Any) -> None:
    canvas.setFont(font, 8)
    canvas.setFillColor(SOFT)
    canvas.drawRightString(document.pagesize[0] - MARGIN, MARGIN / 2, str(canvas.getPageNumber()))
