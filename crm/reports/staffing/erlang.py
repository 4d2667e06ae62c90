"""Erlang B, C and A: agents that calls need. Pure.

Erlang B by its recursion, Erlang C from it: A. K. Erlang (1917); R. B. Cooper, "Introduction to Queueing Theory"
(1981), chapter 3. Erlang A, in which callers lose patience: C. Palm (1957), as A. Mandelbaum and S. Zeltyn write it in
"Service Engineering in Action: the Palm/Erlang-A Queue" (2007), with their integral J by the trapezoidal rule.
"""

import math
from dataclasses import dataclass

import numpy as np

STEPS = 4000
TAIL = 40.0
"""Logarithm of what is too small to count."""
MOST_AGENTS = 5000


@dataclass(frozen=True)
class Flow:
    """Calls per second, and the mean seconds that one takes an agent."""

    calls_per_s: float
    handling_s: float
    patience_s: float | None = None
    """Mean seconds after which a caller gives up; None: never."""

    @property
    def erlangs(self) -> float:
        """Return the offered traffic."""
        return self.calls_per_s * self.handling_s


@dataclass(frozen=True)
class Expectation:
    """Figures with so many agents; shares from 0 to 1."""

    waits: float
    """Share of calls that wait at all."""
    level: float
    """Share of calls answered within the limit."""
    mean_wait_s: float
    abandoned: float
    occupancy: float


def erlang_b(erlangs: float, agents: int) -> float:
    """Return the share of calls that find all agents busy."""
    blocked = 1.0
    for count in range(1, agents + 1):
        blocked = erlangs * blocked / (count + erlangs * blocked)
    return blocked


def erlang_c(erlangs: float, agents: int) -> float:
    """Return the share that waits; all, where agents cannot keep up."""
    if agents <= erlangs:
        return 1.0
    blocked = erlang_b(erlangs, agents)
    return blocked / (1 - erlangs / agents * (1 - blocked))


def expected(flow: Flow, agents: int, within_s: float) -> Expectation:
    """Return the figures of a steady flow with so many agents."""
    if flow.calls_per_s <= 0:
        return Expectation(waits=0, level=1, mean_wait_s=0, abandoned=0, occupancy=0)
    if agents <= 0:
        return Expectation(waits=1, level=0, mean_wait_s=math.inf, abandoned=1, occupancy=0)
    return _patient(flow, agents, within_s) if flow.patience_s is None else _impatient(flow, agents, within_s)


def agents_needed(flow: Flow, level: float, within_s: float) -> int:
    """Return the fewest agents who reach a service level."""
    if flow.calls_per_s <= 0:
        return 0
    # Without patience fewer agents than the traffic never keep up.
    low, high = (0 if flow.patience_s is not None else int(flow.erlangs)), int(flow.erlangs) + 1
    while high < MOST_AGENTS and expected(flow, high, within_s).level < level:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if expected(flow, middle, within_s).level < level:
            low = middle
        else:
            high = middle
    return high


def _patient(flow: Flow, agents: int, within_s: float) -> Expectation:
    erlangs = flow.erlangs
    waits = erlang_c(erlangs, agents)
    if agents <= erlangs:
        return Expectation(waits=1, level=0, mean_wait_s=math.inf, abandoned=0, occupancy=1)
    free = agents - erlangs
    return Expectation(
        waits=waits,
        level=1 - waits * math.exp(-free * within_s / flow.handling_s),
        mean_wait_s=waits * flow.handling_s / free,
        abandoned=0,
        occupancy=erlangs / agents,
    )


def _impatient(flow: Flow, agents: int, within_s: float) -> Expectation:
    assert flow.patience_s is not None, "asked only for callers who lose patience"
    rate, leaving, serving = flow.calls_per_s, 1 / flow.patience_s, agents / flow.handling_s
    # Epsilon and every integral are divided by the same power of e: none of them overflows.
    scale, whole, late = _integrals(rate, leaving, serving, within_s)
    one = math.exp(-scale)
    idle = one / erlang_b(flow.erlangs, agents - 1)
    total = idle + rate * whole
    at_limit = math.exp(_exponent(within_s, rate, leaving, serving) - scale)
    abandoned = min(1.0, max(0.0, (one + (rate - serving) * whole) / total))
    served_late = max(0.0, serving * late - at_limit) / total
    return Expectation(
        waits=rate * whole / total,
        level=min(1.0, max(0.0, 1 - abandoned - served_late)),
        # Little's law on those who leave: as many abandon as lose patience in the queue.
        mean_wait_s=abandoned * flow.patience_s,
        abandoned=abandoned,
        occupancy=flow.erlangs * (1 - abandoned) / agents,
    )


def _exponent(seconds: float, rate: float, leaving: float, serving: float) -> float:
    return rate / leaving * -math.expm1(-leaving * seconds) - serving * seconds


def _integrals(rate: float, leaving: float, serving: float, since_s: float) -> tuple[float, float, float]:
    """Return a scale, and the integral J from two begins."""
    peak_s = max(0.0, math.log(rate / serving) / leaving)
    scale = _exponent(peak_s, rate, leaving, serving)
    end_s = max(peak_s, since_s, 1 / serving)
    while _exponent(end_s, rate, leaving, serving) - scale > -TAIL:
        end_s *= 1.5

    def integral(begin_s: float, last_s: float) -> float:
        places = np.linspace(begin_s, last_s, STEPS)
        values = np.exp(rate / leaving * -np.expm1(-leaving * places) - serving * places - scale)
        return float(np.trapezoid(values, places))

    before = integral(0.0, since_s) if since_s > 0 else 0.0
    late = integral(since_s, end_s)
    return scale, before + late, late
