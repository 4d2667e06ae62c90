"""Ledger of G25: what counts as a double assignment."""

from bench.service_process import Line
from bench.two_processes import doubles_of, rung_again


def leg(name: str, agent: str, number: str, rang_ns: int, over_ns: int | None) -> list[Line]:
    """Return the lines of one leg; None: its process was killed."""
    lines = [Line("rang", name, agent, number, 0, rang_ns)]
    return lines if over_ns is None else [*lines, Line("over", name, agent, number, 0, over_ns)]


def test_one_call_after_the_other_is_none() -> None:
    assert doubles_of(leg("a", "1001", "1", 10, 20) + leg("b", "1001", "2", 21, 30)) == 0


def test_agent_with_two_legs_at_a_time_is_one() -> None:
    assert doubles_of(leg("a", "1001", "1", 10, 20) + leg("b", "1001", "2", 19, 30)) == 1


def test_caller_with_two_legs_at_a_time_is_one() -> None:
    assert doubles_of(leg("a", "1001", "1", 10, 20) + leg("b", "1002", "1", 15, 30)) == 1


def test_leg_of_a_killed_process_binds_its_agent() -> None:
    assert doubles_of(leg("a", "1001", "1", 10, None) + leg("b", "1001", "2", 50, 60)) == 1


def test_caller_rung_again_after_an_offer_is_no_double() -> None:
    lines = leg("a", "1001", "1", 10, 20) + leg("b", "1002", "1", 25, 30)
    assert (doubles_of(lines), rung_again(lines)) == (0, 1)
