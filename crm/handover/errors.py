"""What can be refused about handovers."""

from foundation.problems import Conflict, NotFound


class NoSuchHandover(NotFound):
    """There is none, or it is another department's."""


class AlreadyAcknowledged(Conflict):
    """The next shift took it over before."""

    slug = "handover-acknowledged"
    title = "This handover was acknowledged before"


class OwnHandover(Conflict):
    """Who hands over cannot be the one who takes over."""

    slug = "own-handover"
    title = "Somebody of the next shift has to acknowledge"
