"""Refusals of the desk."""

from foundation.problems import Conflict


class DraftRefused(Conflict):
    """The desk shows another call, or the draft has too many fields."""

    slug = "draft-refused"
    title = "The draft was not stored"
