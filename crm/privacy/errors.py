"""What can be refused about somebody's data."""

from foundation.problems import Conflict


class MustBeKept(Conflict):
    """There is a reason to keep the data for now; `detail` says which."""

    slug = "must-be-kept"
    title = "These data must stay for now"
