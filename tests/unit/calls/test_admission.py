"""New calls are refused while present calls are served late (F12)."""

import pytest
from structlog.testing import capture_logs

from ari_app.calls.admission import Admission, Refusal

LONGEST_LAG_S = 0.2


@pytest.mark.parametrize(
    ("standing_lag_s", "most_calls", "calls", "refusal"),
    [
        (0.0, 2, 1, None),
        (0.0, 2, 2, Refusal.FULL),
        (0.0, 0, 10_000, None),
        (LONGEST_LAG_S, 0, 1, None),
        (LONGEST_LAG_S + 0.01, 0, 1, Refusal.LATE),
    ],
)
def test_f12_who_is_taken(standing_lag_s: float, most_calls: int, calls: int, refusal: Refusal | None) -> None:
    assert (
        Admission(lambda: standing_lag_s, most_calls=most_calls, longest_lag_s=LONGEST_LAG_S).refusal(calls) is refusal
    )


def test_f12_the_log_tells_when_it_begins_and_ends_and_not_of_each() -> None:
    lag = [1.0]
    admission = Admission(lambda: lag[0], most_calls=0, longest_lag_s=LONGEST_LAG_S)
    with capture_logs() as logged:
        for _ in range(100):
            admission.refusal(5)
        lag[0] = 0.0
        for _ in range(100):
            admission.refusal(5)
    assert [(line["event"], line["why"]) for line in logged] == [
        ("callers_refused", Refusal.LATE),
        ("callers_taken_again", Refusal.LATE),
    ]
