"""Refusals of an agent's work beside calls."""

from foundation.problems import Conflict, Invalid


class DispositionNeeded(Conflict):
    """The queue requires a call's result before the wrap-up ends."""

    slug = "disposition-needed"
    title = "Choose the result of the call first"


class UnknownDisposition(Invalid):
    """Result that the queue of the call does not have."""

    slug = "unknown-disposition"
    title = "This queue has no such result"
