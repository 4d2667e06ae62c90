"""Refusals about customers."""

from foundation.problems import Conflict, Invalid, NotFound


class CustomerNotFound(NotFound):
    """There is no such customer."""


class AccountTaken(Conflict):
    """The account number belongs to another customer."""

    slug = "account-taken"
    title = "This account number is taken"


class CustomerChanged(Conflict):
    """The customer was changed meanwhile; `errors` names the fields."""

    slug = "customer-changed"
    title = "This customer was changed meanwhile"


class StandsInForAnother(Conflict):
    """The entry was merged into another one, which stands for it."""

    slug = "customer-merged"
    title = "This customer was merged into another one"


class CustomerErased(Conflict):
    """The person's data were erased: nothing is entered about that entry."""

    slug = "customer-erased"
    title = "This customer's data were erased"


class CustomerInUse(Conflict):
    """Tickets, calls or recordings name the customer: erase the person's data instead."""

    slug = "customer-in-use"
    title = "This customer has a history"


class NotOnThisNumber(Invalid):
    """The customer is not among those a number belongs to."""


class AgentUnknown(Invalid):
    """The customer's own agent is no active agent."""

    slug = "agent-unknown"
    title = "There is no such agent"
