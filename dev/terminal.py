"""Sentences for the person at the terminal, which may be closed."""

import os
import sys


def say(text: str) -> None:
    """Print a text; a terminal that was closed is no error."""
    try:
        print(text, flush=True)  # noqa: T201
    except OSError:
        # What is left in the buffer would fail again at the end of the process.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
