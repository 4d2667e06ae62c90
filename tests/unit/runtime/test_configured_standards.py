"""Flows and queues are judged by the standards, with evidence."""

from typing import Any

from ari_app.queues.settings import QueueSettings
from ari_app.runtime.configuration import read_configuration
from ari_app.runtime.configured_standards import configured_standards, way_to_person
from crm.reports.standards import Light
from dev.paths import PROJECT
from ivr.grammar import AskStep, Flow, QueueStep, SayStep

SHIPPED = read_configuration(PROJECT / "callflows")


def lights(flows: list[Flow], queues: dict[str, QueueSettings]) -> dict[str, Light]:
    return {one.name: one.light for one in configured_standards(flows, queues)}


def queue(**changes: Any) -> dict[str, QueueSettings]:
    first = next(iter(SHIPPED.queues.values()))
    return {first.name: first.model_copy(update=changes)}


def flow(**steps: Any) -> Flow:
    return Flow.model_validate({"flow": "made", "start": "first", "steps": steps})


def test_the_shipped_hotline_meets_every_rule() -> None:
    found = configured_standards(SHIPPED.library.flows.values(), SHIPPED.queues)
    assert {one.name: one.light for one in found if one.light is not Light.GREEN} == {}
    assert all(one.evidence for one in found)


def test_a_long_way_to_a_person_is_red() -> None:
    menus = {
        f"menu{n}": AskStep(ask=("main_menu",), keys={"1": f"menu{n + 1}"}, otherwise=f"menu{n}") for n in range(4)
    }
    steps = {
        "first": SayStep(say=("advert",), barge_in=False, next="menu0"),
        **menus,
        "menu4": QueueStep(queue="consult"),
    }
    assert way_to_person(flow(**steps)) == (4, 0, 1)
    found = lights([flow(**steps)], {})
    assert (found["person_within_keys"], found["no_forced_announcement"]) == (Light.RED, Light.AMBER)
    assert found["call_back_offered"] is Light.GREY


def test_a_number_asked_before_a_person_is_red() -> None:
    digits = {"maximum": 4}
    first = AskStep.model_validate(
        {"ask": ["enter"], "digits": digits, "save": "a.number", "next": "person", "otherwise": "person"}
    )
    found = lights([flow(first=first, person=QueueStep(queue="consult"))], {})
    assert found["number_asked_late"] is Light.RED


def test_queues_without_a_call_back_or_words_when_closed_are_found() -> None:
    hours = {"round_the_clock": True}
    found = lights([], queue(keys={}, announce_every_s=0, hours=hours, closed=None))
    assert (found["call_back_offered"], found["place_told"]) == (Light.AMBER, Light.AMBER)
    assert found["closed_says_hours"] is Light.RED
