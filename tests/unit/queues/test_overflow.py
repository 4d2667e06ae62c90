"""Overflow of queues: which rule applies, and which are refused."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.queues.model import DESK_CLOSED, AgentSnapshot, AgentState
from ari_app.queues.overflow import OverflowRule, QueueLoad, Wait, due, load_of, loops, next_look_s
from ari_app.queues.settings import read_queues

HEAD = "  title_zh: 队列\n  title_en: Queue\n"


def rule(**given: object) -> OverflowRule:
    return OverflowRule.model_validate({"to": "message", **given})


def wait(
    *,
    position: int | None = 1,
    on_duty: int = 1,
    waited_s: float = 0,
    unstaffed_s: float | None = None,
    expected_s: float | None = None,
) -> Wait:
    return Wait(position, QueueLoad(on_duty, on_duty), waited_s, expected_s, unstaffed_s)


def findings(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "queues.yaml"
    path.write_text(text, encoding="utf-8")
    return [str(finding).removeprefix("queues.yaml:") for finding in read_queues(path)[1]]


def test_first_rule_that_holds_applies_once() -> None:
    rules = [rule(waited_s=60), rule(unstaffed_s=10), rule(callers_per_agent=3)]
    assert due(rules, wait()) is None
    assert due(rules, wait(position=4, waited_s=61)) == 0
    assert due(rules, wait(position=4, waited_s=61), used={0}) == 2
    assert due(rules, wait(on_duty=0, unstaffed_s=10.0)) == 1
    assert due(rules, wait(position=3)) is None
    assert due([rule(expected_wait_s=300)], wait(expected_s=301)) == 0
    assert due([rule(expected_wait_s=300)], wait()) is None, "what is not known does not hold"


def test_load_without_an_agent_who_takes_calls_is_without_bound() -> None:
    assert due([rule(callers_per_agent=1000)], wait(on_duty=0)) == 0
    assert due([rule(callers_per_agent=1000)], wait(position=None, on_duty=0)) is None, "an agent is being rung"


def test_agents_on_duty_are_those_who_take_a_call_soon() -> None:
    def agent(name: str, state: AgentState, reason: str | None = None) -> AgentSnapshot:
        return AgentSnapshot(name, state, 0, ("repair",), reason)

    agents = [
        agent("a", AgentState.READY),
        agent("b", AgentState.TALKING),
        agent("c", AgentState.NOT_READY, "break"),
        agent("d", AgentState.NOT_READY, DESK_CLOSED),
        AgentSnapshot("e", AgentState.READY, 0, ("consult",)),
    ]
    assert load_of("repair", agents) == QueueLoad(signed_in=3, on_duty=2)


@given(
    limits=st.lists(st.integers(0, 600), min_size=1, max_size=5),
    waited_s=st.integers(0, 700),
    unstaffed_s=st.none() | st.integers(0, 700),
)
def test_no_rule_of_time_is_looked_at_too_late(limits: list[int], waited_s: int, unstaffed_s: int | None) -> None:
    rules = [rule(**{"waited_s" if index % 2 else "unstaffed_s": one}) for index, one in enumerate(limits)]
    now = wait(waited_s=waited_s, unstaffed_s=unstaffed_s)
    pause_s = next_look_s(rules, now)
    assert 0 < pause_s <= 5
    before = pause_s * 0.999
    later = wait(waited_s=waited_s + before, unstaffed_s=None if unstaffed_s is None else unstaffed_s + before)
    assert due(rules, later) == due(rules, now), "nothing becomes due within the pause"


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=3), max_size=6))
def test_every_loop_is_found_and_nothing_else(ways: dict[str, list[str]]) -> None:
    found = {(queue, first) for queue, first, _ in loops(ways)}
    reach = {queue: {*ways[queue]} for queue in ways}
    for _ in range(6):
        reach = {queue: there | {far for one in there for far in reach.get(one, ())} for queue, there in reach.items()}
    expected = {
        (queue, first) for queue in ways for first in ways[queue] if first == queue or queue in reach.get(first, ())
    }
    assert found == expected
    for queue, _, path in loops(ways):
        assert path[0] == path[-1] == queue
        assert all(after in ways[before] for before, after in pairwise(path))


def test_loops_and_unknown_queues_are_named_with_their_line(tmp_path: Path) -> None:
    text = (
        f"- name: a\n{HEAD}  overflow:\n    - {{ waited_s: 9, to: {{ queue: b }} }}\n"
        f"- name: b\n{HEAD}  overflow:\n    - {{ waited_s: 9, to: {{ queue: c }} }}\n"
        f"- name: c\n{HEAD}  overflow:\n    - {{ waited_s: 9, to: {{ queue: a }} }}\n"
        "    - { unstaffed_s: 1, to: { queue: d } }\n"
    )
    assert findings(tmp_path, text) == [
        "5: overflow-loop: overflow.0.to: callers would go in circles: a → b → c → a",
        "10: overflow-loop: overflow.0.to: callers would go in circles: b → c → a → b",
        "15: overflow-loop: overflow.0.to: callers would go in circles: c → a → b → c",
        "16: no-such-queue: overflow.1.to: there is no other queue d",
    ]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("{ to: message }", "wrong-value: overflow.0: write one of unstaffed_s"),
        ("{ waited_s: 1, unstaffed_s: 1, to: message }", "wrong-value: overflow.0: write one of unstaffed_s"),
        ("{ waited_s: 1 }", "missing-field: overflow.0.to"),
        ("{ waited_s: 1, to: queue }", "wrong-value: overflow.0.to: write otherwise, message"),
        ("{ waited_s: 1, to: { number: '12x' } }", "wrong-value: overflow.0.to.number"),
        ("{ waited_s: 1, to: dance }", "unknown-value: overflow.0.to.action"),
        ("{ waited_s: -1, to: message }", "wrong-value: overflow.0.waited_s"),
        ("{ waited_s: 1, to: call_back }", "no-such-key: overflow.0.to: keys must have one for call_back"),
        ("{ waited_s: 300, to: message }", "never-applies: overflow.0: longest_wait_s ends the wait after 300 s"),
        ("{ unstaffed_s: 15, to: message }", "never-applies: overflow.0: unstaffed_wait_s ends the wait after 15 s"),
    ],
)
def test_wrong_rules_are_named_with_their_line(tmp_path: Path, line: str, named: str) -> None:
    text = f"- name: a\n{HEAD}  longest_wait_s: 300\n  overflow:\n    - {line}\n"
    assert findings(tmp_path, text)[0].startswith(f"6: {named}")


def test_rule_behind_an_earlier_one_never_applies(tmp_path: Path) -> None:
    rules = "[{waited_s: 60, to: message}, {waited_s: 90, to: otherwise}]"
    (found,) = findings(tmp_path, f"- name: a\n{HEAD}  overflow: {rules}\n")
    assert found.startswith("4: never-applies: overflow.1: callers leave after 60 s by an earlier rule")


def test_closed_queue_has_somewhere_to_go(tmp_path: Path) -> None:
    hours = "  hours: { workday: [{ opens: '08:30', closes: '17:00' }] }\n"
    assert findings(tmp_path, f"- name: a\n{HEAD}{hours}") == [
        "4: nowhere-to-go: hours: closed must say where callers go outside them"
    ]
    closed = "  closed: { to: { queue: %s } }\n"
    both = f"- name: a\n{HEAD}{hours}{closed % 'b'}- name: b\n{HEAD}{hours}{closed % 'a'}"
    assert [one.partition("closed.to: ")[2] for one in findings(tmp_path, both)] == [
        "callers would go in circles: a → b → a",
        "callers would go in circles: b → a → b",
    ]
    assert findings(tmp_path, f"- name: a\n{HEAD}  closed: {{ to: message }}\n") == [
        "4: never-applies: closed: hours must say when, or the queue is never closed"
    ]
