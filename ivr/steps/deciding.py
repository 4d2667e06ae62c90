"""Steps that the caller does not hear: conditions, actions, another flow."""

import asyncio
from collections.abc import Mapping

import structlog

from ivr.actions import ActionCall
from ivr.grammar import DoStep, GotoStep, WhenStep
from ivr.steps.scene import GoTo, Jump, Move, Scene
from ivr.variables import JSON, merge

log = structlog.get_logger()


async def decide(step: WhenStep, scene: Scene) -> Move:
    """Take the first condition that holds."""
    for condition, target in step.when:
        if condition.holds(scene.cursor.variables):
            return GoTo(target)
    return GoTo(step.next)


async def do(step: DoStep, scene: Scene) -> Move:
    """Run an action. Whatever is wrong with it, the call goes on."""
    cursor = scene.cursor
    action = scene.actions.get(step.do)
    if action is None:
        log.error("action_unknown", action=step.do, flow=cursor.flow, step=cursor.step)
        return GoTo(step.failed or step.next)
    try:
        async with asyncio.timeout(action.timeout_s):
            # Cut off by a hang-up or by the time, an action still comes to its end: nothing is left half-done.
            running = asyncio.ensure_future(action.run(ActionCall(cursor, step.filled(cursor.variables))))
            running.add_done_callback(_retrieve)
            news = await asyncio.shield(running)
        merge(cursor.variables, news)
    except Exception:
        log.exception("action_failed", action=step.do, flow=cursor.flow, step=cursor.step)
        return GoTo(step.failed or step.next)
    return GoTo(step.next)


def _retrieve(running: "asyncio.Future[Mapping[str, JSON]]") -> None:
    """Retrieve the failure of an action without a waiting step."""
    if not running.cancelled():
        running.exception()


async def go_to_flow(step: GotoStep, scene: Scene) -> Move:  # noqa: ARG001
    """Go on with another flow."""
    return Jump(step.goto)
