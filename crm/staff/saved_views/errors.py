"""Refusals about saved views."""

from foundation.problems import Forbidden, NotFound


class ViewNotFound(NotFound):
    """No such view, or that of another person."""


class NotYours(Forbidden):
    """Only a supervisor shares a view, and only its owner removes it."""

    slug = "not-your-view"
    title = "This view is not yours to share or remove"
