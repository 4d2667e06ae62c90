"""Queues on wallboards."""

from ari_app.queues.model import QueueSnapshot
from ari_app.runtime.desk_handler import queue_state


def test_a_board_has_the_moment_since_which_the_first_caller_waits() -> None:
    waiting = queue_state(QueueSnapshot("heat", 3, 1, 42_000, {}), 1_800_000_042_000)
    assert (waiting.waiting, waiting.oldest_ms) == (3, 1_800_000_000_000)
    assert queue_state(QueueSnapshot("heat", 0, 0, 0, {}), 1_800_000_042_000).oldest_ms is None
