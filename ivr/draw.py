"""Picture of a flow as SVG, drawn by Graphviz."""

import re
import subprocess
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from dev.programs import Program
from ivr.grammar import AskStep, DoStep, Flow, GotoStep, HangupStep, LanguageStep, QueueStep, RecordStep
from ivr.grammar_base import Step
from ivr.graph import Way, ways
from ivr.prompts import PromptCatalogue

POINTS_PER_INCH = 72
TEXT_SIZE = 12.0
LINE_HEIGHT = 15.0
PADDING = 12.0
NARROWEST = 150.0
TEXT_WIDTH = 250.0
MOST_LINES = 4
DRAWING_S = 30
FONT = "Noto Sans, Noto Sans CJK SC, PingFang SC, Microsoft YaHei, WenQuanYi Zen Hei, sans-serif"

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
"""Border and ground for each kind of step."""


class DrawingFailed(Exception):
    """Graphviz did not draw the flow; the message is its own."""


def draw(flow: Flow, catalogue: PromptCatalogue, dot: Program, language: str | None = None) -> str:
    """Draw a flow as a standalone SVG document.

    Args:
        dot: Graphviz's layout program.
        language: of the prompts; by default the flow's first.

    Raises:
        DrawingFailed: Graphviz refused the graph or took too long.
    """
    source = graph_source(flow, catalogue, language or flow.languages[0])
    try:
        done = subprocess.run(
            [*dot.command, "-Tsvg"],
            input=source, env=dot.environ(), capture_output=True, text=True, timeout=DRAWING_S, check=True,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise DrawingFailed(error.stderr.strip()) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DrawingFailed(str(error)) from error
    return done.stdout


def graph_source(flow: Flow, catalogue: PromptCatalogue, language: str) -> str:
    """Return a flow in Graphviz's language.

    A step is a box, a way an arrow.
    """
    heading = f"{flow.name} · {len(flow.steps)} steps · {', '.join(flow.languages)}"
    if flow.fallback is not None:
        heading += f" · fallback {flow.fallback}"
    lines = [
        f"digraph {_quoted(flow.name)} {{",
        f"graph [id={_quoted(f'flow-{flow.name}')} label={_quoted(heading)} labelloc=t labeljust=l",
        f"  fontname={_quoted(FONT)} fontsize=20 nodesep=0.3 ranksep=0.5]",
        f'node [shape=box style="filled,rounded" fixedsize=true fontname={_quoted(FONT)} fontsize={TEXT_SIZE:g}]',
        f'edge [color="#8792a0" fontname={_quoted(FONT)} fontsize=11 arrowsize=0.7]',
    ]
    for name, step in flow.steps.items():
        lines.append(_box(name, step, flow, catalogue, language))
        lines += _arrows(name, step, flow)
    return "\n".join([*lines, "}"])


def _box(name: str, step: Step, flow: Flow, catalogue: PromptCatalogue, language: str) -> str:
    text = [f"{name} · {step.kind}", *_facts(step), *_spoken(step, catalogue, language)]
    # Sized here: Graphviz would need the fonts of the reader.
    width = max(NARROWEST, *(_width(line, TEXT_SIZE) for line in text)) + 2 * PADDING
    height = LINE_HEIGHT * len(text) + PADDING
    stripe, ground = COLOURS[step.kind]
    attributes = {
        "id": f"step-{name}",
        "width": f"{width / POINTS_PER_INCH:.2f}",
        "height": f"{height / POINTS_PER_INCH:.2f}",
        "color": stripe,
        "fillcolor": ground,
        "penwidth": "2.5" if name == flow.start else "1",
        "tooltip": _all_texts(step, flow, catalogue) or name,
    }
    label = "".join(f"{_escaped(line)}\\l" for line in text)
    return f'{_quoted(name)} [label="{label}" {_listed(attributes)}]'


def _arrows(name: str, step: Step, flow: Flow) -> Iterator[str]:
    """Return one arrow for each neighbour, however many keys lead there."""
    labels: dict[str, list[str]] = {}
    for way in ways(step):
        if way.target in flow.steps:
            labels.setdefault(way.target, []).append(_label(way))
    for target, found in labels.items():
        yield f"{_quoted(name)} -> {_quoted(target)} [label={_quoted(' ' + ' '.join(found).strip())}]"


def _spoken(step: Step, catalogue: PromptCatalogue, language: str) -> list[str]:
    """Return the words of a step in a few lines.

    Those before a second attempt stand in the tooltip only.
    """
    uses = step.ask if isinstance(step, AskStep) else step.prompts
    lines = [line for use in uses for line in _wrapped(_said(use.names, catalogue, use.language or language))]
    return lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 1], f"{lines[MOST_LINES - 1]} …"]


def _all_texts(step: Step, flow: Flow, catalogue: PromptCatalogue) -> str:
    return "\n".join(
        f"{other}  {prompt}: {_said((prompt,), catalogue, other)}"
        for use in step.prompts
        for prompt in use.names
        for other in ((use.language,) if use.language else flow.languages)
    )


def _facts(step: Step) -> list[str]:
    """Return the effect of a step apart from its words."""
    fact = ""
    match step:
        case DoStep():
            passed = ", ".join(f"{name}={value}" for name, value in step.arguments.items())
            fact = f"{step.do}({passed})"
        case QueueStep():
            matter = f" · {step.matter}" if step.matter else ""
            fact = f"→ {step.queue}{matter}" + (f" · priority {step.priority}" if step.priority else "")
            fact += f" · asks {', '.join(step.asks)}" if step.asks else ""
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


def _label(way: Way) -> str:
    return {"otherwise": "else", "number": "0–9"}.get(way.label, way.label)


def _said(names: Iterable[str], catalogue: PromptCatalogue, language: str) -> str:
    texts = catalogue.texts.get(language, {})
    first, *more = names
    text = texts[first].text if first in texts else first
    return f"{text} (+{len(more)})" if more else text


def _listed(attributes: Mapping[str, str]) -> str:
    return " ".join(f"{name}={_quoted(value)}" for name, value in attributes.items())


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Escape a text for Graphviz, which knows escapes and HTML's entities."""
    plain = "".join(character if character == "\n" or character.isprintable() else " " for character in text)
    return plain.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;").replace("\n", "\\n")


def _width(text: str, size: float) -> float:
    """Estimate the width of a text.

    Chinese characters are square, others half as wide.
    """
    return sum(size if unicodedata.east_asian_width(character) in "WF" else size * 0.57 for character in text)


def _wrapped(text: str) -> list[str]:
    """Break a text into lines of about the text width.

    Chinese may break after any character, English between words; no line begins with a punctuation mark.
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
