"""Metrics of ended calls and of reconciliation."""

from prometheus_client import Counter, Histogram

from ari_app.calls.model import CallState
from crm.history.model import CallRecordView

RECONCILED = Counter(
    "hotline_reconciled_total",
    "Differences found and repaired after a connection to Asterisk",
    ["what"],
)
ENDED = Counter("hotline_calls_ended", "Ended calls by direction and outcome", ["direction", "outcome"])
WAIT = Histogram(
    "hotline_call_wait_seconds",
    "Time in a queue until the agent answered or the caller left, by outcome",
    ["queue", "outcome"],
    buckets=(5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600),
)
TALK = Histogram(
    "hotline_call_talk_seconds",
    "Time from the agent's answer to the end of the call",
    ["queue"],
    buckets=(15, 30, 60, 90, 120, 180, 240, 300, 450, 600, 900, 1800),
)


EXPECTED = Histogram(
    "hotline_expected_wait_error_seconds",
    "Difference of the real wait and the one first expected, of answered callers",
    ["queue"],
    buckets=(15, 30, 60, 120, 180, 300, 600),
)


def observe_expected(state: CallState) -> None:
    """Compare an answered caller's wait with the expected one."""
    if state.expected_wait_ms is None or state.connected_at_ms is None or state.queued_at_ms is None:
        return
    real_ms = state.connected_at_ms - state.queued_at_ms
    EXPECTED.labels(state.queue or "").observe(abs(real_ms - state.expected_wait_ms) / 1000)


def observe(record: CallRecordView) -> None:
    """Count an ended call from its record."""
    ENDED.labels(record.direction, record.outcome).inc()
    if record.queue is None:
        return
    if record.wait_ms is not None:
        WAIT.labels(record.queue, record.outcome).observe(record.wait_ms / 1000)
    if record.talk_ms is not None:
        TALK.labels(record.queue).observe(record.talk_ms / 1000)
