"""Steps that end the machine's part: a queue for people, or the end of the call."""

from ivr.grammar import HangupStep, QueueStep
from ivr.steps.scene import Ended, Leave, Move, Scene, ToQueue


async def queue(step: QueueStep, scene: Scene) -> Move:
    """Hand the caller over, with a word first."""
    if step.prompts:
        await scene.voice.say(await scene.audio(step.prompts))
    return Leave(ToQueue(step.queue, step.matter, step.priority, step.otherwise))


async def hang_up(step: HangupStep, scene: Scene) -> Move:
    """End the call, with a word first."""
    if step.prompts:
        await scene.voice.say(await scene.audio(step.prompts))
    return Leave(Ended(step.hangup))
