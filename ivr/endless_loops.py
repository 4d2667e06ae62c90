"""Search for loops that a silent caller never leaves.

They may lead through several flows.
"""

from collections.abc import Iterator, Mapping

from ivr.grammar import Flow, GotoStep
from ivr.graph import ways

Place = tuple[str, str]
"""A flow and a step in it."""


def silent_circles(flows: Mapping[str, Flow]) -> list[Place]:
    """Return one step of each loop that only a key leaves."""
    edges = {(flow.name, step): list(_onwards(flows, flow, step)) for flow in flows.values() for step in flow.steps}
    entries: list[Place] = []
    settled: set[Place] = set()
    for place in edges:
        entries += _search(edges, place, settled)
    return entries


def _onwards(flows: Mapping[str, Flow], flow: Flow, step_name: str) -> Iterator[Place]:
    """Return the next places of a silent caller.

    A `when` leads any way: the variables it reads may never change.
    """
    step = flow.steps[step_name]
    if isinstance(step, GotoStep) and step.goto in flows:
        yield step.goto, flows[step.goto].start
    for way in ways(step):
        if way.unattended and way.target in flow.steps:
            yield flow.name, way.target


def _search(edges: Mapping[Place, list[Place]], start: Place, settled: set[Place]) -> list[Place]:
    """Search depth first.

    The stack is explicit: a long flow must not meet Python's recursion limit.
    """
    found: list[Place] = []
    if start in settled:
        return found
    path: list[Place] = [start]
    on_path = {start}
    ahead = [iter(edges[start])]
    while path:
        onward = next(ahead[-1], None)
        if onward is None:
            ahead.pop()
            left = path.pop()
            on_path.remove(left)
            settled.add(left)
        elif onward in on_path:
            found.append(onward)
        elif onward not in settled and onward in edges:
            path.append(onward)
            on_path.add(onward)
            ahead.append(iter(edges[onward]))
    return found
