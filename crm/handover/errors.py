"""Refusals about handovers."""

from foundation.problems import Conflict, NotFound


class NoSuchHandover(NotFound):
    """No such handover, or it is another department's."""


class AlreadyAcknowledged(Conflict):
    """The next shift acknowledged the handover before."""

    slug = "handover-acknowledged"
    title = "This handover was acknowledged before"


class OwnHandover(Conflict):
    """The same person cannot hand over and acknowledge."""

    slug = "own-handover"
    title = "A person of the next shift has to acknowledge"
