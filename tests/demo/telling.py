"""Output of a story: one line per event, and data afterwards."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console


@dataclass
class Step:
    """One step of the story and its facts.

    `at_s`: seconds from the story's start to the step's end.
    """

    name: str
    ok: bool = False
    at_s: float = 0.0
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass
class Telling:
    """The story so far."""

    console: Console
    started: float = field(default_factory=time.monotonic)
    steps: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Record one step; it succeeds if the block runs to its end."""
        step = Step(name)
        self.steps.append(step)
        self.console.print(f"[bold]{len(self.steps)}. {name}[/bold]")
        try:
            yield step
            step.ok = True
        except Exception as error:
            step.evidence["error"] = f"{type(error).__name__}: {error}"
            raise
        finally:
            step.at_s = round(time.monotonic() - self.started, 2)
            for key, value in step.evidence.items():
                self.console.print(f"   {key}: [cyan]{value}[/cyan]", soft_wrap=True)
            self.console.print(
                f"   [{'green' if step.ok else 'red'}]{'seen' if step.ok else 'NOT SEEN'}[/] at {step.at_s} s"
            )

    @property
    def seen(self) -> bool:
        """Tell if every step happened."""
        return bool(self.steps) and all(step.ok for step in self.steps)

    def write(self, path: Path) -> None:
        """Leave it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"steps": [vars(step) for step in self.steps]}, ensure_ascii=False, indent=2))
