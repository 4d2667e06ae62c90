"""Draws a flow as SVG: what is said, where each key leads, and where people take over."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from xml.etree import ElementTree as Xml

from ivr.grammar import (
    AskStep,
    DoStep,
    Flow,
    GotoStep,
    HangupStep,
    LanguageStep,
    QueueStep,
    RecordStep,
    Step,
)
from ivr.graph import Way, ways
from ivr.layout import arrange
from ivr.prompts import PromptCatalogue
from ivr.spacing import Places, Size, place

MARGIN = 40.0
HEAD = 76.0
PADDING = 14.0
TITLE_SIZE = 14.0
TEXT_SIZE = 12.0
CHIP_SIZE = 11.0
LINE_HEIGHT = 17.0
CHIP_HEIGHT = 18.0
NARROWEST = 190.0
TEXT_WIDTH = 250.0
MOST_LINES = 4
FONT = "'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', 'WenQuanYi Zen Hei', sans-serif"

COLOURS: Mapping[str, tuple[str, str]] = {
    "say": ("#2f6fbb", "#eef4fb"),
    "ask": ("#b7791f", "#fdf6e7"),
    "record": ("#8a4fa3", "#f7f0fa"),
    "when": ("#64707d", "#f2f4f6"),
    "do": ("#2f855a", "#ecf7f1"),
    "queue": ("#0f7f8a", "#e6f6f7"),
    "language": ("#64707d", "#f2f4f6"),
    "goto": ("#4c51bf", "#efeffb"),
    "hangup": ("#b03a3a", "#fbeeee"),
}
"""A stripe and a ground for each kind of step."""


@dataclass(frozen=True)
class _Chip:
    """A label at the edge of a box, and where its line goes; None for the step that asks itself again."""

    label: str
    target: str | None

    @property
    def width(self) -> float:
        return _width(self.label, CHIP_SIZE) + 12


@dataclass(frozen=True)
class _Box:
    """A step as it is drawn."""

    name: str
    kind: str
    lines: tuple[str, ...]
    tooltip: str
    chips: tuple[_Chip, ...]

    @property
    def size(self) -> Size:
        chips = sum(chip.width + 6 for chip in self.chips)
        texts = [_width(line, TEXT_SIZE) for line in self.lines]
        heading = _width(self.name, TITLE_SIZE) * 1.05 + _width(self.kind, CHIP_SIZE) + 24
        width = max(NARROWEST, chips, heading, *texts) + 2 * PADDING
        return Size(width, 2 * PADDING + TITLE_SIZE + LINE_HEIGHT * len(self.lines) + 2)


def draw(flow: Flow, catalogue: PromptCatalogue, language: str | None = None) -> str:
    """The flow as a standalone SVG document, with its prompts in a language (the flow's first by default)."""
    boxes = {
        name: _box(name, step, flow, catalogue, language or flow.languages[0]) for name, step in flow.steps.items()
    }
    edges = [(box.name, chip.target) for box in boxes.values() for chip in box.chips if chip.target is not None]
    layout = arrange(list(boxes), edges, flow.start)
    places = place(layout, {name: box.size for name, box in boxes.items()})
    return _Picture(flow, boxes, layout.chains, places).text()


def _box(name: str, step: Step, flow: Flow, catalogue: PromptCatalogue, language: str) -> _Box:
    # What is said before a second attempt stands in the tooltip only.
    uses = step.ask if isinstance(step, AskStep) else step.prompts
    said = [_said(use.names, catalogue, use.language or language) for use in uses]
    lines = [line for text in said for line in _wrapped(text)]
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], lines[MOST_LINES - 1].rstrip() + " …"]
    tooltip = "\n".join(
        f"{other}  {prompt}: {_said((prompt,), catalogue, other)}"
        for use in step.prompts
        for prompt in use.names
        for other in ((use.language,) if use.language else flow.languages)
    )
    return _Box(name, step.kind, (*_facts(step), *lines), tooltip, tuple(_chips(name, step, flow)))


def _facts(step: Step) -> list[str]:
    """What a step does apart from what it says, in a line; none where there is nothing to add."""
    fact = ""
    match step:
        case DoStep():
            passed = ", ".join(f"{name}={value}" for name, value in step.arguments.items())
            fact = f"{step.do}({passed})"
        case QueueStep():
            matter = f" · {step.matter}" if step.matter else ""
            fact = f"→ {step.queue}{matter}" + (f" · priority {step.priority}" if step.priority else "")
        case RecordStep():
            fact = f"● {step.save}, up to {step.maximum:g} s"
        case AskStep(digits=digits) if digits is not None:
            span = f", {digits.lowest}–{digits.highest}" if digits.lowest is not None else ""
            fact = f"number{span} → {step.save}"
        case AskStep(save=save) if save is not None:
            fact = f"{' · '.join(f'{key} {value}' for key, value in step.answers.items())} → {save}"
        case LanguageStep():
            fact = f"→ {step.language}"
        case GotoStep():
            fact = f"→ flow {step.goto}"
        case HangupStep():
            fact = f"end: {step.hangup}"
        case _:
            pass
    return [fact] if fact else []


def _chips(name: str, step: Step, flow: Flow) -> list[_Chip]:
    """One label for each neighbour, however many keys lead there."""
    labels: dict[str, list[str]] = {}
    for way in ways(step):
        if way.target in flow.steps:
            labels.setdefault(way.target, []).append(_label(way))
    return [
        _Chip(" ".join([*filter(None, found), "↻"]) if target == name else " ".join(found).strip(),
              None if target == name else target)
        for target, found in labels.items()
    ]  # fmt: skip


def _label(way: Way) -> str:
    return {"otherwise": "else", "number": "0–9"}.get(way.label, way.label)


def _said(names: Iterable[str], catalogue: PromptCatalogue, language: str) -> str:
    texts = catalogue.texts.get(language, {})
    first, *more = names
    text = texts[first].text if first in texts else first
    return f"{text} (+{len(more)})" if more else text


class _Picture:
    """Builds the document. Everything from a file goes in as text or attribute, so nothing of it can become markup."""

    def __init__(
        self, flow: Flow, boxes: Mapping[str, _Box], chains: Mapping[tuple[str, str], list[str]], places: Places
    ) -> None:
        self._flow = flow
        self._boxes = boxes
        self._chains = chains
        self._places = places
        self._width = max(places.width, 560.0) + 2 * MARGIN
        self._height = places.height + HEAD + 2 * MARGIN
        self._shift = MARGIN + (self._width - 2 * MARGIN - places.width) / 2

    def text(self) -> str:
        root = Xml.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": f"0 0 {self._width:.0f} {self._height:.0f}",
                "width": f"{self._width:.0f}",
                "height": f"{self._height:.0f}",
                "font-family": FONT,
                "role": "img",
            },
        )
        Xml.SubElement(root, "title").text = f"Call flow {self._flow.name}"
        self._markers(root)
        Xml.SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})
        self._heading(root)
        lines, nodes = Xml.SubElement(root, "g"), Xml.SubElement(root, "g")
        for box in self._boxes.values():
            self._node(nodes, box)
            self._ways(lines, nodes, box)
        return Xml.tostring(root, encoding="unicode")

    def _markers(self, root: Xml.Element) -> None:
        marker = Xml.SubElement(
            Xml.SubElement(root, "defs"),
            "marker",
            {"id": "tip", "viewBox": "0 0 8 8", "refX": "7", "refY": "4", "markerWidth": "7", "markerHeight": "7",
             "orient": "auto"},
        )  # fmt: skip
        Xml.SubElement(marker, "path", {"d": "M0 0 8 4 0 8 2 4Z", "fill": "#8792a0"})

    def _heading(self, root: Xml.Element) -> None:
        _write(root, self._flow.name, (MARGIN, MARGIN + 14), 22, "#1d2733", weight="600")
        facts = f"{len(self._boxes)} steps · {', '.join(self._flow.languages)}"
        if self._flow.fallback:
            facts += f" · fallback {self._flow.fallback}"
        _write(root, facts, (MARGIN, MARGIN + 36), 12, "#64707d")
        x = MARGIN
        for kind in dict.fromkeys(box.kind for box in self._boxes.values()):
            stripe = COLOURS[kind][0]
            Xml.SubElement(root, "rect", _numbers(x=x, y=MARGIN + 47, width=10, height=10, rx=2) | {"fill": stripe})
            _write(root, kind, (x + 15, MARGIN + 56), 11, "#64707d")
            x += 15 + _width(kind, 11) + 18

    def _node(self, parent: Xml.Element, box: _Box) -> None:
        x, y, size = *self._corner(box.name), box.size
        stripe, ground = COLOURS[box.kind]
        group = Xml.SubElement(parent, "g", {"id": f"step-{box.name}"})
        if box.tooltip:
            Xml.SubElement(group, "title").text = box.tooltip
        frame = _numbers(x=x, y=y, width=size.width, height=size.height, rx=8)
        first = box.name == self._flow.start
        Xml.SubElement(
            group, "rect", frame | {"fill": ground, "stroke": stripe, "stroke-width": "2.5" if first else "1"}
        )
        _write(group, box.name, (x + PADDING, y + PADDING + 10), TITLE_SIZE, "#1d2733", weight="600")
        _write(group, box.kind, (x + size.width - PADDING, y + PADDING + 9), CHIP_SIZE, stripe, anchor="end")
        for number, line in enumerate(box.lines):
            below = y + PADDING + TITLE_SIZE + LINE_HEIGHT * (number + 1) - 2
            _write(group, line, (x + PADDING, below), TEXT_SIZE, "#3d4956")

    def _ways(self, lines: Xml.Element, nodes: Xml.Element, box: _Box) -> None:
        """Labels along the lower edge for ways onwards, along the upper edge for ways back, and their lines."""
        x, y = self._corner(box.name)
        for back in (False, True):
            chips = [chip for chip in box.chips if self._is_back(box.name, chip) == back]
            chips.sort(key=lambda chip: self._towards(box.name, chip))
            room = sum(chip.width for chip in chips) + 6 * (len(chips) - 1)
            at = x + (box.size.width - room) / 2
            edge = y if back else y + box.size.height
            for chip in chips:
                middle = at + chip.width / 2
                if chip.target is not None:
                    self._line(lines, box.name, chip.target, middle, edge, back=back)
                if chip.label:
                    self._chip(nodes, chip, at, edge, COLOURS[box.kind][0])
                at += chip.width + 6

    def _chip(self, parent: Xml.Element, chip: _Chip, x: float, edge: float, colour: str) -> None:
        frame = _numbers(x=x, y=edge - CHIP_HEIGHT / 2, width=chip.width, height=CHIP_HEIGHT, rx=9)
        Xml.SubElement(parent, "rect", frame | {"fill": "#ffffff", "stroke": colour})
        _write(parent, chip.label, (x + chip.width / 2, edge + 4), CHIP_SIZE, "#1d2733", anchor="middle")

    def _line(self, parent: Xml.Element, source: str, target: str, x: float, y: float, *, back: bool) -> None:
        points = [(x, y)]
        for node in self._chains[source, target][1:-1]:
            top = self._places.top[node] + HEAD + MARGIN
            ends = (top, top + self._places.layer_height[node])
            points += [(self._places.middle[node] + self._shift, end) for end in (reversed(ends) if back else ends)]
        left, top = self._corner(target)
        size = self._boxes[target].size
        corners = (left + 12, left + size.width - 12)
        arrive = min(max(points[-1][0], corners[0]), corners[1])
        if back:
            # The lower edge carries labels in its middle.
            arrive = min(corners, key=lambda corner: abs(corner - points[-1][0]))
        points.append((arrive, top + size.height + 3 if back else top - 3))
        style = {"fill": "none", "stroke": "#8792a0", "stroke-width": "1.4", "marker-end": "url(#tip)"}
        if back:
            style["stroke-dasharray"] = "5 4"
        Xml.SubElement(parent, "path", {"d": _curve(points)} | style)

    def _is_back(self, source: str, chip: _Chip) -> bool:
        return chip.target is not None and self._places.top[chip.target] <= self._places.top[source]

    def _towards(self, source: str, chip: _Chip) -> float:
        """Where a way's line runs next, so that lines leaving one box do not cross."""
        if chip.target is None:
            return float("inf")
        return self._places.middle[self._chains[source, chip.target][1]]

    def _corner(self, node: str) -> tuple[float, float]:
        return (
            self._places.middle[node] + self._shift - self._boxes[node].size.width / 2,
            self._places.top[node] + HEAD + MARGIN,
        )


def _curve(points: list[tuple[float, float]]) -> str:
    """Down (or up) through the points: straight beside boxes, bent between layers."""
    path = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        half = (to_y - y) / 2
        path.append(f"C{x:.1f} {y + half:.1f} {to_x:.1f} {to_y - half:.1f} {to_x:.1f} {to_y:.1f}")
    return " ".join(path)


def _write(
    parent: Xml.Element,
    text: str,
    at: tuple[float, float],
    size: float,
    colour: str,
    *,
    weight: str = "400",
    anchor: str = "start",
) -> None:
    place = _numbers(x=at[0], y=at[1]) | {"font-size": f"{size:g}", "fill": colour}
    Xml.SubElement(parent, "text", place | {"font-weight": weight, "text-anchor": anchor}).text = text


def _numbers(**values: float) -> dict[str, str]:
    return {name: f"{value:.1f}" for name, value in values.items()}


def _width(text: str, size: float) -> float:
    """About how wide a text is: Chinese characters are square, others are about half as wide."""
    return sum(size if unicodedata.east_asian_width(character) in "WF" else size * 0.57 for character in text)


def _wrapped(text: str) -> list[str]:
    """Lines of about the text width: Chinese may break after any character, English between words, and no line begins
    with a punctuation mark.
    """
    lines: list[str] = []
    line = ""
    for piece in _PIECES.findall(text):
        if line and _width((line + piece).rstrip(), TEXT_SIZE) > TEXT_WIDTH:
            lines.append(line.strip())
            line = ""
        line += piece
    return [*lines, line.strip()] if line.strip() else lines


_PIECES = re.compile(r"(?:[\u2e80-\uffef]|[^\s\u2e80-\uffef]+)[，。、；：！？]*\s*")
