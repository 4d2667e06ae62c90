"""Places and servers of the last `hotline up`."""

import os
from pathlib import Path

from dev.given import PREFIX
from dev.ownership import RunRecord
from dev.paths import RUNTIME

RUN = RUNTIME / "run"
"""Folder of `make run`."""


def database_url(folder: Path = RUN) -> str:
    """Return the database of a stack, unless the environment names one."""
    given = os.environ.get(f"{PREFIX}DATABASE_URL") or os.environ.get("DATABASE_URL")
    return given or f"sqlite:///{folder / 'hotline.db'}"


def redis_url_of_last_run() -> str | None:
    """Return the Redis of the running `hotline up`, else None."""
    if given := os.environ.get(f"{PREFIX}REDIS_URL") or os.environ.get("REDIS_URL"):
        return given
    record = RunRecord.read(RUN)
    port = record.port("redis") if record is not None else None
    return f"redis://127.0.0.1:{port}/0" if port is not None else None
