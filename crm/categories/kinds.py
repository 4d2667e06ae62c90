"""Kinds of tickets that a cause fits."""

from collections.abc import Mapping

from crm.categories.model import Category, CategoryView
from crm.departments.tree import path_up
from crm.kinds import TicketKind


def fitting(nodes: Mapping[str, Category], category_id: str) -> list[TicketKind]:
    """Return the kinds that a cause fits.

    Its own, else those of the nearest cause above that names some, else all.
    """
    named = next((node.kinds for node in path_up(nodes, category_id) if node.kinds), list(TicketKind))
    return [kind for kind in TicketKind if kind in named]


def shown(nodes: Mapping[str, Category], category: Category) -> CategoryView:
    """Return a cause with the kinds that it fits."""
    fits = fitting({**nodes, category.id: category}, category.id)
    return CategoryView.model_validate({**category.model_dump(), "fits": fits})
