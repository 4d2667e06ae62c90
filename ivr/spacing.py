"""Gives the nodes of a layered drawing their coordinates: edges as straight as may be, boxes never overlapping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ivr.layout import Layout

SWEEPS = 120
GAP = 28.0
LAYER_GAP = 74.0
WAYPOINT_WIDTH = 14.0
PULLS = (1.0, 2.0, 12.0)
"""The pull of an edge between two boxes, a box and a waypoint, two waypoints."""
LOOSE = 0.01
"""The weight of a node that nothing pulls on."""


@dataclass(frozen=True)
class Size:
    """A box, in pixels."""

    width: float
    height: float


@dataclass(frozen=True)
class Places:
    """Where everything is, in pixels: the middle of each node, the upper edge and the height of each layer."""

    middle: dict[str, float]
    top: dict[str, float]
    layer_height: dict[str, float]
    width: float
    height: float


def place(layout: Layout, sizes: Mapping[str, Size]) -> Places:
    """Place every node and waypoint; the drawing begins at 0, 0."""
    width = {node: sizes[node].width if node in sizes else WAYPOINT_WIDTH for layer in layout.layers for node in layer}
    middle = _spread(layout, width)
    top: dict[str, float] = {}
    heights: dict[str, float] = {}
    y = 0.0
    for layer in layout.layers:
        height = max((sizes[node].height for node in layer if node in sizes), default=0.0)
        top.update(dict.fromkeys(layer, y))
        heights.update(dict.fromkeys(layer, height))
        y += height + LAYER_GAP
    left = min(middle[node] - width[node] / 2 for node in middle)
    right = max(middle[node] + width[node] / 2 for node in middle)
    return Places({node: x - left for node, x in middle.items()}, top, heights, right - left, y - LAYER_GAP)


def _spread(layout: Layout, width: Mapping[str, float]) -> dict[str, float]:
    """Pull each node towards the middle of its neighbours, layer by layer, there and back."""
    above: dict[str, list[str]] = {node: [] for node in width}
    below: dict[str, list[str]] = {node: [] for node in width}
    rank = {node: index for index, layer in enumerate(layout.layers) for node in layer}
    for chain in layout.chains.values():
        for one, other in pairwise(chain):
            upper, lower = (one, other) if rank[one] < rank[other] else (other, one)
            above[lower].append(upper)
            below[upper].append(lower)
    middle: dict[str, float] = {}
    for layer in layout.layers:
        middle.update(zip(layer, _keep_apart([0.0] * len(layer), layer, width, [1.0] * len(layer)), strict=True))
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for layer in layout.layers if down else reversed(layout.layers):
            # After the first sweeps both ways count, so that neither end of an edge is favoured.
            near = {
                node: above[node] + below[node] if sweep >= 8 else (above if down else below)[node] for node in layer
            }
            weights = [sum(_pull(width, node, other) for other in near[node]) or LOOSE for node in layer]
            wanted = [
                sum(middle[other] * _pull(width, node, other) for other in near[node]) / weight
                if near[node]
                else middle[node]
                for node, weight in zip(layer, weights, strict=True)
            ]
            middle.update(zip(layer, _keep_apart(wanted, layer, width, weights), strict=True))
    return middle


def _pull(width: Mapping[str, float], one: str, other: str) -> float:
    """How strongly the ends of a piece of an edge pull on each other: long edges bend at their ends, if anywhere."""
    return PULLS[(width[one] == WAYPOINT_WIDTH) + (width[other] == WAYPOINT_WIDTH)]


def _keep_apart(
    wanted: Sequence[float], layer: Sequence[str], width: Mapping[str, float], weights: Sequence[float]
) -> list[float]:
    """The places nearest to the wanted ones (least squares) that keep the order and the gaps."""
    offsets = [0.0]
    for left, right in pairwise(layer):
        offsets.append(offsets[-1] + (width[left] + width[right]) / 2 + GAP)
    blocks: list[tuple[float, float, int]] = []  # the common place of neighbours pushed together, its weight, how many
    for want, offset, weight in zip(wanted, offsets, weights, strict=True):
        blocks.append((want - offset, weight, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (x, a, m), (z, b, n) = blocks[-2:]
            blocks[-2:] = [((x * a + z * b) / (a + b), a + b, m + n)]
    flat = [x for x, _, count in blocks for _ in range(count)]
    return [x + offset for x, offset in zip(flat, offsets, strict=True)]
