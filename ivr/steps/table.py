"""Table of the functions that execute each kind of step."""

from collections.abc import Awaitable, Callable, Mapping

from ivr.grammar import AskStep, DoStep, GotoStep, HangupStep, LanguageStep, QueueStep, RecordStep, SayStep, WhenStep
from ivr.grammar_base import Step
from ivr.steps.deciding import decide, do, go_to_flow
from ivr.steps.leaving import hang_up, queue
from ivr.steps.listening import ask, record
from ivr.steps.scene import Move, Scene
from ivr.steps.speaking import change_language, say

_EXECUTORS: Mapping[type[Step], Callable[..., Awaitable[Move]]] = {
    SayStep: say,
    AskStep: ask,
    RecordStep: record,
    WhenStep: decide,
    DoStep: do,
    QueueStep: queue,
    LanguageStep: change_language,
    GotoStep: go_to_flow,
    HangupStep: hang_up,
}


async def carry_out(step: Step, scene: Scene) -> Move:
    """Do what a step says, and tell where to go from there."""
    return await _EXECUTORS[type(step)](step, scene)
