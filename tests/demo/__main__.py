"""`make demo`: start afresh, run the story, report by exit status."""

import asyncio
import shutil
import sys
from pathlib import Path

from rich.console import Console

from dev.paths import RUNTIME
from dev.stack import private_stack, sample_phones
from tests.demo.story import Story
from tests.demo.telling import Telling

LONGEST_S = 180.0
SETTINGS = {
    # Customers are called back at once, at whatever hour the demo is shown.
    "SURVEY_DELAY_S": "0",
    "SURVEY_FROM_HOUR": "0",
    "SURVEY_UNTIL_HOUR": "24",
}


def tell(folder: Path, result: Path, console: Console) -> bool:
    """Run the story in its own folder; return its success."""
    shutil.rmtree(folder, ignore_errors=True)
    telling = Telling(console)
    stack = private_stack(folder, pjsip=sample_phones(), settings=SETTINGS)
    stack.start()
    try:
        asyncio.run(asyncio.wait_for(Story(stack, telling).tell(), LONGEST_S))
    except Exception:  # noqa: BLE001 - any failure is printed, and the exit status says so
        console.print_exception()
        return False
    finally:
        stack.stop()
        telling.write(result)
    return telling.seen


if __name__ == "__main__":
    told = tell(RUNTIME / "demo", RUNTIME / "demo.json", Console())
    sys.exit(0 if told else 1)
