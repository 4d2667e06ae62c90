"""Refusals about missed callers."""

from foundation.problems import Conflict, NotFound


class NoSuchMissedCaller(NotFound):
    """The call is not on the list."""

    title = "This caller is not on the list"


class ClaimedByAnother(Conflict):
    """Another person calls this caller back."""

    slug = "claimed-by-another"
    title = "Another person calls this caller back"
