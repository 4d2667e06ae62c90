"""The whole story of `make demo`: every step happens."""

import io
import json
from pathlib import Path

from rich.console import Console

from tests.demo.__main__ import tell

STEPS = 7


def test_every_step_of_the_story_is_seen(tmp_path: Path) -> None:
    told = io.StringIO()

    seen = tell(tmp_path / "demo", tmp_path / "demo.json", Console(file=told, width=160))

    steps = json.loads((tmp_path / "demo.json").read_text())["steps"]
    assert seen, told.getvalue()
    assert [step["ok"] for step in steps] == [True] * STEPS
    assert all(step["evidence"] for step in steps)
