"""Rules of trees that administrators maintain."""

from collections.abc import Mapping
from typing import Protocol, TypeVar

from crm.departments.errors import Circle, OutOfUse, UnknownTreeReference
from foundation.problems import FieldProblem


class Node(Protocol):
    """Row that may stand under another of its kind."""

    id: str
    name: str
    parent_id: str | None
    active: bool


AnyNode = TypeVar("AnyNode", bound=Node)


def path_up(nodes: Mapping[str, AnyNode], start: str | None) -> list[AnyNode]:
    """Return a node and those above it, nearest first, without circles."""
    path: list[AnyNode] = []
    while start is not None and start in nodes and nodes[start] not in path:
        path.append(nodes[start])
        start = nodes[start].parent_id
    return path


def check_place(nodes: Mapping[str, AnyNode], placed: AnyNode) -> None:
    """Check the place of a node among all nodes of its kind.

    Raises:
        UnknownTreeReference: there is no such parent.
        Circle: the node would stand under itself.
        OutOfUse: a node in use would stand under one out of use.
    """
    if placed.parent_id is not None and placed.parent_id not in nodes:
        problem = FieldProblem(field="parent_id", rule="must exist")
        raise UnknownTreeReference("parent_id names no entry", [problem])
    above = path_up(nodes, placed.parent_id)
    if any(node.id == placed.id for node in above):
        problem = FieldProblem(field="parent_id", rule="must not be the entry itself or one under it")
        raise Circle(f"{placed.name} would stand under itself", [problem])
    if placed.active and above and not above[0].active:
        problem = FieldProblem(field="parent_id", rule="must be in use")
        raise OutOfUse(f"{above[0].name} is out of use", [problem])
    under = [node.name for node in nodes.values() if node.parent_id == placed.id and node.active]
    if not placed.active and under:
        problem = FieldProblem(field="active", rule="must be true while an entry under it is in use")
        raise OutOfUse(f"{', '.join(sorted(under))} under {placed.name} would be left in use", [problem])
