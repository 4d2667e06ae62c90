"""Places a flow's steps in layers for drawing: edges point down, crossings are few, boxes do not overlap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

SWEEPS = 12


@dataclass
class Layout:
    """Layers from top to bottom, each a row of nodes. Names that are no node are waypoints of long edges."""

    layers: list[list[str]]
    chains: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """Each edge as the nodes and waypoints it runs through, from its source to its target."""


def arrange(nodes: Sequence[str], edges: Sequence[tuple[str, str]], start: str) -> Layout:
    """Lay out a graph that is read from `start` (Sugiyama's method: break circles, rank, bend, untangle)."""
    edges = list(dict.fromkeys((source, target) for source, target in edges if source != target))
    back = _back_edges(nodes, edges, start)
    forward = [(target, source) if (source, target) in back else (source, target) for source, target in edges]
    ranks = _ranks(nodes, forward)
    layers: list[list[str]] = [[] for _ in range(max(ranks.values(), default=0) + 1)]
    for node in nodes:
        layers[ranks[node]].append(node)
    chains: dict[tuple[str, str], list[str]] = {}
    for original, (source, target) in zip(edges, forward, strict=True):
        chain = [source]
        for rank in range(ranks[source] + 1, ranks[target]):
            waypoint = f"{source}\0{target}\0{rank}"
            if waypoint not in layers[rank]:
                layers[rank].append(waypoint)
            chain.append(waypoint)
        chain.append(target)
        chains[original] = chain if original == (source, target) else chain[::-1]
    _untangle(layers, chains)
    return Layout(layers, chains)


def _back_edges(nodes: Sequence[str], edges: Sequence[tuple[str, str]], start: str) -> set[tuple[str, str]]:
    """The edges that lead back to a step on the way here; without them there are no circles."""
    below: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in edges:
        below[source].append(target)
    back: set[tuple[str, str]] = set()
    done: set[str] = set()
    for root in [start, *nodes]:
        if root in done:
            continue
        path, ahead = [root], [iter(below[root])]
        while path:
            onward = next(ahead[-1], None)
            if onward is None:
                done.add(path.pop())
                ahead.pop()
            elif onward in path:
                back.add((path[-1], onward))
            elif onward not in done:
                path.append(onward)
                ahead.append(iter(below[onward]))
    return back


def _ranks(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The longest way from a root, so that every edge points down."""
    above: dict[str, int] = dict.fromkeys(nodes, 0)
    below: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in edges:
        below[source].append(target)
        above[target] += 1
    ranks = dict.fromkeys(nodes, 0)
    ready = [node for node in nodes if not above[node]]
    while ready:
        node = ready.pop()
        for target in below[node]:
            ranks[target] = max(ranks[target], ranks[node] + 1)
            above[target] -= 1
            if not above[target]:
                ready.append(target)
    return ranks


def _untangle(layers: list[list[str]], chains: Mapping[tuple[str, str], list[str]]) -> None:
    """Order each layer by the middle of its neighbours, downwards and upwards, and keep the best order seen."""
    rank = {node: index for index, layer in enumerate(layers) for node in layer}
    links = [pair for chain in chains.values() for pair in pairwise(chain)]
    links = [(a, b) if rank[a] < rank[b] else (b, a) for a, b in links]
    above: dict[str, list[str]] = {node: [] for node in rank}
    below: dict[str, list[str]] = {node: [] for node in rank}
    for upper, lower in links:
        above[lower].append(upper)
        below[upper].append(lower)
    best, fewest = [list(layer) for layer in layers], _crossings(layers, below)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        order = range(1, len(layers)) if down else range(len(layers) - 2, -1, -1)
        for index in order:
            beside = layers[index - 1] if down else layers[index + 1]
            _sort_by_neighbours(layers[index], beside, above if down else below)
        crossings = _crossings(layers, below)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    layers[:] = best


def _sort_by_neighbours(layer: list[str], beside: Sequence[str], neighbours: Mapping[str, list[str]]) -> None:
    place = {node: index for index, node in enumerate(beside)}
    own = {node: index for index, node in enumerate(layer)}

    def middle(node: str) -> float:
        places = [place[other] for other in neighbours[node] if other in place]
        return sum(places) / len(places) if places else own[node]

    layer.sort(key=middle)


def _crossings(layers: Sequence[Sequence[str]], below: Mapping[str, list[str]]) -> int:
    count = 0
    for upper, lower in pairwise(layers):
        place = {node: index for index, node in enumerate(lower)}
        ends = [place[target] for node in upper for target in sorted(below[node], key=lambda other: place[other])]
        count += sum(1 for at, end in enumerate(ends) for other in ends[at + 1 :] if other < end)
    return count
