"""A real PostgreSQL from `.runtime/`, for tests and benchmarks."""

import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from signal import SIGINT

from dev.processes import ChildProcess
from dev.programs import Program, postgres_program

# PostgreSQL refuses to run as root. In a user namespace of its own root is an ordinary user, and its files stay root's.
AS_ORDINARY_USER = ("unshare", "--user", "--map-user=1000")
NOT_DURABLE = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


@dataclass
class Postgres:
    """PostgreSQL as a child process with one superuser, on loopback only."""

    port: int
    state: Path
    durable: bool = True
    """Survives a crash of the machine. Tests go without: a killed server loses nothing either way."""
    process: ChildProcess | None = None

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+psycopg://hotline@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Initialise the cluster on first use, start it, wait for it.

        Raises:
            ProcessFailed: it did not come up; the message ends with its log.
        """
        data = self.state / "data"
        if not (data / "PG_VERSION").exists():
            self.state.mkdir(parents=True, exist_ok=True)
            initdb = _runnable("initdb")
            subprocess.run(
                [*initdb.command, "-D", str(data), "-U", "hotline", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8"]
                + ([] if self.durable else ["--no-sync"]),
                env=initdb.environ(),
                check=True,
                capture_output=True,
                timeout=120,
            )
        self.process = ChildProcess(
            "postgres",
            _runnable("postgres"),
            [
                "-D",
                str(data),
                "-p",
                str(self.port),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
                *([] if self.durable else NOT_DURABLE),
            ],
            log=self.state / "postgres.log",
            folder=self.state,
        )
        self.process.wait_until(self._ready)

    def _ready(self) -> bool:
        """Return whether it accepts sessions.

        It listens a moment before it has started up.
        """
        probe = _runnable("pg_isready")
        asked = [*probe.command, "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(asked, env=probe.environ(), check=False, timeout=10).returncode == 0

    def stop(self) -> None:
        if self.process is not None:
            # SIGINT is PostgreSQL's fast shutdown: clients are disconnected, nothing committed is lost.
            self.process.stop(SIGINT)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()


def _runnable(name: str) -> Program:
    found = postgres_program(name)
    return replace(found, command=(*AS_ORDINARY_USER, *found.command)) if os.geteuid() == 0 else found
