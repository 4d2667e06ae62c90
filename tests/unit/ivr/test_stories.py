"""The conversations as shipped, from the caller's side (H4, H9, H10, H11)."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from ari_app.campaigns.survey import prompts_for
from crm.kinds import TicketKind
from ivr.check import load_library
from ivr.grammar import RecordStep
from ivr.variables import JSON, merge
from ivr.walker import Ended, FlowWalker, Outcome, ToQueue
from tests.unit.ivr.caller import CALLFLOWS, Caller, Kept, Names, Service

LIBRARY = load_library(CALLFLOWS, Service().vocabulary())

UNKNOWN: dict[str, JSON] = {"customer.known": False, "customer.matches": 0, "offer.open": False}
KNOWN: dict[str, JSON] = {
    "customer.known": True, "customer.id": "customer-1", "customer.matches": 1, "customer.language": "zh",
    "offer.open": False, "offer.several": False,
}  # fmt: skip
WITH_TICKET = KNOWN | {
    "offer.open": True, "offer.ticket_id": "ticket-1", "offer.subject": "暖气不热", "offer.department": "城西工区",
    "offer.prompt": "your_open_ticket",
}  # fmt: skip
SEVERAL = WITH_TICKET | {"offer.several": True}


async def call(flow: str, keys: list[str], service: Service, **given: JSON) -> tuple[Outcome, Caller, dict[str, Any]]:
    """One call through a shipped flow."""
    variables: dict[str, Any] = {}
    merge(variables, {name.replace("__", "."): value for name, value in given.items()})
    cursor = LIBRARY.flows[flow].begin(variables)
    caller = Caller(keys)
    outcome = await FlowWalker(LIBRARY.flows, caller, Names(), service.table(), Kept()).walk(cursor)
    return outcome, caller, cursor.variables


async def walked(flow: str, keys: list[str], service: Service) -> tuple[Outcome, Caller, list[str]]:
    """Walk a shipped flow; return its steps as well."""
    caller, store = Caller(keys), Kept()
    walker = FlowWalker(LIBRARY.flows, caller, Names(), service.table(), store)
    outcome = await walker.walk(LIBRARY.flows[flow].begin({}))
    return outcome, caller, store.steps


async def test_a_resident_urges_the_open_ticket_without_a_person() -> None:
    service = Service({"identify_caller": WITH_TICKET})
    outcome, caller, _ = await call("hotline", ["1"], service)
    assert outcome == Ended("self_served")
    assert service.calls == [("identify_caller", {}), ("urge_ticket", {})]
    assert caller.heard == [
        "zh/greeting", "zh/urge_hint", "zh/your_open_ticket", "zh/other_matters_hint", "zh/urge_noted", "zh/goodbye",
    ]  # fmt: skip
    assert not {"zh/urge_noted", "zh/goodbye"} & set(caller.interruptible)


async def test_each_of_several_open_tickets_can_be_urged() -> None:
    older = SEVERAL | {"offer.ticket_id": "ticket-0", "offer.prompt": "your_undispatched_ticket"}
    service = Service({"identify_caller": SEVERAL, "next_ticket": [older, SEVERAL]})
    outcome, caller, _ = await call("hotline", ["3", "1", "3", "1"], service)
    assert outcome == Ended("self_served")
    assert [name for name, _ in service.calls[1:]] == ["next_ticket", "urge_ticket", "next_ticket", "urge_ticket"]
    assert "zh/your_undispatched_ticket" in caller.heard


async def test_a_single_open_ticket_offers_no_other() -> None:
    _, caller, _ = await call("hotline", [], Service({"identify_caller": WITH_TICKET}))
    assert "zh/next_ticket_hint" not in caller.heard


async def test_something_else_than_the_open_ticket_leads_to_the_menu() -> None:
    outcome, caller, _ = await call("hotline", ["2", "3"], Service({"identify_caller": WITH_TICKET}))
    assert outcome == ToQueue("repair", "fault", 0, "nobody_there")
    assert "zh/main_menu" in caller.heard


@pytest.mark.parametrize(("key", "step"), [("3", "repair"), ("5", "progress"), ("9", "menu")])
async def test_keys_of_the_main_menu_lead_on_from_the_offer_of_the_open_ticket(key: str, step: str) -> None:
    service = Service({"identify_caller": WITH_TICKET})
    _, caller, steps = await walked("hotline", [key], service)
    assert step in steps
    assert "zh/not_understood" not in caller.heard


@pytest.mark.parametrize("key", list("1245678*#9"))
async def test_other_keys_after_one_of_several_urges_lead_on(key: str) -> None:
    service = Service({"identify_caller": SEVERAL})
    outcome, caller, _ = await walked("hotline", ["1", key], service)
    assert isinstance(outcome, ToQueue)
    assert not any(heard.endswith("/goodbye") for heard in caller.heard)


async def test_an_early_hash_key_does_not_skip_the_message() -> None:
    step = LIBRARY.flows["hotline"].steps["message"]
    assert isinstance(step, RecordStep)
    assert not step.rules.can_skip


async def test_an_undispatched_ticket_is_offered_in_its_own_words() -> None:
    service = Service(
        {"identify_caller": WITH_TICKET | {"offer.department": "", "offer.prompt": "your_undispatched_ticket"}}
    )
    outcome, caller, _ = await call("hotline", ["1"], service)
    assert outcome == Ended("self_served")
    assert "zh/your_undispatched_ticket" in caller.heard


async def test_an_urge_that_fails_reaches_a_person() -> None:
    service = Service({"identify_caller": WITH_TICKET, "urge_ticket": RuntimeError("no database")})
    with capture_logs():
        outcome, caller, _ = await call("hotline", ["1"], service)
    assert isinstance(outcome, ToQueue)
    assert "zh/urge_not_noted" in caller.heard


@pytest.mark.parametrize(
    ("key", "queue", "kind"),
    [
        ("1", "consult", "consultation"),
        ("2", "complaint", "complaint"),
        ("3", "repair", "fault"),
        ("0", "repair", "fault"),
    ],
)
@pytest.mark.parametrize("caller", [KNOWN, UNKNOWN])
async def test_each_key_of_the_menu(key: str, queue: str, kind: str, caller: dict[str, JSON]) -> None:
    outcome, _, _ = await call("hotline", [key], Service({"identify_caller": caller}))
    assert outcome == ToQueue(queue, kind, 0, "nobody_there")


@pytest.mark.parametrize("caller", [KNOWN, UNKNOWN, WITH_TICKET])
async def test_a_silent_caller_reaches_a_person_after_one_question(caller: dict[str, JSON]) -> None:
    outcome, heard, _ = await call("hotline", [], Service({"identify_caller": caller}))
    assert isinstance(outcome, ToQueue)
    assert heard.asked == 1
    assert "zh/not_understood" not in heard.heard


@pytest.mark.parametrize("caller", [KNOWN, UNKNOWN, WITH_TICKET, SEVERAL])
async def test_zero_after_a_wrong_key_reaches_a_person(caller: dict[str, JSON]) -> None:
    outcome, heard, _ = await call("hotline", ["8", "0"], Service({"identify_caller": caller}))
    assert outcome == ToQueue("repair", "fault", 0, "nobody_there")
    assert heard.asked == 2


@pytest.mark.parametrize("caller", [KNOWN, UNKNOWN, WITH_TICKET, SEVERAL])
async def test_h11_fourteen_characters_come_before_the_first_choice(caller: dict[str, JSON]) -> None:
    for greeting in ("greeting", "greeting_national_day"):
        _, heard, _ = await call("hotline", [], Service({"identify_caller": caller}), call__greeting=greeting)
        texts = [LIBRARY.catalogue.text(name.removeprefix("zh/"), "zh") or "" for name in heard.heard[:2]]
        assert sum(character.isalnum() for character in texts[0]) <= 14
        assert "按" in texts[1].partition("，")[0]


async def test_a_caller_is_served_when_identification_fails() -> None:
    with capture_logs():
        outcome, _, _ = await call("hotline", ["3"], Service({"identify_caller": RuntimeError("no database")}))
    assert outcome == ToQueue("repair", "fault", 0, "nobody_there")


async def test_an_unknown_number_may_key_an_account_and_urge_its_ticket() -> None:
    service = Service(
        {"identify_caller": UNKNOWN, "find_account": WITH_TICKET | {"account.found": True, "account.own_number": True}}
    )
    outcome, _, _ = await call("hotline", ["4", "00123456#", "1", "1"], service)
    assert outcome == Ended("self_served")
    assert service.calls[1] == ("find_account", {"account_number": "00123456"})


@pytest.mark.parametrize(("passed", "urged"), [(True, True), (False, False)])
async def test_an_account_number_alone_tells_another_telephone_nothing(passed: bool, urged: bool) -> None:
    stranger: dict[str, JSON] = {"account.found": True, "account.own_number": False, "offer.open": False}
    checked = WITH_TICKET if passed else {"offer.open": False}
    service = Service(
        {
            "identify_caller": UNKNOWN,
            "find_account": stranger,
            "check_account": checked | {"account.checked": passed},
        }
    )
    _, caller, _ = await call("hotline", ["4", "00123456#", "1", "0002", "1"], service)
    before = caller.heard[: caller.heard.index("zh/enter_account_check")]
    assert "zh/your_open_ticket" not in before
    assert ("check_account", {"check": "0002"}) in service.calls
    assert ("zh/your_open_ticket" in caller.heard) == passed
    assert (("urge_ticket", {}) in service.calls) == urged
    assert ("zh/account_check_failed" in caller.heard) != passed


async def test_an_account_that_is_not_found_leads_to_the_menu() -> None:
    service = Service(
        {"identify_caller": UNKNOWN, "find_account": {"account.found": False, "account.own_number": False}}
    )
    outcome, caller, _ = await call("hotline", ["4", "00123456#", "1", "1"], service)
    assert outcome == ToQueue("consult", "consultation", 0, "nobody_there")
    assert "zh/account_not_found" in caller.heard


async def test_no_account_number_at_hand_is_no_obstacle() -> None:
    outcome, caller, _ = await call("hotline", ["4", "#", "2"], Service({"identify_caller": UNKNOWN}))
    assert outcome == ToQueue("complaint", "complaint", 0, "nobody_there")
    assert "zh/account_hint" in caller.heard


async def test_a_known_customer_is_not_asked_for_an_account() -> None:
    _, caller, _ = await call("hotline", ["1"], Service({"identify_caller": KNOWN}))
    assert "zh/account_hint" not in caller.heard


async def test_english_is_one_key_away_or_the_customers_own() -> None:
    _, caller, _ = await call("hotline", ["9", "3"], Service({"identify_caller": UNKNOWN}))
    assert caller.heard == [
        "zh/greeting", "zh/main_menu", "zh/account_hint", "zh/progress_hint", "en/english_hint",
        "en/main_menu", "en/account_hint", "en/progress_hint",
    ]  # fmt: skip
    _, caller, _ = await call("hotline", ["3"], Service({"identify_caller": KNOWN | {"customer.language": "en"}}))
    assert caller.heard == ["en/greeting", "en/main_menu", "en/progress_hint"]


async def test_h21_progress_is_spoken_after_number_and_check() -> None:
    told = {"progress.prompt": "progress_handled_by", "progress.department": "城西工区"}
    service = Service({"identify_caller": KNOWN, "find_progress": told})
    outcome, caller, _ = await call("hotline", ["5", "26112300001#", "0001"], service)
    assert outcome == Ended("self_served")
    assert service.calls[1] == ("find_progress", {"number": "26112300001", "check": "0001"})
    assert caller.heard[-3:] == ["zh/progress_handled_by", "zh/after_progress", "zh/goodbye"]


async def test_a_caller_without_a_ticket_number_reaches_a_person() -> None:
    outcome, _, _ = await call("hotline", ["5", "#", "#"], Service({"identify_caller": UNKNOWN}))
    assert outcome == ToQueue("repair", "fault", 0, "nobody_there")


async def test_a_caller_reaches_a_person_when_progress_fails() -> None:
    service = Service({"identify_caller": KNOWN, "find_progress": RuntimeError("asked too often")})
    with capture_logs():
        outcome, _, _ = await call("hotline", ["5", "26112300001#", "0001"], service)
    assert isinstance(outcome, ToQueue)


async def test_the_greeting_of_the_day_is_said() -> None:
    _, caller, _ = await call("hotline", [], Service(), call__greeting="greeting_mid_autumn")
    assert caller.heard[0] == "zh/greeting_mid_autumn"


async def survey(
    keys: list[str], *, kind: TicketKind = TicketKind.FAULT, **given: JSON
) -> tuple[Outcome, Caller, dict[str, Any], Service]:
    """Walk one survey call about a ticket of a kind."""
    service = Service()
    given |= {"survey__kind": kind.value, **{f"survey__{name}": prompt for name, prompt in prompts_for(kind).items()}}
    outcome, caller, variables = await call("survey", keys, service, **given)
    return outcome, caller, variables, service


async def test_a_survey_from_end_to_end() -> None:
    outcome, caller, variables, service = await survey(["1", "1", "1", "2", "10"], survey__remind_payment=True)
    assert outcome == Ended("completed")
    assert variables["answers"] == {
        "solved": "yes", "attitude": "satisfied", "charged": "no", "score": 10, "suggestion": "recording-1",
    }  # fmt: skip
    assert service.calls == [("store_answers", {})]
    assert [name.removeprefix("zh/survey_") for name in caller.heard] == [
        "opening", "solved", "attitude", "charged", "score", "suggestion", "remind_payment", "closing",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "questions"),
    [
        (TicketKind.CONSULTATION, ["opening_consultation", "solved_consultation", "attitude_consultation", "closing"]),
        (
            TicketKind.COMPLAINT,
            ["opening_complaint", "solved_complaint", "attitude_complaint", "score", "suggestion", "closing"],
        ),
        (
            TicketKind.SUGGESTION,
            ["opening_suggestion", "solved_suggestion", "attitude_suggestion", "score", "suggestion", "closing"],
        ),
    ],
)
async def test_h1_a_survey_asks_by_kind_of_ticket(kind: TicketKind, questions: list[str]) -> None:
    outcome, caller, variables, service = await survey(["1", "1", "1", "9#"], kind=kind, survey__remind_payment=True)
    assert outcome == Ended("completed")
    assert (variables["answers"]["solved"], variables["answers"]["attitude"]) == ("yes", "satisfied")
    assert service.calls == [("store_answers", {})]
    assert [name.removeprefix("zh/survey_") for name in caller.heard] == questions


@pytest.mark.parametrize(("keys", "due"), [("121", True), ("112", True), ("113", True), ("111", False)])
async def test_only_satisfied_customers_with_an_open_fee_are_reminded(keys: str, due: bool) -> None:
    _, caller, _, _ = await survey([*keys, "2", "5#"], survey__remind_payment=due)
    assert "zh/survey_remind_payment" not in caller.heard


@pytest.mark.parametrize(("key", "when"), [("1", "hour"), ("2", "evening"), ("3", "tomorrow"), ("", "tomorrow")])
async def test_not_a_good_moment_is_called_again_then(key: str, when: str) -> None:
    outcome, _, variables, service = await survey(["2", key])
    assert outcome == Ended("postponed")
    assert service.calls == [("postpone_survey", {"when": when})]
    assert "answers" not in variables


async def test_silence_at_the_opening_is_no_consent() -> None:
    outcome, caller, _, service = await survey([])
    assert outcome == Ended("no_response")
    assert (caller.asked, service.calls) == (2, [])


async def test_questions_without_answers_are_left_out() -> None:
    outcome, _, variables, service = await survey(["1", "", "", "7", "8", "1", "", "3#"])
    assert outcome == Ended("completed")
    assert variables["answers"] == {"charged": "yes", "score": 3, "suggestion": "recording-1"}
    assert service.calls == [("store_answers", {})]


async def test_a_score_out_of_bounds_is_asked_again() -> None:
    _, caller, variables, _ = await survey(["1", "1", "1", "2", "0#", "9#"])
    assert variables["answers"]["score"] == 9
    assert "zh/survey_score_again" in caller.heard


async def left_by_key(keys: list[str], service: Service, **given: JSON) -> tuple[Outcome, Caller]:
    """Walk the shipped flow after a wait that a key ended."""
    variables: dict[str, Any] = {}
    given |= {"queue__left_by_key": True}
    merge(variables, {name.replace("__", "."): value for name, value in given.items()})
    cursor = LIBRARY.flows["hotline"].begin(variables)
    cursor.step = "nobody_there"
    caller = Caller(keys, spoken=None)
    return await FlowWalker(LIBRARY.flows, caller, Names(), service.table(), Kept()).walk(cursor), caller


async def test_other_number_that_is_not_keyed_is_the_own() -> None:
    noted: dict[str, JSON] = {
        "call_back.possible": True,
        "call_back.asked": True,
        "call_back.prompt": "call_back_noted",
    }
    service = Service({"ask_own_call_back": noted})
    outcome, _ = await left_by_key(["2"], service, queue__ended="call_back", call__number="+8613800000001")
    assert outcome == Ended("call_back")
    assert service.calls == [("ask_own_call_back", {})]


@pytest.mark.parametrize("ended", ["call_back", "message"])
async def test_caller_of_no_number_who_leaves_nothing_waits_on(ended: str) -> None:
    outcome, caller = await left_by_key([], Service(), queue__ended=ended)
    assert outcome == Ended("back_in_line")
    assert caller.heard[-1] == "zh/back_in_line"
