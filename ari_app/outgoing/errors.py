"""Refusals of calls that agents make."""

from foundation.problems import Conflict, Invalid, NotFound


class InACall(Conflict):
    """The agent has a call, or is rung for one."""

    slug = "in-a-call"
    title = "You have a call already"


class NoPhone(Conflict):
    """The agent has no phone that can be rung."""

    slug = "no-phone"
    title = "There is no phone to call from"


class NotOwnCall(NotFound):
    """No call that this agent made."""


class LinkUnknown(NotFound):
    """There is no such ticket, customer or call."""


class ShownNumberClosed(Invalid):
    """A number that agents may not show."""

    slug = "shown-number-closed"
    title = "This number cannot be shown"
