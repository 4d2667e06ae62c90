"""A real Redis from `.runtime/`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from dev.processes import ChildProcess, ManagedProcess
from dev.programs import program

ANSWER_SECONDS: Final = 1.0
ONCE: Final = Retry(NoBackoff(), 0)


@dataclass
class Redis:
    """Redis as a child process; `persistent` writes an append-only file."""

    port: int
    state: Path
    persistent: bool = True
    process: ManagedProcess | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self, started: Callable[[ManagedProcess], object] = lambda _: None) -> None:
        """Start Redis and wait until its data is loaded.

        `started` gets the process before the wait.

        Raises:
            ProcessFailed: it did not come up; the message ends with its log.
        """
        self.state.mkdir(parents=True, exist_ok=True)
        arguments = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.state), "--save", ""]
        arguments += ["--appendonly", "yes" if self.persistent else "no", "--daemonize", "no"]
        self.process = ChildProcess(
            "redis", program("usr/bin/redis-server"), arguments, log=self.state / "redis.log", folder=self.state
        )
        started(self.process)
        self.process.wait_until(self._answers)

    def _answers(self) -> bool:
        """Tell whether Redis serves commands, or still reads its file."""
        with redis.Redis.from_url(self.url, socket_timeout=ANSWER_SECONDS, retry=ONCE) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()

    def signal(self, number: Signals) -> None:
        if self.process is not None:
            self.process.signal(number)
