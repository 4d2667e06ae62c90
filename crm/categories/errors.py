"""Refusals about categories; `crm.departments.errors` has those of all trees."""

from foundation.problems import NotFound


class CategoryNotFound(NotFound):
    """No such category."""
