"""The drawing shows every step and every way, without overlaps, and nothing in it becomes markup."""

from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as Xml

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.check import check_library, load_library
from ivr.draw import draw
from ivr.layout import arrange
from ivr.prompts import PromptCatalogue, Text
from ivr.spacing import GAP, Size, place
from tests.unit.ivr.caller import CALLFLOWS, Service
from tests.unit.ivr.conftest import WriteFlow

SVG = "{http://www.w3.org/2000/svg}"
LIBRARY = load_library(CALLFLOWS, Service().vocabulary())


def test_every_step_and_way_of_the_shipped_flows_is_drawn() -> None:
    for flow in LIBRARY.flows.values():
        root = Xml.fromstring(draw(flow, LIBRARY.catalogue))  # noqa: S314
        drawn = {group.get("id") for group in root.iter(f"{SVG}g") if group.get("id")}
        assert drawn == {f"step-{name}" for name in flow.steps}
        texts = [text.text for text in root.iter(f"{SVG}text")]
        assert flow.name in texts
        assert len(list(root.iter(f"{SVG}path"))) > len(flow.steps)


def test_prompts_stand_in_it_in_both_languages() -> None:
    picture = draw(LIBRARY.flows["hotline"], LIBRARY.catalogue)
    assert "咨询按1" in picture
    assert "Faults, 3" in picture
    assert "For information" in draw(LIBRARY.flows["hotline"], LIBRARY.catalogue, "en")


def test_text_from_a_file_never_becomes_markup(flow: WriteFlow) -> None:
    read = flow("flow: x\nstart: a\nsteps:\n  a: { hangup: bye, say: evil }\n")
    evil = "</text><script>alert(1)</script>"
    catalogue = PromptCatalogue({"zh": {"evil": Text(evil, "zh.yaml", 1)}})
    picture = draw(read, catalogue)
    assert "<script" not in picture
    assert not list(Xml.fromstring(picture).iter(f"{SVG}script"))  # noqa: S314


def test_a_drawing_needs_no_prompts(tmp_path: Path) -> None:
    library = check_library(CALLFLOWS, Service().vocabulary())
    assert draw(library.flows["survey"], PromptCatalogue())


graphs = st.integers(1, 14).flatmap(
    lambda count: st.tuples(
        st.just([f"n{number}" for number in range(count)]),
        st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=30),
    )
)


@settings(max_examples=80, deadline=None)
@given(graphs)
def test_any_graph_is_laid_out_without_overlaps(graph: tuple[list[str], list[tuple[int, int]]]) -> None:
    nodes, pairs = graph
    edges = [(nodes[source], nodes[target]) for source, target in pairs]
    layout = arrange(nodes, edges, nodes[0])
    assert sorted(node for layer in layout.layers for node in layer if "\0" not in node) == sorted(nodes)
    rank = {node: index for index, layer in enumerate(layout.layers) for node in layer}
    for (source, target), chain in layout.chains.items():
        assert (chain[0], chain[-1]) == (source, target)
        assert {abs(rank[one] - rank[other]) for one, other in pairwise(chain)} == {1}
    places = place(layout, dict.fromkeys(nodes, Size(100, 40)))
    for layer in layout.layers:
        boxes = [places.middle[node] for node in layer if "\0" not in node]
        assert all(right - left >= 100 + GAP - 0.01 for left, right in pairwise(boxes))


def test_one_step_after_another_is_one_column_even_beside_a_shortcut() -> None:
    nodes = list("abcdefghi")
    layout = arrange(nodes, [*pairwise(nodes), ("f", "i")], "a")
    places = place(layout, dict.fromkeys(nodes, Size(100, 40)))
    assert places.width < 300
