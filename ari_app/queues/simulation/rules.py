"""Rules of a simulation, as a person enters them."""

import tempfile
from pathlib import Path

from ari_app.queues.errors import RulesInvalid
from ari_app.queues.settings import QueueSettings, read_queues

FILE = "queues.yaml"


def rules_in(text: str) -> dict[str, QueueSettings]:
    """Return the queues of a text.

    Raises:
        RulesInvalid: a rule is broken; every one is named with its line.
    """
    with tempfile.TemporaryDirectory(prefix="hotline-rules-") as folder:
        path = Path(folder) / FILE
        path.write_text(text, encoding="utf-8")
        queues, findings = read_queues(path)
    if findings:
        raise RulesInvalid([(finding.line, finding.message) for finding in findings])
    return queues
