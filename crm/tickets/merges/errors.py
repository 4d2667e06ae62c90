"""What can be refused about merges."""

from foundation.problems import Conflict


class SameMatterAlready(Conflict):
    """Both are one ticket already."""

    slug = "merged-already"
    title = "These tickets are one already"


class StandsForOthers(Conflict):
    """Tickets were merged into this one: it cannot be merged itself, for there are no chains."""

    slug = "stands-for-others"
    title = "Other tickets were merged into this one"


class NotMerged(Conflict):
    """It was not merged into anything."""

    slug = "not-merged"
    title = "The ticket is not merged"
