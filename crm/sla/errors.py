"""Refusals of service levels."""

from foundation.problems import Conflict, Invalid, NotFound


class NoSuchPolicy(NotFound):
    """There is no such version."""

    slug = "no-such-policy"
    title = "No such version of the policy"


class PolicyChangedMeanwhile(Conflict):
    """The policy was made from an old version."""

    slug = "policy-changed-meanwhile"
    title = "The policy was changed meanwhile"


class PolicyInForce(Conflict):
    """The policy has taken effect, and tickets are under it."""

    slug = "policy-in-force"
    title = "The policy has taken effect"


class UnknownSlaReference(Invalid):
    """The department or category does not exist."""

    slug = "unknown-reference"


class InThePast(Invalid):
    """The policy would take effect in the past."""

    slug = "in-the-past"


class HoursChangedMeanwhile(Conflict):
    """Another request is changing working hours."""

    slug = "hours-changed-meanwhile"
    title = "The working hours were changed meanwhile"


class NoSuchAction(NotFound):
    """There is no such improvement action."""

    slug = "no-such-improvement-action"
    title = "No such improvement action"


class AlreadyDone(Conflict):
    """The action was done before."""

    slug = "already-done"
    title = "Already done"
