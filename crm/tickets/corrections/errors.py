"""What can be refused about corrections."""

from foundation.problems import Conflict, Invalid


class SameMatterOpen(Conflict):
    """Another open ticket is about the matter that this one would be about."""

    slug = "same-matter"
    title = "Another open ticket is about the same matter"


class NothingCorrected(Invalid):
    """The ticket is that way already."""

    slug = "nothing-corrected"
