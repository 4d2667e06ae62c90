"""What can be refused about campaigns."""

from foundation.problems import Conflict


class WrongState(Conflict):
    """The contact's state does not allow the step."""

    slug = "contact-state"
