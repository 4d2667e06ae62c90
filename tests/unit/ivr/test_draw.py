"""Pictures show all steps and ways; text never becomes markup."""

import shlex
from collections.abc import Iterator
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dev.programs import Program, dot_program
from ivr.check import check_library, load_library
from ivr.draw import DrawingFailed, draw
from ivr.graph import ways
from ivr.prompts import PromptCatalogue, Text
from tests.unit.ivr.caller import CALLFLOWS, Service
from tests.unit.ivr.conftest import WriteFlow

SVG = "{http://www.w3.org/2000/svg}"
LIBRARY = load_library(CALLFLOWS, Service().vocabulary())
DOT = dot_program()


def groups(picture: str, css_class: str) -> Iterator[Xml.Element]:
    """Return the groups that Graphviz marks as `node` or `edge`."""
    root = Xml.fromstring(picture)  # noqa: S314
    return (group for group in root.iter(f"{SVG}g") if group.get("class") == css_class)


@pytest.mark.parametrize("name", LIBRARY.flows)
def test_every_step_and_way_of_a_shipped_flow_is_drawn(name: str) -> None:
    flow = LIBRARY.flows[name]
    picture = draw(flow, LIBRARY.catalogue, DOT)
    boxes = list(groups(picture, "node"))
    assert {box.get("id") for box in boxes} == {f"step-{step}" for step in flow.steps}
    arrows = {(step, way.target) for step in flow.steps for way in ways(flow.steps[step])}
    assert len(list(groups(picture, "edge"))) == len(arrows)


def test_the_committed_picture_is_that_of_the_shipped_flow() -> None:
    committed = (CALLFLOWS / "hotline.svg").read_text()
    flow = LIBRARY.flows["hotline"]
    assert {box.get("id") for box in groups(committed, "node")} == {f"step-{step}" for step in flow.steps}
    for prompt in ("main_menu", "urge_hint"):
        text = LIBRARY.catalogue.text(prompt, "zh")
        assert text is not None
        assert text[:8] in committed


def test_prompts_stand_in_it_in_both_languages() -> None:
    picture = draw(LIBRARY.flows["hotline"], LIBRARY.catalogue, DOT)
    assert "咨询按1" in picture
    assert "Faults, 3" in picture
    assert "For information" in draw(LIBRARY.flows["hotline"], LIBRARY.catalogue, DOT, "en")


EVIL = ["</text><script>alert(1)</script>", '" URL="javascript:alert(1)', "\\N \\G \\", "<b>&lt;", "a\nb\tc\x01"]


@settings(max_examples=25, deadline=None)
@given(st.one_of(st.sampled_from(EVIL), st.text(min_size=1, max_size=40)))
def test_a_text_of_a_file_never_becomes_markup(text: str) -> None:
    flow = LIBRARY.flows["survey"]
    catalogue = PromptCatalogue({"zh": {name: Text(text, "zh.yaml", 1) for name in LIBRARY.catalogue.texts["zh"]}})
    root = Xml.fromstring(draw(flow, catalogue, DOT))  # noqa: S314
    names = {element.tag for element in root.iter()}
    assert names <= {f"{SVG}{name}" for name in ("svg", "g", "title", "polygon", "path", "text", "a")}
    links = {value for element in root.iter() for key, value in element.attrib.items() if key.endswith("href")}
    assert links == set()


def test_a_drawing_needs_no_prompts() -> None:
    library = check_library(CALLFLOWS, Service().vocabulary())
    picture = draw(library.flows["survey"], PromptCatalogue(), DOT)
    assert "step-opening" in {box.get("id") for box in groups(picture, "node")}


@pytest.mark.parametrize("command", ["/nonexistent/dot", "/bin/false"])
def test_a_program_that_does_not_draw_is_an_error(flow: WriteFlow, command: str) -> None:
    read = flow("flow: x\nstart: a\nsteps:\n  a: { hangup: bye }\n")
    with pytest.raises(DrawingFailed):
        draw(read, PromptCatalogue(), Program(tuple(shlex.split(command))))
