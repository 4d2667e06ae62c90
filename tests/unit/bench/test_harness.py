"""Arithmetic of the benchmarks, and their reasons to doubt a run."""

import os
import time

import pytest

from bench.harness import cpu_ms, late, paired_rounds, percentile, ratio_row, summary
from bench.sip_message import read, request, response


async def test_rounds_alternate_the_first_side() -> None:
    order: list[str] = []

    async def ours(number: int) -> str:
        order.append(f"A{number}")
        return "ours"

    async def peer(number: int) -> str:
        order.append(f"B{number}")
        return "peer"

    assert await paired_rounds(3, ours, peer) == [("ours", "peer")] * 3
    assert order == ["A0", "B0", "B1", "A1", "A2", "B2"]


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)])
def test_a_percentile_is_one_of_the_samples(share: float, expected: float) -> None:
    assert percentile([float(number) for number in range(100, 0, -1)], share) == expected


def test_nothing_measured_is_not_zero() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        percentile([], 0.5)


def test_the_ratio_is_the_median_of_the_rounds_ratios() -> None:
    row = ratio_row("G0", [1.0, 2.0, 9.0], [10.0, 10.0, 10.0], 0.2, "ms", {"note": "x"})
    assert (row.ours, row.peer, row.ratio, row.met) == (2.0, 10.0, 0.2, True)
    assert row.detail["worst_round"] == 0.9
    assert ratio_row("G0", [3.0], [10.0], 0.2, "ms", {}).met is False


def test_a_late_generator_is_named() -> None:
    assert late([0.1] * 1000) == []
    assert late([0.1] * 90 + [7.5] * 10) == ["the load generator was 7.5 ms late (p99)"]


def test_cpu_time_counts_this_process() -> None:
    before = cpu_ms(os.getpid())
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    assert 80 <= cpu_ms(os.getpid()) - before <= 1000


def test_sip_message_is_read_as_it_was_written() -> None:
    local = ("127.0.0.1", 5070)
    invite = request(
        "INVITE", "sip:96001@h:5060", local, "<sip:1380@h>;tag=a", "<sip:96001@h>", "id", "1", body="v=0\r\n"
    )
    message = read(invite)
    assert (message.method, message.status, message.called_user, message.caller_user) == ("INVITE", 0, "96001", "1380")
    assert message.contact == "sip:load@127.0.0.1:5070"
    ringing = read(response(message, "180 Ringing", local, "b"))
    assert (ringing.status, ringing.method, ringing.headers["to"]) == (180, "INVITE", "<sip:96001@h>;tag=b")


def test_a_summary_of_few_samples_names_the_worst() -> None:
    assert summary([1.0, 2.0])["max"] == 2.0
