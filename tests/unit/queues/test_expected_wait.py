"""Expected waits: the range is true for two of three callers."""

import heapq
import random

from hypothesis import given
from hypothesis import strategies as st

from ari_app.queues.expected_wait import expected_wait_s, wait_range

PLACES, AGENTS, HANDLING = st.integers(1, 200), st.integers(1, 50), st.floats(5, 1800)


@given(PLACES, AGENTS, HANDLING)
def test_range_holds_the_mean_and_is_never_empty(place: int, agents: int, handling_s: float) -> None:
    mean_s, found = expected_wait_s(place, agents, handling_s), wait_range(place, agents, handling_s)
    assert mean_s is not None
    if found is not None:
        assert 0 <= found.least_min < found.most_min
        assert found.least_min <= mean_s / 60 <= found.most_min


@given(PLACES, AGENTS, HANDLING)
def test_later_places_wait_longer_and_more_agents_shorten_the_wait(place: int, agents: int, handling_s: float) -> None:
    wait_s = expected_wait_s(place, agents, handling_s) or 0
    assert (expected_wait_s(place + 1, agents, handling_s) or 0) > wait_s
    assert (expected_wait_s(place, agents + 1, handling_s) or 0) < wait_s


def test_what_is_not_known_is_not_said() -> None:
    assert wait_range(1, 0, 120) is None
    assert wait_range(1, 3, None) is None
    assert wait_range(200, 1, 600) is None, "too long to be known"


def test_two_of_three_callers_wait_within_the_range() -> None:
    """Serve a line by busy agents with exponential handling times."""
    chance = random.Random(7)
    within = total = 0
    errors = []
    for _ in range(400):
        agents, handling_s = chance.randint(2, 12), chance.uniform(90, 300)
        free_at = [chance.expovariate(1 / handling_s) for _ in range(agents)]
        heapq.heapify(free_at)
        for place in range(1, 16):
            served_at = heapq.heappop(free_at)
            heapq.heappush(free_at, served_at + chance.expovariate(1 / handling_s))
            found = wait_range(place, agents, handling_s)
            if found is None:
                continue
            total += 1
            within += found.least_min * 60 <= served_at <= found.most_min * 60
            errors.append(served_at - (expected_wait_s(place, agents, handling_s) or 0))
    assert within / total > 2 / 3
    assert abs(sum(errors) / len(errors)) < 10, "no bias, in seconds"
