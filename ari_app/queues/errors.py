"""Errors of the queues."""

from collections.abc import Sequence

from foundation.problems import Conflict, FieldProblem, Invalid, NotFound, Unavailable


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


class WrapUpFixed(Conflict):
    """The queue's wrap-up has no extension."""

    slug = "wrap-up-fixed"
    title = "This wrap-up cannot be made longer"


class QueuesUnavailable(Unavailable):
    """Redis did not answer in time.

    The step may have been carried out; repeating it does no harm.
    """

    slug = "queues-unavailable"
    title = "The queues cannot be reached"


class SimulationBusy(Conflict):
    """One simulation runs at a time."""

    slug = "simulation-busy"
    title = "Another simulation runs"


class DayUnknown(NotFound):
    """Day without a call that waited in a queue."""

    slug = "day-unknown"
    title = "There are no calls of that day"


class RulesInvalid(Invalid):
    """Rules of the queues that are broken, each with its line."""

    slug = "rules-invalid"
    title = "The rules of the queues are broken"

    def __init__(self, findings: Sequence[tuple[int, str]]) -> None:
        problems = [FieldProblem(field="rules", rule=f"line {line}: {message}") for line, message in findings]
        super().__init__(problems[0].rule, problems)
