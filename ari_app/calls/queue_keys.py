"""Keys of a queue for its callers, and their announcement."""

from collections.abc import Callable, Iterator, Mapping

from ari_app.calls.model import CallState
from ari_app.queues.settings import KeyAction, KeyUse, QueueSettings

PRESS_PROMPTS = {"*": "press_star", "#": "press_hash"}
PRESS_PROMPT = "press_key"
USE_PROMPTS = {
    KeyAction.MESSAGE: "key_leaves_message",
    KeyAction.CALL_BACK: "key_asks_call_back",
    KeyAction.QUEUE: "key_changes_queue",
}
CALL_BACK_OFFER = "call_back_offer"
"""Said before the key for a call back, when the queue overflows."""
KEY_PROMPTS = frozenset({CALL_BACK_OFFER, PRESS_PROMPT, *PRESS_PROMPTS.values(), *USE_PROMPTS.values()})


def usable_keys(settings: QueueSettings, state: CallState) -> Mapping[str, KeyUse]:
    """Return the keys that lead somewhere.

    Without a step to go on at, a caller who leaves the queue would only be hung up.
    """
    goes_on = state.target is not None and state.target.otherwise is not None
    return {key: use for key, use in settings.keys.items() if goes_on or use.action is KeyAction.QUEUE}


def key_prompts(
    keys: Mapping[str, KeyUse], language: str, settings_of: Callable[[str], QueueSettings]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the prompts that announce keys, with the values of `queue`."""
    for key, use in keys.items():
        values = {"key": key}
        if use.queue is not None:
            other = settings_of(use.queue)
            values["title"] = other.title_zh if language == "zh" else other.title_en
        yield PRESS_PROMPTS.get(key, PRESS_PROMPT), values
        yield USE_PROMPTS[use.action], values
