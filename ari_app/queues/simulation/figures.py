"""Figures of a simulated day, by the definitions of reports. Pure."""

from collections.abc import Mapping, Sequence

from ari_app.queues.simulation.model import Fared, SimulatedQueue
from crm.reports.call_lines import lines_of, percent
from crm.reports.summing import INBOUND, CallFact, Sums, summed
from crm.reports.waits import Limits

WITHIN_S, SHORT_S = 20, 5
BUSY = ("talking", "wrap_up")
PAUSED = "not_ready"


def figures_by_queue(
    fared: Fared, queues: Sequence[str], queues_of: Mapping[str, Sequence[str]], within_s: int = WITHIN_S
) -> list[SimulatedQueue]:
    """Return the figures of each queue."""
    facts = (
        CallFact(
            end.queue, None, None, INBOUND, end.outcome, queued=True, wait_ms=end.wait_ms, talk_ms=None, held_ms=None
        )
        for end in fared.ends
    )
    sums: dict[str, Sums] = {}
    for parts, one in summed(facts).items():
        sums.setdefault(parts.queue, Sums()).join(one)
    names = [*queues, *sorted(sums.keys() - set(queues))]
    return [_of_queue(name, sums.get(name, Sums()), fared, queues_of, Limits(within_s, SHORT_S)) for name in names]


def _of_queue(
    name: str, sums: Sums, fared: Fared, queues_of: Mapping[str, Sequence[str]], limits: Limits
) -> SimulatedQueue:
    serving = [times for agent, times in fared.times.items() if name in queues_of.get(agent, ())]
    busy = sum(times.get(state, 0) for times in serving for state in BUSY)
    there = sum(ms for times in serving for state, ms in times.items() if state != PAUSED)
    (figures,) = lines_of({(0, name): sums}, limits)
    wanted = {field: figures[field] for field in SimulatedQueue.model_fields if field in figures}
    return SimulatedQueue(queue=name, occupancy=percent(busy, there), **wanted)
