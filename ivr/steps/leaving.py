"""Steps that leave the flow: to a queue, or to the end."""

from ivr.grammar import HangupStep, QueueStep
from ivr.steps.scene import Ended, Leave, Move, Scene, ToQueue


async def queue(step: QueueStep, scene: Scene) -> Move:
    """Send the caller to a queue, which speaks after joining."""
    scene.voice.drop_keys()  # keys pressed ahead are for questions, and a queue asks none
    return Leave(ToQueue(step.queue, step.matter, step.priority, step.otherwise, step.asks))


async def hang_up(step: HangupStep, scene: Scene) -> Move:
    """End the call, with a word first."""
    if step.prompts:
        scene.voice.drop_keys()  # no question follows that could take them
        await scene.voice.say(await scene.audio(step.prompts), barge_in=step.barge_in)
    return Leave(Ended(step.hangup))
