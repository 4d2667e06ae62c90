"""Steps that wait for the caller: keys, numbers, spoken answers."""

import structlog

from ivr.cursor import Pressed
from ivr.grammar import AskStep, RecordStep
from ivr.grammar_base import PromptUse
from ivr.steps.scene import Again, GoTo, Move, Scene
from ivr.variables import write
from ivr.voice import Digits, DigitsEnd

log = structlog.get_logger()


async def ask(step: AskStep, scene: Scene) -> Move:
    """Ask, and take the first usable answer.

    After the last attempt the flow goes on at `otherwise`.
    """
    cursor = scene.cursor
    uses = step.ask
    if cursor.wrong_key and step.again is not None:
        uses = (PromptUse(prompt=step.again), *uses)
    digits = await scene.voice.ask(await scene.audio(uses), step.rules)
    if digits.keys:
        cursor.pressed.append(Pressed(cursor.step, digits.keys))
        # Of a number only the length: it may be the caller's.
        shown = {"keys": digits.keys} if step.digits is None else {"digits": len(digits.keys)}
        log.info("call_key", step=cursor.step, **shown)
    move = _answered(step, digits, scene)
    if move is not None:
        return move
    if step.digits is not None and digits.keys:
        # What was typed after a number that is refused was meant for later questions.
        scene.voice.drop_keys()
    declined = not digits.keys and digits.end is DigitsEnd.TERMINATED
    if declined or cursor.attempts >= (step.retries if digits.keys else step.silent_retries):
        return GoTo(step.otherwise)
    return Again(counted=True, wrong_key=bool(digits.keys))


def _answered(step: AskStep, digits: Digits, scene: Scene) -> Move | None:
    """Return the step after a usable answer; None without one."""
    target = step.keys.get(digits.keys)
    if target is not None:
        return Again(counted=False) if target == scene.cursor.step else GoTo(target)
    value = step.digits.accept(digits.keys) if step.digits else step.answers.get(digits.keys)
    if value is None or step.save is None or step.next is None:
        return None
    write(scene.cursor.variables, step.save, value)
    return GoTo(step.next)


async def record(step: RecordStep, scene: Scene) -> Move:
    """Say the prompts, then record the caller's answer."""
    await scene.voice.say(await scene.audio(step.record), barge_in=step.barge_in)
    spoken = await scene.voice.record(step.save.rpartition(".")[2], step.rules)
    answered = spoken is not None and spoken.duration_s >= step.minimum
    write(scene.cursor.variables, step.save, spoken.recording_id if spoken and answered else None)
    return GoTo(step.next if answered or step.otherwise is None else step.otherwise)
