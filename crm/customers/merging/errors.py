"""Refusals about merges of customers."""

from foundation.problems import Conflict, Invalid, NotFound


class SameCustomer(Invalid):
    """A customer cannot be merged into itself."""


class MergedAlready(Conflict):
    """One of the two was merged into another customer before."""

    slug = "customer-merged-already"
    title = "One of these customers was merged before"


class MergeNotFound(NotFound):
    """There is no such merge."""


class CannotUndo(Conflict):
    """The merge was undone, or a later one is undone first."""

    slug = "merge-cannot-be-undone"
    title = "This merge cannot be undone now"
