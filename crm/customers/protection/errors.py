"""Refusals about protected customers."""

from foundation.problems import Invalid, NotFound


class ListNotFound(NotFound):
    """There is no such list."""


class UnknownCustomers(Invalid):
    """A list names a customer that does not exist."""
