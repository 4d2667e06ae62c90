"""Queues of `callflows/queues.yaml`, validated as a whole."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, ValidationError, model_validator
from ruamel.yaml.comments import CommentedSeq

from ari_app.queues.call_back_rules import CallBackRules
from ari_app.queues.dispositions import Disposition, wrong_dispositions
from ari_app.queues.model import PreferredBy
from ari_app.queues.overflow import ClosedQueue, OverflowRule
from ari_app.queues.overflow_checks import overflow_findings
from ari_app.queues.rule_checks import parts_of, wrong_rules
from ari_app.queues.rules import RoutingRule
from crm.sla.hours import WorkingHours
from crm.staff.model import StaffNumber
from foundation.findings import ConfigurationInvalid, Finding, errors_of
from foundation.yaml_files import broken_rules, line_inside, read_yaml

HIGHEST_PRIORITY = 90
"""Highest priority of a queue and of a call; their sum keeps places exact to the millisecond."""
HEAD_OF_QUEUE = HIGHEST_PRIORITY + 1
"""Priority of a caller who was with an agent and lost that agent: before all others, protected ones too (H25)."""


class Strategy(StrEnum):
    """Strategy for choosing among ready agents."""

    LONGEST_IDLE = "longest_idle"
    FEWEST_CALLS = "fewest_calls"
    """Of all queues, since signing in."""
    ROUND_ROBIN = "round_robin"
    """By staff number, after the agent rung last."""
    RANDOM_WEIGHTED = "random_weighted"
    """By chance, in proportion to `shares`."""
    LINEAR = "linear"
    """As `order` lists the agents, the others by staff number."""
    RING_ALL = "ring_all"
    """All at once, `ring_at_most` of them; the first to answer has the caller."""


class WrapUpMode(StrEnum):
    """End of the wrap-up."""

    NONE = "none"
    """There is none: the agent is free at once."""
    FIXED = "fixed"
    """By itself after `wrap_up_s`, or earlier when the agent says so; agents cannot make it longer."""
    TIMED = "timed"
    """The same, and agents may ask for more time, up to `wrap_up_cap_s`."""
    UNTIL_DONE = "until_done"
    """When the agent says so, at the latest after `wrap_up_cap_s`."""


class KeyAction(StrEnum):
    """Effect of a key for a caller who waits."""

    MESSAGE = "message"
    """The caller leaves the queue; the flow goes on at `otherwise` and takes a message."""
    CALL_BACK = "call_back"
    """The caller leaves the queue; the flow goes on at `otherwise` and notes the number to be called back."""
    QUEUE = "queue"
    """The caller moves to another queue with the same joining time."""


class KeyUse(BaseModel, extra="forbid", frozen=True):
    """Use of one key: `message`, `call_back`, or `{queue: name}`."""

    action: KeyAction
    queue: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _as_written(cls, given: Any) -> Any:
        if isinstance(given, str):
            return {"action": given}
        if isinstance(given, Mapping) and "action" not in given:
            return {"action": KeyAction.QUEUE.value, **given}
        return given

    @model_validator(mode="after")
    def _names_a_queue(self) -> Self:
        if (self.action is KeyAction.QUEUE) != (self.queue is not None):
            raise ValueError("write message, call_back, or {queue: name}")
        return self


class PeriodicPrompts(BaseModel, extra="forbid", frozen=True):
    """Prompts that waiting callers hear in turn, with music between."""

    every_s: float = Field(ge=15, le=3600)
    """Time from the end of one to the next."""
    prompts: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")], ...] = Field(min_length=1, max_length=20)
    """In turn; after the last one the first again."""


class QueueSettings(BaseModel, extra="forbid", frozen=True):
    """One queue."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    title_zh: str = Field(min_length=1, max_length=60)
    title_en: str = Field(min_length=1, max_length=60)
    strategy: Strategy = Strategy.LONGEST_IDLE
    priority: int = Field(default=0, ge=0, le=HIGHEST_PRIORITY)
    """Added to the priority of every call in this queue, in whichever queue the agent has other callers, too."""
    weight: int = Field(default=0, ge=0, le=9)
    """Tenths of a point of priority, for calls of equal priority in several queues of an agent."""
    point_s: float = Field(default=10.0, ge=0.1, le=60)
    """Worth of a point of priority, in seconds of waiting: callers who join later than all points overtake no one."""
    order: tuple[StaffNumber, ...] = Field(default=(), max_length=200)
    """Staff numbers of agents in the order in which `linear` rings them."""
    shares: Mapping[StaffNumber, Annotated[int, Field(ge=1, le=100)]] = Field(default={}, max_length=200)
    """Shares of agents by staff number, for `random_weighted`; 1 where left out."""
    ring_at_most: int = Field(default=20, ge=2, le=50)
    """How many phones `ring_all` rings for one caller, those of the longest idle."""
    preferred_wait_s: Mapping[PreferredBy, Annotated[float, Field(ge=0, le=600)]] = {}
    """How long a caller waits for the agent of the own matter alone, while that agent is busy; 0 where left out."""
    last_agent_within_h: int = Field(default=0, ge=0, le=720)
    """Callers who talked with an agent of late prefer that agent; 0: not."""
    ring_s: float = Field(default=20.0, ge=1, le=120)
    """How long an agent's phone rings before the caller is offered to the next."""
    wrap_up: WrapUpMode = WrapUpMode.TIMED
    wrap_up_s: float = Field(default=30.0, ge=0, le=900)
    """With `timed` and `fixed`: 0 means none."""
    wrap_up_cap_s: float = Field(default=900.0, ge=30, le=7200)
    """Longest wrap-up in all: with `until_done`, with every extension, and where a required result is missing."""
    misses_until_not_ready: int = Field(default=2, ge=1, le=10)
    """So many offers in a row not taken, and the agent is made not ready."""
    retry_same_agent_s: float = Field(default=20.0, ge=0, le=600)
    """Time without another offer to an agent who did not take the call, even if no other agent is ready."""
    longest_wait_s: float | None = Field(default=None, ge=5, le=7200)
    """After so long the flow goes on at its `otherwise`; by default callers wait for a person as long as they like."""
    unstaffed_wait_s: float | None = Field(default=15.0, ge=0, le=7200)
    """So long without an agent who is signed in to the queue, and the flow goes on at its `otherwise`; null: never."""
    hours: WorkingHours | None = None
    """When callers may join; on the calendar of service levels. Left out: always."""
    closed: ClosedQueue | None = None
    """What a caller hears outside the hours, and the way out."""
    overflow: tuple[OverflowRule, ...] = Field(default=(), max_length=20)
    """Ways out of the queue before these two limits; the first rule that holds applies."""
    announce_every_s: float = Field(default=30.0, ge=0, le=600)
    """How often callers hear their place; 0: never."""
    say_expected_wait: bool = True
    """Callers hear a range of minutes after their place, where it is known."""
    announcements: PeriodicPrompts | None = None
    """What callers hear beside their place, such as what to have at hand."""
    greeting: str | None = None
    """The prompt a caller hears once on joining, unless an agent is free at once."""
    keys: Mapping[Annotated[str, Field(pattern=r"^[0-9*#]$")], KeyUse] = Field(default={}, max_length=12)
    """What callers who wait may press, in the order in which it is announced: with their place, or once."""
    rules: tuple[RoutingRule, ...] = Field(default=(), max_length=50)
    """Skills that callers need; the first rule that applies counts. Without one any agent of the queue is rung."""
    call_back: CallBackRules = CallBackRules()
    """Calls back to callers who asked for one by key."""
    dispositions: tuple[Disposition, ...] = Field(default=(), max_length=40)
    """Results of a call that the agent chooses from in the wrap-up, in this order; groups have `choices`."""
    disposition_required: bool = False
    """The wrap-up does not end without a result; where its cap is over, the agent is paused and reads why."""
    music: str = Field(default="default", pattern=r"^[a-zA-Z0-9_-]{1,40}$")
    """The music-on-hold class of Asterisk; one that Asterisk does not know sounds like `default`."""

    @property
    def prompts(self) -> frozenset[str]:
        """Return the prompts that the queue names."""
        said = {self.greeting, self.closed.say if self.closed is not None else None}
        return frozenset(one for one in said if one is not None) | frozenset(
            self.announcements.prompts if self.announcements is not None else ()
        )

    @property
    def has_wrap_up(self) -> bool:
        """Return whether conversations are followed by a wrap-up."""
        ends_at_once = self.wrap_up in {WrapUpMode.TIMED, WrapUpMode.FIXED} and self.wrap_up_s == 0
        return self.wrap_up is not WrapUpMode.NONE and not ends_at_once


def usual_settings(name: str) -> QueueSettings:
    """Return the settings of a queue that is not in the file.

    A queue may be taken out while calls wait in it, or talk.
    """
    return QueueSettings(name="usual", title_zh="-", title_en="-").model_copy(update={"name": name})


def load_queues(path: Path) -> dict[str, QueueSettings]:
    """Return the queues of a file by name, in its order.

    Raises:
        ConfigurationInvalid: unreadable, or a rule is broken; every problem is listed with its line.
    """
    queues, findings = read_queues(path)
    if refused := errors_of(findings):
        raise ConfigurationInvalid(refused)
    return queues


def read_queues(path: Path, raw: bytes | None = None) -> tuple[dict[str, QueueSettings], list[Finding]]:
    """Return the valid queues of a file, and the findings.

    `raw` is read in place of the file, which then only gives its name.
    """
    document, findings = read_yaml(path, raw=raw)
    if findings:
        return {}, findings
    document, skills, findings = parts_of(path.name, document)
    if not isinstance(document, CommentedSeq) or not document:
        return {}, [Finding(path.name, 1, "no-queues", "the file must be a list of queues, with one at least")]
    queues: dict[str, QueueSettings] = {}
    for index, entry in enumerate(document):
        line = line_inside(document, (index,))
        try:
            queue = QueueSettings.model_validate(entry)
        except ValidationError as error:
            findings += [
                Finding(path.name, where, rule, message) for where, rule, message in broken_rules(entry, error, line)
            ]
            continue
        if queue.name in queues:
            line = line_inside(entry, ("name",), line)
            findings.append(Finding(path.name, line, "taken-name", f"name: {queue.name} must be unique, it is not"))
        queues.setdefault(queue.name, queue)
    for entry in document:
        known = queues.get(str(entry.get("name"))) if isinstance(entry, Mapping) else None
        if known is not None:
            findings += _wrong_ways(path, entry, known, queues)
            findings += wrong_dispositions(path.name, entry, known.dispositions)
            findings += _impossible_result(path, entry, known)
            findings += _closed_windows(path, entry, known)
            findings += wrong_rules(path.name, entry, known.rules, known.longest_wait_s, skills)
    findings += overflow_findings(path.name, document, queues)
    return queues, findings


def written_queues(path: Path, raw: bytes | None = None) -> CommentedSeq:
    """Return the queues as written, with their lines."""
    document, _ = read_yaml(path, raw=raw)
    document, _, _ = parts_of(path.name, document)
    return document if isinstance(document, CommentedSeq) else CommentedSeq()


def _wrong_ways(path: Path, entry: Any, queue: QueueSettings, queues: Mapping[str, QueueSettings]) -> Iterator[Finding]:
    """Find keys that lead to no other queue."""
    for key, use in queue.keys.items():
        if use.queue is not None and (use.queue == queue.name or use.queue not in queues):
            message = f"keys.{key}: there is no other queue {use.queue}"
            yield Finding(path.name, line_inside(entry, ("keys", key)), "no-such-queue", message)


def _impossible_result(path: Path, entry: Any, queue: QueueSettings) -> Iterator[Finding]:
    """Find a required result that no agent can choose."""
    if not queue.disposition_required:
        return
    line = line_inside(entry, ("disposition_required",))
    if not queue.dispositions:
        yield Finding(path.name, line, "no-results", "disposition_required: there are no dispositions to choose from")
    elif not queue.has_wrap_up:
        yield Finding(path.name, line, "no-wrap-up", "disposition_required: the queue has no wrap-up to choose one in")


def _closed_windows(path: Path, entry: Any, queue: QueueSettings) -> Iterator[Finding]:
    """Find windows for calls back in which the queue is never open."""
    if queue.hours is None or queue.hours.round_the_clock:
        return
    spans = [span for day in (queue.hours.workday, queue.hours.day_off, *queue.hours.days.values()) for span in day]
    for index, window in enumerate(queue.call_back.windows):
        opens, closes = window.minutes()
        if not any(span.minutes()[0] < closes and opens < span.minutes()[1] for span in spans):
            line = line_inside(entry, ("call_back", "windows", index))
            message = f"call_back.windows.{index}: the queue is never open between {window.opens} and {window.closes}"
            yield Finding(path.name, line, "window-closed", message)
