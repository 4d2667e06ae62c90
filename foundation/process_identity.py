"""Identity of a process: number and start, since numbers are reused."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_ENDED = ("Z", "X")
"""States of a process that ended and was not collected by its parent yet (proc(5))."""


@dataclass(frozen=True)
class ProcessIdentity:
    """Process of one machine, until the machine is restarted."""

    process_id: int
    started: str
    """The start of the process in the kernel's ticks."""
    machine: str

    @classmethod
    def of(cls, process_id: int) -> Self:
        """Return the identity of a running process."""
        return cls(process_id, _started(process_id), machine())

    @property
    def is_here(self) -> bool:
        """Return whether the process belongs to this machine and can be seen."""
        return self.machine == machine()

    @property
    def runs(self) -> bool:
        """Return whether the process runs on this machine."""
        return self.is_here and self.started != "" and _started(self.process_id) == self.started


def machine() -> str:
    """Return the name of this machine and of its present boot."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return f"{socket.gethostname()}/{boot.read_text().strip() if boot.exists() else ''}"


def _started(process_id: int) -> str:
    """Return the start of a process; empty where it does not run."""
    try:
        fields = Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return ""
    # The name, in brackets, may hold blanks.
    state, *others = fields.rpartition(")")[2].split()
    return "" if state in _ENDED else others[18]


def own_identity() -> ProcessIdentity:
    """Return the identity of this process."""
    return ProcessIdentity.of(os.getpid())
