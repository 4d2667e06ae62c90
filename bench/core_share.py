"""A share of a core for each process, by control groups.

It needs root, as `cpu.max` (cgroup v2) or `cpu.cfs_quota_us` (v1) does.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PERIOD_US = 5000
"""Short, so that a process that has used its share waits for a few milliseconds."""
ROOT = Path("/sys/fs/cgroup")


@contextmanager
def core_share(pid: int, share: float) -> Iterator[None]:
    """Limit a process to a share of a core.

    The limit ends with the process.

    Raises:
        OSError: this machine does not let us.
    """
    is_v1 = (ROOT / "cpu").is_dir()
    group = (ROOT / "cpu" if is_v1 else ROOT) / f"hotline-bench-{os.getpid()}-{pid}"
    quota_us = round(PERIOD_US * share)
    group.mkdir()
    try:
        if is_v1:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (group / "cpu.cfs_quota_us").write_text(str(quota_us))
        else:
            (group / "cpu.max").write_text(f"{quota_us} {PERIOD_US}")
        (group / "cgroup.procs").write_text(str(pid))
        yield
    finally:
        with suppress(OSError):  # not empty while the process lives
            group.rmdir()
