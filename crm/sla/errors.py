"""What can be refused about service levels."""

from foundation.problems import Conflict, Invalid, NotFound


class NoSuchPolicy(NotFound):
    """There is no such version."""

    slug = "no-such-policy"
    title = "No such version of the policy"


class PolicyChangedMeanwhile(Conflict):
    """It was made from a version that is not the newest any more."""

    slug = "policy-changed-meanwhile"
    title = "The policy was changed meanwhile"


class PolicyInForce(Conflict):
    """It has taken effect, and tickets are under it."""

    slug = "policy-in-force"
    title = "The policy has taken effect"


class UnknownSlaReference(Invalid):
    """A department or category that does not exist."""

    slug = "unknown-reference"


class InThePast(Invalid):
    """It would have counted before anybody knew."""

    slug = "in-the-past"


class HoursChangedMeanwhile(Conflict):
    """Somebody else is changing working hours."""

    slug = "hours-changed-meanwhile"
    title = "The working hours were changed meanwhile"


class NoSuchAction(NotFound):
    """There is no such improvement action."""

    slug = "no-such-improvement-action"
    title = "No such improvement action"


class AlreadyDone(Conflict):
    """It was done before."""

    slug = "already-done"
    title = "Already done"
