"""What can be refused about departments, and about everything that is kept as a tree."""

from foundation.problems import Conflict, Invalid, NotFound


class NameTaken(Conflict):
    """Another one has this name."""

    slug = "name-taken"
    title = "This name is taken"


class UnknownTreeReference(Invalid):
    """A parent or department that does not exist."""

    slug = "unknown-reference"


class DepartmentNotFound(NotFound):
    """There is no such department."""


class Circle(Invalid):
    """Nothing is under itself."""

    slug = "circle"


class OutOfUse(Conflict):
    """What is in use stands under what is in use."""

    slug = "out-of-use"
    title = "This would leave something in use under something out of use"
