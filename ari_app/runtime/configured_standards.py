"""Flows and queues, judged by the standards for hotlines. Pure."""

from collections.abc import Callable, Iterable, Mapping
from heapq import heappop, heappush
from typing import NamedTuple

from ari_app.queues.settings import KeyAction, QueueSettings
from crm.reports.configured.model import ConfiguredVerdict, Evidence, Rule, verdict
from crm.reports.standards import Light
from ivr.grammar import AskStep, Flow, HangupStep, QueueStep, RecordStep, SayStep
from ivr.graph import ways

_NATIONAL = {"source_zh": "政务热线国家标准", "source_en": "national standard for government hotlines"}
_PRACTICE = {"source_zh": "通行做法", "source_en": "common practice"}


class PersonWay(NamedTuple):
    """Shortest way of a caller to a person."""

    keys: int
    numbers: int
    """Questions for a number on the way, such as an extension."""
    locked: int
    """Steps with prompts that no key ends."""


class FlowRule(NamedTuple):
    """Rule for the way to a person, with two bounds."""

    rule: Rule
    value: Callable[[PersonWay], int]
    green: int
    amber: int


class QueueRule(NamedTuple):
    """Rule for what every queue has; without it the light is `missing`."""

    rule: Rule
    holds: Callable[[QueueSettings], bool]
    missing: Light


FLOW_RULES = (
    FlowRule(
        Rule(name="person_within_keys", zh="最多按 2 个键到人工", en="a person after at most 2 keys", **_PRACTICE),
        lambda way: way.keys,
        green=2,
        amber=3,
    ),
    FlowRule(
        Rule(
            name="no_forced_announcement",
            zh="到人工之前没有不能按键跳过的播报（如广告）",
            en="no announcement before a person that no key ends, such as an advert",
            **_NATIONAL,
        ),
        lambda way: way.locked,
        green=0,
        amber=1,
    ),
    FlowRule(
        Rule(
            name="number_asked_late",
            zh="到人工之前不要求输入分机号或户号",
            en="no extension or account number asked before a person",
            **_PRACTICE,
        ),
        lambda way: way.numbers,
        green=0,
        amber=0,
    ),
)
QUEUE_RULES = (
    QueueRule(
        Rule(
            name="closed_says_hours",
            zh="有服务时间的队列在下班后说明时间和去处",
            en="queues with hours say them when closed, and offer a way out",
            **_PRACTICE,
        ),
        lambda queue: queue.hours is None or queue.closed is not None,
        Light.RED,
    ),
    QueueRule(
        Rule(
            name="call_back_offered", zh="排队时可预约回拨", en="callers in line may ask to be called back", **_PRACTICE
        ),
        lambda queue: any(one.action is KeyAction.CALL_BACK for one in queue.keys.values()),
        Light.AMBER,
    ),
    QueueRule(
        Rule(name="place_told", zh="排队时播报位置", en="callers in line hear their place", **_PRACTICE),
        lambda queue: queue.announce_every_s > 0,
        Light.AMBER,
    ),
)


def configured_standards(flows: Iterable[Flow], queues: Mapping[str, QueueSettings]) -> list[ConfiguredVerdict]:
    """Return the verdict of each rule on flows with people, and queues."""
    served = [flow for flow in flows if any(isinstance(step, QueueStep) for step in flow.steps.values())]
    found = {flow.name: way_to_person(flow) for flow in served}
    of_flows = [verdict(one.rule, [_of_flow(one, name, way) for name, way in found.items()]) for one in FLOW_RULES]
    of_queues = [verdict(one.rule, [_of_queue(one, queue) for queue in queues.values()]) for one in QUEUE_RULES]
    return [*of_flows, *of_queues]


def way_to_person(flow: Flow) -> PersonWay | None:
    """Return the way with the fewest keys; None: there is none."""
    waiting = [(PersonWay(0, 0, 0), flow.start)]
    seen: set[str] = set()
    while waiting:
        so_far, name = heappop(waiting)
        step = flow.steps.get(name)
        if step is None or name in seen:
            continue
        seen.add(name)
        if isinstance(step, QueueStep):
            return so_far
        number = isinstance(step, AskStep) and step.digits is not None
        locked = isinstance(step, SayStep | AskStep | RecordStep | HangupStep) and not step.barge_in
        for way in ways(step):
            heappush(
                waiting,
                (
                    PersonWay(so_far.keys + (not way.unattended), so_far.numbers + number, so_far.locked + locked),
                    way.target,
                ),
            )
    return None


def _of_flow(one: FlowRule, name: str, way: PersonWay | None) -> Evidence:
    if way is None:
        return Evidence(of=name, value=0, light=Light.RED)
    value = one.value(way)
    light = Light.GREEN if value <= one.green else Light.AMBER if value <= one.amber else Light.RED
    return Evidence(of=name, value=value, light=light)


def _of_queue(one: QueueRule, queue: QueueSettings) -> Evidence:
    holds = one.holds(queue)
    return Evidence(of=queue.name, value=int(holds), light=Light.GREEN if holds else one.missing)
