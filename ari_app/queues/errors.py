"""Errors of the queues."""

from foundation.problems import Conflict, NotFound, Unavailable


class QueueUnknown(NotFound):
    """No queue of that name in `queues.yaml`."""

    slug = "queue-unknown"
    title = "There is no such queue"


class AgentNotSignedIn(Conflict):
    """An agent who is offline cannot become ready or not ready."""

    slug = "agent-not-signed-in"
    title = "Sign in to the queues first"


class NothingToWrapUp(Conflict):
    """The agent is not in wrap-up."""

    slug = "nothing-to-wrap-up"
    title = "There is no wrap-up to end"


class QueuesUnavailable(Unavailable):
    """Redis did not answer in time.

    The step may have been carried out; repeating it does no harm.
    """

    slug = "queues-unavailable"
    title = "The queues cannot be reached"
