"""Crash points: places where a test ends or stops the process.

They prove that nothing is lost there (F1–F7, F11, F19, F23, F30).
"""

import os
import signal
from pathlib import Path

VARIABLE = "HOTLINE_CRASHPOINTS"
"""A file that a test writes: what `ordered` makes of it happens once. Never set but by a test."""

_orders = os.environ.get(VARIABLE, "")


def ordered(signal_name: str, name: str, times: int = 1) -> str:
    """Return the file's content that orders a signal at a point.

    The signal (`SIGKILL`, `SIGSTOP`) is sent when the point is reached for the n-th time from now on.
    """
    return f"{signal_name} {name} {times}"


def crashpoint(name: str) -> None:
    """Send this process the signal that a test ordered for this point."""
    if not _orders:
        return
    file = Path(_orders)
    try:
        signal_name, where, times = file.read_text().split()
    except FileNotFoundError:
        return
    if where != name:
        return
    if int(times) > 1:
        file.write_text(ordered(signal_name, name, int(times) - 1))
        return
    file.unlink()
    os.kill(os.getpid(), signal.Signals[signal_name])
