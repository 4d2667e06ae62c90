"""Refusals about departments and other trees."""

from foundation.problems import Conflict, Invalid, NotFound


class NameTaken(Conflict):
    """Another entry has this name."""

    slug = "name-taken"
    title = "This name is taken"


class UnknownTreeReference(Invalid):
    """No such parent or department."""

    slug = "unknown-reference"


class DepartmentNotFound(NotFound):
    """No such department."""


class Circle(Invalid):
    """The entry would stand under itself."""

    slug = "circle"


class OutOfUse(Conflict):
    """An entry in use would stand under one out of use."""

    slug = "out-of-use"
    title = "An entry in use cannot stand under one out of use"
