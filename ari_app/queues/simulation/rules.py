"""Rules of a simulation, as a person enters them."""

from pathlib import Path

from ari_app.queues.errors import RulesInvalid
from ari_app.queues.settings import QueueSettings, read_queues

FILE = Path("queues.yaml")


def rules_in(text: str) -> dict[str, QueueSettings]:
    """Return the queues of a text.

    Raises:
        RulesInvalid: a rule is broken; every one is named with its line.
    """
    queues, findings = read_queues(FILE, text.encode())
    if findings:
        raise RulesInvalid([(finding.line, finding.message) for finding in findings])
    return queues
