"""Refusals about personal data."""

from foundation.problems import Conflict


class MustBeKept(Conflict):
    """The data must stay for now; `detail` names the reason."""

    slug = "must-be-kept"
    title = "These data must stay for now"
