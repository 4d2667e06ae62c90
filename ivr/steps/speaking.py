"""Steps that only speak, and the one that changes the language."""

from ivr.grammar import LanguageStep, SayStep
from ivr.steps.scene import GoTo, Move, Scene
from ivr.variables import read


async def say(step: SayStep, scene: Scene) -> Move:
    """Say the prompts; a key ends them unless the step forbids it."""
    await scene.voice.say(await scene.audio(step.say), barge_in=step.barge_in)
    return GoTo(step.next)


async def change_language(step: LanguageStep, scene: Scene) -> Move:
    """Speak another language from here on, if the flow knows it."""
    wanted = read(scene.cursor.variables, step.language) if step.reads else step.language
    if wanted in scene.flow.languages:
        scene.cursor.language = wanted
    return GoTo(step.next)
