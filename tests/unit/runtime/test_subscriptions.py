"""Wiring: listeners are added in one file, without callback attributes."""

import ast
from collections.abc import Iterator
from pathlib import Path

from dev.paths import PROJECT

PACKAGES = ("ari_app", "callflows", "crm", "dev", "foundation", "ivr", "migrations", "recordings")
WIRING = PROJECT / "ari_app" / "runtime" / "subscriptions.py"
LISTENER_LISTS = {"listeners", "forgetters"}


def callbacks_set(tree: ast.AST) -> Iterator[int]:
    """Yield the lines that assign a public `on_…` attribute."""
    for node in ast.walk(tree):
        # A name that is assigned to, alone or in a tuple, has the context Store.
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr.startswith("on_"):
            yield node.lineno


def listeners_added(tree: ast.AST) -> Iterator[int]:
    """Yield the lines that add a listener."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            is_list = isinstance(owner, ast.Attribute) and owner.attr in LISTENER_LISTS
            if node.func.attr == "add_listener" or (is_list and node.func.attr in {"append", "extend"}):
                yield node.lineno
        elif (
            isinstance(node, ast.AugAssign)
            and isinstance(node.target, ast.Attribute)
            and node.target.attr in LISTENER_LISTS
        ):
            yield node.lineno


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((PROJECT / package).rglob("*.py"))


def test_no_object_sets_a_callback_of_another_one() -> None:
    found = [
        f"{path.relative_to(PROJECT)}:{line}"
        for path in sources()
        for line in callbacks_set(ast.parse(path.read_text()))
    ]
    assert found == [], "pass the listener to the constructor, or use a Signal and runtime/subscriptions.py"


def test_listeners_are_added_in_subscriptions_only() -> None:
    found = [
        f"{path.relative_to(PROJECT)}:{line}"
        for path in sources()
        if path != WIRING
        for line in listeners_added(ast.parse(path.read_text()))
    ]
    assert found == []


def test_search_for_callbacks_finds_each_form() -> None:
    tree = ast.parse("a.on_x = f\na.b.on_x = c.on_y = f\na.on_x, a.on_y = f, g\nself.on_x: int = 1\nself._on_x = f\n")
    assert sorted(callbacks_set(tree)) == [1, 2, 2, 3, 3, 4]
    tree = ast.parse("a.b.add_listener(f)\na.listeners.append(f)\na.listeners += [f]\na.names.append(f)\n")
    assert sorted(listeners_added(tree)) == [1, 2, 3]
