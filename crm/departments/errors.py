"""What can be refused about departments and categories."""

from foundation.problems import Conflict, Invalid


class NameTaken(Conflict):
    """Another one has this name."""

    slug = "name-taken"
    title = "This name is taken"


class UnknownReference(Invalid):
    """A parent or department that does not exist."""

    slug = "unknown-reference"
