"""Refusals of shared calls."""

from foundation.problems import NotFound


class SharedCallNotFound(NotFound):
    """Link that is unknown or too old."""

    slug = "shared-call-not-found"
    title = "This link is not valid any more"
