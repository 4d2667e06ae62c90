"""Ownership of a checkout's state: one `hotline up` at a time."""

import fcntl
import json
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from dev.processes import ProcessFailed
from foundation.process_identity import ProcessIdentity, own_identity

LOCK = "owner.lock"
RECORD = "processes.json"


@dataclass
class RunRecord:
    """Processes and ports of a run, stored at each start."""

    owner: ProcessIdentity
    since: str
    addresses: dict[str, Any] = field(default_factory=dict)
    """Ports and URLs; the next run takes over processes only where it wants the same ones."""
    processes: dict[str, ProcessIdentity] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> "RunRecord | None":
        """Return the stored record, or None."""
        try:
            stored = json.loads((folder / RECORD).read_text())
            processes = {name: ProcessIdentity(**one) for name, one in stored["processes"].items()}
            return cls(ProcessIdentity(**stored["owner"]), stored["since"], stored["addresses"], processes)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, folder: Path) -> None:
        """Store the record in one step."""
        part = folder / f"{RECORD}.part"
        part.write_text(json.dumps(asdict(self), indent=1))
        part.rename(folder / RECORD)

    def port(self, name: str) -> int | None:
        """Return a part's port; None while the run is still choosing ports."""
        found = self.addresses.get("ports", {}).get(name)
        return int(found) if found is not None else None

    def running(self) -> dict[str, ProcessIdentity]:
        """Return the processes that still run."""
        return {name: one for name, one in self.processes.items() if one.runs}


class Ownership:
    """Lock on a folder that ends with this process, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock: int | None = None
        self.record = RunRecord(own_identity(), datetime.now().astimezone().isoformat(timespec="seconds"))
        self.earlier: RunRecord | None = None
        """The record of the run before this one."""

    def take(self) -> None:
        """Take the lock.

        Raises:
            ProcessFailed: another process has it; the message says which.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        # Not inherited: processes that outlive this one do not hold the lock.
        lock = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise ProcessFailed(_refusal(RunRecord.read(self._folder))) from None
        self._lock = lock
        self.earlier = RunRecord.read(self._folder)
        if self.earlier is not None:
            # Until they are taken over or ended: this process may be killed before that.
            self.record.processes = self.earlier.running()
            self.record.addresses = self.earlier.addresses
        self.record.write(self._folder)

    def note(self, name: str, process_id: int) -> None:
        """Store that a process was started."""
        self.record.processes[name] = ProcessIdentity.of(process_id)
        self.record.write(self._folder)

    def release(self) -> None:
        """Give the lock back; nothing of this run is left."""
        (self._folder / RECORD).unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _refusal(record: RunRecord | None) -> str:
    if record is None or not record.owner.runs:
        return "another `hotline up` starts in this checkout at this moment: use that one"
    process_id = record.owner.process_id
    url = record.addresses.get("url", "")
    return (
        f"`hotline up` runs already in this checkout: process {process_id}, since {record.since}, {url}\n"
        f"use that one, or end it: kill {process_id}"
    )
