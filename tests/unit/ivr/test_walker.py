"""Walks: each kind of step, and failures."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from ivr.actions import Action, ActionCall
from ivr.cursor import Pressed
from ivr.grammar import Flow
from ivr.variables import JSON, read
from ivr.walker import LONGEST_WALK, Ended, FlowWalker, Outcome, ToQueue
from tests.unit.ivr.caller import Caller, Kept, Names, Service
from tests.unit.ivr.conftest import WriteFlow

MENU = """
    flow: menu
    languages: [zh, en]
    start: ask
    fallback: person
    steps:
      ask:
        ask: main
        again: sorry
        keys: { 1: first, '#': hash, '*': replay }
        timeout: 4s
        retries: 2
        otherwise: person
      first: { hangup: first }
      hash: { hangup: hash }
      person: { queue: repair, kind: fault, priority: 7, otherwise: first }
"""


async def walk(
    flow: Flow, caller: Caller, *, variables: dict[str, Any] | None = None, service: Service | None = None,
    missing: tuple[str, ...] = (),
) -> tuple[Outcome, Kept, dict[str, Any]]:  # fmt: skip
    """Walk one flow from its start."""
    kept = Kept()
    cursor = flow.begin(variables)
    walker = FlowWalker({flow.name: flow}, caller, Names(missing), (service or Service()).table(), kept)
    outcome = await walker.walk(cursor)
    return outcome, kept, cursor.variables


async def test_a_key_leads_on_and_is_recorded(flow: WriteFlow) -> None:
    caller = Caller(["1"])
    outcome, kept, _ = await walk(flow(MENU), caller)
    assert outcome == Ended("first")
    assert kept.last.pressed == [Pressed("ask", "1")]
    assert kept.steps == ["ask", "first"]
    assert caller.heard == ["zh/main"]


async def test_hash_is_a_key_like_any_other_in_a_menu(flow: WriteFlow) -> None:
    outcome, _, _ = await walk(flow(MENU), Caller(["#"]))
    assert outcome == Ended("hash")


async def test_silence_is_asked_again_without_a_reproach(flow: WriteFlow) -> None:
    caller = Caller()
    outcome, kept, _ = await walk(flow(MENU), caller)
    assert outcome == ToQueue("repair", "fault", 7, "first")
    assert caller.heard == ["zh/main", "zh/main", "zh/main"]
    assert caller.clock_s == 3 * 4 + len(caller.heard)
    assert kept.last.pressed == []


@pytest.mark.parametrize(("silent", "asked"), [("silent: 0", 1), ("silent: 1", 2), ("", 3)])
async def test_silence_is_asked_again_as_often_as_written(flow: WriteFlow, silent: str, asked: int) -> None:
    caller = Caller()
    outcome, _, _ = await walk(flow(MENU.replace("retries: 2", f"retries: 2\n        {silent}")), caller)
    assert isinstance(outcome, ToQueue)
    assert caller.asked == asked


async def test_only_the_question_after_a_wrong_key_says_that_it_was_wrong(flow: WriteFlow) -> None:
    caller = Caller(["5", "*", "", "1"])
    await walk(flow(MENU), caller)
    assert caller.heard == ["zh/main", "zh/sorry", "zh/main", "zh/main", "zh/main"]


async def test_keys_typed_after_a_refused_number_are_dropped(flow: WriteFlow) -> None:
    caller = Caller(["99#", "5#", "#"])
    await walk(flow(NUMBER), caller)
    assert caller.dropped == [1]


async def test_keys_typed_ahead_do_not_follow_the_caller_into_a_queue(flow: WriteFlow) -> None:
    caller = Caller()
    await walk(flow(MENU), caller)
    assert caller.dropped == [caller.asked]


async def test_prompts_are_ended_by_keys_unless_marked(flow: WriteFlow) -> None:
    marked = """
        flow: marked
        start: hello
        fallback: end
        steps:
          hello: { say: hello, next: notice }
          notice: { say: notice, barge_in: false, next: speak }
          speak: { record: speak, save: answers.suggestion, next: end }
          end: { hangup: end, say: bye, barge_in: false }
    """
    caller = Caller()
    await walk(flow(marked), caller)
    assert caller.heard == ["zh/hello", "zh/notice", "zh/speak", "zh/bye"]
    assert caller.interruptible == ["zh/hello", "zh/speak"]


async def test_wrong_keys_reach_a_person_and_are_recorded(flow: WriteFlow) -> None:
    outcome, kept, _ = await walk(flow(MENU), Caller(["5", "6", "7"]))
    assert isinstance(outcome, ToQueue)
    assert [pressed.keys for pressed in kept.last.pressed] == ["5", "6", "7"]


async def test_replay_does_not_use_up_attempts(flow: WriteFlow) -> None:
    caller = Caller(["*", "*", "*", "*", "", "", "1"])
    outcome, _, _ = await walk(flow(MENU), caller)
    assert outcome == Ended("first")


async def test_pressing_replay_for_ever_reaches_the_fallback(flow: WriteFlow) -> None:
    with capture_logs() as logs:
        outcome, _, _ = await walk(flow(MENU), Caller(["*"] * (LONGEST_WALK + 5)))
    assert isinstance(outcome, ToQueue)
    assert [entry["event"] for entry in logs if entry["log_level"] != "info"] == ["walk_too_long"]


async def test_the_flow_goes_on_after_a_closed_queue(flow: WriteFlow) -> None:
    menu = flow(MENU)
    cursor = menu.begin()
    walker = FlowWalker({"menu": menu}, Caller(), Names(), {}, Kept())
    outcome = await walker.walk(cursor)
    assert isinstance(outcome, ToQueue)
    assert outcome.otherwise is not None
    cursor.step = outcome.otherwise
    assert await walker.walk(cursor) == Ended("first")


NUMBER = """
    flow: number
    start: score
    fallback: done
    steps:
      score:
        ask: score
        digits: { maximum: 2, lowest: 1, highest: 10, between: 2s }
        save: answers.score
        next: account
        otherwise: account
      account:
        ask: account
        digits: { maximum: 8, minimum: 4 }
        save: account.number
        confirm: read_back
        next: done
        otherwise: done
      done: { hangup: done }
"""


@pytest.mark.parametrize(
    ("pressed", "score"),
    [
        (["8#"], 8),
        (["8"], 8),
        (["10"], 10),
        (["1#"], 1),
        (["11", "9#"], 9),
        (["0#", "0#"], None),
        (["", ""], None),
        (["A", "7#"], 7),
        (["*", "7#"], 7),
        (["7*", "7D"], None),
    ],
)
async def test_a_score_is_a_number_within_its_bounds(flow: WriteFlow, pressed: list[str], score: int | None) -> None:
    _, _, variables = await walk(flow(NUMBER), Caller([*pressed, "#"]))
    assert read(variables, "answers.score") == score
    assert not isinstance(read(variables, "answers.score"), str)


async def test_an_account_number_keeps_its_zeros_and_is_read_back(flow: WriteFlow) -> None:
    caller = Caller(["5#", "0012#", "2", "0013#", "1"])
    outcome, kept, variables = await walk(flow(NUMBER), caller)
    assert outcome == Ended("done")
    assert read(variables, "account.number") == "0013"
    assert kept.steps == ["score", "account", "account.confirm", "account", "account.confirm", "done"]
    assert caller.heard.count("zh/read_back") == 2


async def test_the_terminator_alone_declines_at_once(flow: WriteFlow) -> None:
    caller = Caller(["5#", "#"])
    _, _, variables = await walk(flow(NUMBER), caller)
    assert caller.asked == 2
    assert read(variables, "account.number") is None


async def test_the_rules_of_a_number_reach_the_voice(flow: WriteFlow) -> None:
    caller = Caller(["5#", "#"])
    await walk(flow(NUMBER), caller)
    score = caller.rules[0]
    assert (score.maximum, score.terminator, score.first_s, score.between_s, score.overall_s) == (2, "#", 5, 2, 30)


SPOKEN = """
    flow: spoken
    start: record
    fallback: kept
    steps:
      record: { record: please, save: answers.suggestion, maximum: 1m, next: kept, otherwise: lost }
      kept: { hangup: kept, say: [thanks, bye] }
      lost: { hangup: lost }
"""


async def test_a_spoken_answer_is_saved_as_its_recordings_id(flow: WriteFlow) -> None:
    caller = Caller(spoken="recording-7")
    outcome, _, variables = await walk(flow(SPOKEN), caller)
    assert outcome == Ended("kept")
    assert variables == {"answers": {"suggestion": "recording-7"}}
    assert caller.purposes == ["suggestion"]
    assert caller.heard == ["zh/please", "zh/thanks", "zh/bye"]


@pytest.mark.parametrize("caller", [Caller(spoken=None), Caller(spoken_s=0.4)])
async def test_no_spoken_answer_does_not_end_the_flow(flow: WriteFlow, caller: Caller) -> None:
    outcome, _, variables = await walk(flow(SPOKEN), caller)
    assert outcome == Ended("lost")
    assert variables == {"answers": {"suggestion": None}}


ACTION = """
    flow: action
    start: find
    fallback: next
    steps:
      find: { do: find_account, with: { account_number: "{account.number}" }, next: next, failed: failed }
      next: { do: urge_ticket, next: end }
      end: { hangup: end }
      failed: { hangup: failed }
"""


async def test_an_action_gets_values_and_its_answers_are_merged(flow: WriteFlow) -> None:
    service = Service({"find_account": {"customer.known": True, "customer.name": "王"}})
    outcome, _, variables = await walk(
        flow(ACTION), Caller(), variables={"account": {"number": 12}, "customer": {"id": "c1"}}, service=service
    )
    assert outcome == Ended("end")
    assert service.calls == [("find_account", {"account_number": 12}), ("urge_ticket", {})]
    assert variables["customer"] == {"id": "c1", "known": True, "name": "王"}


async def test_a_failing_action_goes_to_failed(flow: WriteFlow) -> None:
    with capture_logs() as logs:
        outcome, _, _ = await walk(flow(ACTION), Caller(), service=Service({"find_account": RuntimeError("down")}))
    assert outcome == Ended("failed")
    assert logs[0]["event"] == "action_failed"


async def test_a_failing_action_without_failed_goes_on(flow: WriteFlow) -> None:
    with capture_logs():
        outcome, _, _ = await walk(flow(ACTION), Caller(), service=Service({"urge_ticket": RuntimeError("down")}))
    assert outcome == Ended("end")


async def test_an_action_that_never_answers_is_given_up(flow: WriteFlow) -> None:
    async def never(call: ActionCall) -> Mapping[str, JSON]:
        await asyncio.Event().wait()
        return {}

    actions = {**Service().table(), "find_account": Action("find_account", never, timeout_s=0.01)}
    action_flow = flow(ACTION)
    with capture_logs() as logs:
        outcome = await FlowWalker({"action": action_flow}, Caller(), Names(), actions, Kept()).walk(
            action_flow.begin()
        )
    assert outcome == Ended("failed")
    assert logs[0]["event"] == "action_failed"


async def test_an_action_that_is_gone_goes_to_failed(flow: WriteFlow) -> None:
    action_flow = flow(ACTION)
    with capture_logs() as logs:
        outcome = await FlowWalker({"action": action_flow}, Caller(), Names(), {}, Kept()).walk(action_flow.begin())
    assert outcome == Ended("failed")
    assert logs[0]["event"] == "action_unknown"


async def test_a_hang_up_cancels_the_walk_at_the_stored_step(flow: WriteFlow) -> None:
    menu, kept = flow(MENU), Kept()
    with pytest.raises(asyncio.CancelledError):
        await FlowWalker({"menu": menu}, Caller(hang_up_at=0), Names(), {}, kept).walk(menu.begin())
    assert kept.last.step == "ask"


async def test_a_store_that_fails_does_not_end_the_call(flow: WriteFlow) -> None:
    class Broken:
        async def save(self, cursor: object) -> None:
            raise ConnectionError("no redis")

    menu = flow(MENU)
    with capture_logs() as logs:
        outcome = await FlowWalker({"menu": menu}, Caller(["1"]), Names(), {}, Broken()).walk(menu.begin())
    assert outcome == Ended("first")
    assert {entry["event"] for entry in logs} == {"call_key", "cursor_not_saved"}


async def test_a_prompt_without_audio_is_left_out(flow: WriteFlow) -> None:
    caller = Caller(["1"])
    outcome, _, _ = await walk(flow(MENU), caller, missing=("main",))
    assert outcome == Ended("first")
    assert caller.heard == []


async def test_a_step_that_a_change_took_away_leads_to_the_fallback(flow: WriteFlow) -> None:
    menu = flow(MENU)
    cursor = menu.begin()
    cursor.step = "gone"
    with capture_logs() as logs:
        outcome = await FlowWalker({"menu": menu}, Caller(), Names(), {}, Kept()).walk(cursor)
    assert isinstance(outcome, ToQueue)
    assert logs[0]["event"] == "step_unknown"


async def test_a_flow_that_is_gone_ends_the_walk(flow: WriteFlow) -> None:
    cursor = flow(MENU).begin()
    with capture_logs():
        assert await FlowWalker({}, Caller(), Names(), {}, Kept()).walk(cursor) == Ended("lost")


LANGUAGES = """
    flow: languages
    languages: [zh, en]
    start: customer
    fallback: end
    steps:
      customer: { language: customer.language, next: hello }
      hello:
        say:
          - { from: call.greeting, among: [usual, festive] }
          - { prompt: hint, language: en, only: zh }
        next: english
      english: { language: en, next: bye }
      bye: { say: bye, next: end }
      end: { hangup: end }
"""


@pytest.mark.parametrize(
    ("language", "greeting", "heard"),
    [
        (None, "festive", ["zh/festive", "en/hint", "en/bye"]),
        ("en", "../../etc/passwd", ["en/usual", "en/bye"]),
        ("fr", None, ["zh/usual", "en/hint", "en/bye"]),
    ],
)
async def test_languages_and_chosen_prompts(
    flow: WriteFlow, language: str | None, greeting: str | None, heard: list[str]
) -> None:
    caller = Caller()
    variables = {"customer": {"language": language}, "call": {"greeting": greeting}}
    await walk(flow(LANGUAGES), caller, variables=variables)
    assert caller.heard == heard


async def test_another_flow_is_entered_at_its_start_with_the_variables(flow: WriteFlow) -> None:
    first = flow("""
        flow: first
        languages: [en]
        start: over
        fallback: over
        steps:
          over: { goto: languages }
    """)
    second = flow(LANGUAGES)
    caller, kept = Caller(), Kept()
    cursor = first.begin({"customer": {"language": "zh"}})
    outcome = await FlowWalker({"first": first, "languages": second}, caller, Names(), {}, kept).walk(cursor)
    assert outcome == Ended("end")
    assert (cursor.flow, kept.steps[:2]) == ("languages", ["over", "customer"])
    assert caller.heard[0] == "zh/usual"
