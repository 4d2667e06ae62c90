"""Words for an agent about the orders of a supervisor."""

from ari_app.desk.model import Notice, NoticeLevel
from ari_app.desk.pop import SpokenWording
from ari_app.supervision.model import SupervisorUse

WORDS: dict[SupervisorUse, tuple[str, str]] = {
    SupervisorUse.READY: ("{name} 已将您置为示闲：{reason}", "{name} made you ready: {reason}"),
    SupervisorUse.PAUSE: ("{name} 已将您置为示忙：{reason}", "{name} paused you: {reason}"),
    SupervisorUse.SIGN_OUT: (
        "{name} 已将您签出（如在通话中，挂机后生效）：{reason}。重新打开页面可再次签入。",
        "{name} signed you out, after a present call: {reason}. Open the page again to sign in.",
    ),
    SupervisorUse.QUEUES: ("{name} 已调整您的队列：{reason}", "{name} changed your queues: {reason}"),
}


def notice(use: SupervisorUse, name: str, reason: str) -> Notice:
    """Return what the agent's desk shows."""
    zh, en = (words.format(name=name, reason=reason) for words in WORDS[use])
    return Notice(level=NoticeLevel.WARNING, text=SpokenWording(zh=zh, en=en))
