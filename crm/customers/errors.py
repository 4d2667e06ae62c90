"""What can be refused about customers."""

from foundation.problems import Conflict, NotFound


class CustomerNotFound(NotFound):
    """There is no such customer."""


class AccountTaken(Conflict):
    """The account number belongs to another customer."""

    slug = "account-taken"
    title = "This account number is taken"
