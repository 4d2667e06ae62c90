"""The whole hotline on one machine: Redis, Asterisk, service, watchdog.

`make run`, the demo, the end-to-end tests and the benchmarks all start it here.
"""

import os
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from dev.asterisk import Asterisk, AsteriskAddress, free_address, render
from dev.given import PREFIX
from dev.last_run import database_url
from dev.paths import PROJECT, RUNTIME
from dev.ports import free_port
from dev.processes import AdoptedProcess, ChildProcess, ManagedProcess
from dev.programs import Program
from dev.redis import Redis
from dev.watching import WATCH_SECONDS, Watched
from foundation.process_identity import ProcessIdentity

SERVICE_READY_SECONDS = 60.0
"""How long a starting service may write nothing to its log."""
SAMPLE_PASSWORD = "hotline-sample"
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not listened at
PYTHON = {
    "PYTHONPATH": str(PROJECT),
    # Whatever the shell says: a restart that compiles every module again takes a second longer.
    "PYTHONDONTWRITEBYTECODE": "",
    "PYTHONPYCACHEPREFIX": str(RUNTIME / "bytecode"),
}


class _Progress(msgspec.Struct):
    """Entry of the service's log about its prompts."""

    event: str
    ready: int = 0
    prompts: int = 0


_PROGRESS = msgspec.json.Decoder(_Progress)


@dataclass
class Stack:
    """Redis, Asterisk and the service in one folder.

    `pjsip`, `extensions` and `queues` go to Asterisk beside what is shipped; `settings` are HOTLINE_… variables without
    the prefix. Servers that are already there are used: `REDIS_URL`, `DATABASE_URL`.
    """

    folder: Path
    at: AsteriskAddress
    http_port: int
    pjsip: dict[str, str] = field(default_factory=dict)
    extensions: dict[str, str] = field(default_factory=dict)
    queues: dict[str, str] = field(default_factory=dict)
    site: Path | None = None
    """The operator's folder of Asterisk files."""
    settings: Mapping[str, str] = field(default_factory=dict)
    supervised: bool = False
    """Whether the service runs under its process supervisor."""
    redis_port: int = 0
    """0: any free port."""
    console: Path | None = None
    """Folder of the console's built pages."""
    note: Callable[[str, int], object] = field(default=lambda _name, _process_id: None)
    """Gets the name and the process id of each part that was started."""
    say: Callable[[str], object] = field(default=lambda _sentence: None)
    """Gets a sentence about each step of a start."""

    def __post_init__(self) -> None:
        self.asterisk = Asterisk(
            self.at,
            prompts=Path(self.settings.get("PROMPTS", RUNTIME / "prompts")),
            recordings=self.recordings / "spool",
            pjsip=self.pjsip,
            extensions=self.extensions,
            queues=self.queues,
            site=self.site,
        )
        elsewhere = "REDIS_URL" in {*self.settings, *os.environ}
        self.redis = None if elsewhere else Redis(self.redis_port or free_port(), self.folder / "redis")
        self.service: ManagedProcess | None = None
        self.watchdog: ManagedProcess | None = None
        self._stopping = threading.Event()
        self._starting = threading.Lock()

    @property
    def url(self) -> str:
        host = self.settings.get("HTTP_HOST", "127.0.0.1")
        return f"http://{'127.0.0.1' if host in EVERYWHERE else host}:{self.http_port}"

    @property
    def recordings(self) -> Path:
        return Path(self.settings.get("RECORDINGS", self.folder / "recordings"))

    @property
    def redis_url(self) -> str:
        return self.redis.url if self.redis is not None else self.settings.get("REDIS_URL") or os.environ["REDIS_URL"]

    def start(self) -> None:
        """Start every part and wait until the service is ready.

        Raises:
            ProcessFailed: something did not come up; what had started is stopped again.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            if self.redis is not None and not _runs(self.redis.process):
                self._start_redis()
            if not _runs(self.asterisk.process):
                self._start_asterisk()
            self.start_service()
        except BaseException:
            self.stop()
            raise

    def take_over(self, processes: Mapping[str, ProcessIdentity]) -> None:
        """Use processes of an earlier run; `start` starts the others."""
        adopted = {name: AdoptedProcess(name, one, log=self.folder / f"{name}.log") for name, one in processes.items()}
        if self.redis is not None:
            self.redis.process = adopted.get("redis")
        self.asterisk.process = adopted.get("asterisk")
        self.service = adopted.get("service")
        self.watchdog = adopted.get("watchdog")

    def start_watchdog(self) -> None:
        """Start the process that leads callers to the fallback."""
        if not _runs(self.watchdog):
            self.watchdog = self._command("watchdog", "watchdog.log")
            self.note("watchdog", self.watchdog.pid)

    def _start_redis(self) -> None:
        assert self.redis is not None, "the stack has a Redis of its own"
        self.say("starting Redis")
        self.redis.start(partial(self._note, "redis"))

    def _start_asterisk(self) -> None:
        self.say("starting Asterisk")
        self.asterisk.start(partial(self._note, "asterisk"))

    def _note(self, name: str, process: ManagedProcess) -> None:
        self.note(name, process.pid)

    def _command(self, name: str, log: str) -> ChildProcess:
        program = Program((sys.executable, "-m", "ari_app.cli", name), {**self.environment(), **PYTHON})
        return ChildProcess(f"hotline {name}", program, [], log=self.folder / log, folder=PROJECT)

    def start_service(self) -> None:
        """Start the service process and wait until `/readyz` is content.

        Raises:
            ProcessFailed: it ended, or made no progress.
        """
        self.say(f"starting the service; its log is {self.folder / 'hotline.log'}")
        service = self.service if self.service is not None and self.service.running else self._begin_service()
        service.wait_until(self.ready, seconds=SERVICE_READY_SECONDS, tell=self._tell)

    def _tell(self, written: str) -> None:
        """Say how far the prompts are; the first start speaks them all."""
        for line in written.splitlines():
            with suppress(msgspec.MsgspecError):
                entry = _PROGRESS.decode(line)
                if entry.event == "prompts_being_made":
                    self.say(f"speaking the prompts: {entry.ready} of {entry.prompts}; the next start has them")

    def _begin_service(self) -> ManagedProcess:
        self.service = self._command("supervise" if self.supervised else "serve", "hotline.log")
        self.note("service", self.service.pid)
        return self.service

    def service_id(self) -> int | None:
        """Return the process id of the service, not of its supervisor."""
        if self.service is None or not self.service.running:
            return None
        if not self.supervised:
            return self.service.pid
        children = Path(f"/proc/{self.service.pid}/task/{self.service.pid}/children").read_text().split()
        return int(children[0]) if children else None

    def environment(self) -> dict[str, str]:
        """Return the service's settings as environment variables."""
        settings = {
            "PROFILE": "sample",
            "SAMPLE_PASSWORD": SAMPLE_PASSWORD,
            "DATABASE_URL": database_url(self.folder),
            "REDIS_URL": self.redis_url,
            "APPLICATION": self.at.application,
            "ARI_URL": self.at.rest_url,
            "ARI_USER": self.at.user,
            "ARI_PASSWORD": self.at.password,
            "EVENTS_PORT": str(self.at.events_port),
            "AMI_PORT": str(self.at.ami_port),
            "HTTP_PORT": str(self.http_port),
            "PUBLIC_URL": self.url,
            # No proxy stands before both: browsers' phones connect to Asterisk itself.
            "SIP_SOCKET": f"ws://{self.at.address}:{self.at.http_port}/ws",
            **({"CONSOLE": str(self.console)} if self.console is not None else {}),
            "HOTLINE_NUMBER": self.at.hotline_number,
            "RECORDINGS": str(self.recordings),
            "SPOOL": str(self.folder / "spool"),
            # In the sample profile the outside world is phones that register here under their own number.
            "TRUNK": "PJSIP/{number}",
            **self.settings,
        }
        return {f"{PREFIX}{name}": value for name, value in settings.items()}

    def ready(self) -> bool:
        """Return whether the service reports that it is ready."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:  # noqa: S310 - always loopback HTTP
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def watch(self) -> None:
        """Restart every part that ends, until `stop`."""
        parts = [
            *(
                [Watched("Redis", lambda: redis.process, self._start_redis)]
                if (redis := self.redis) is not None
                else []
            ),
            Watched("Asterisk", lambda: self.asterisk.process, self._start_asterisk),
            Watched("the service", lambda: self.service, self._begin_service),
            Watched("the watchdog", lambda: self.watchdog, self.start_watchdog),
        ]
        while not self._stopping.wait(WATCH_SECONDS):
            for part in parts:
                with self._starting:
                    if not self._stopping.is_set():
                        part.look()

    def stop(self) -> None:
        """End the service, then Asterisk, then Redis."""
        self._stopping.set()
        with self._starting:
            self._end()

    def _end(self) -> None:
        if self.watchdog is not None:
            self.watchdog.stop()
        if self.service is not None:
            self.service.stop()
        self.asterisk.stop()
        if self.redis is not None:
            self.redis.stop()

    def ask_to_stop(self, *_: object) -> None:
        """Make `watch` return (a signal handler)."""
        self._stopping.set()


def private_stack(
    folder: Path,
    *,
    supervised: bool = False,
    pjsip: Mapping[str, str] | None = None,
    extensions: Mapping[str, str] | None = None,
    queues: Mapping[str, str] | None = None,
    site: Path | None = None,
    settings: Mapping[str, str] | None = None,
    pages: Path | None = None,
) -> Stack:
    """Return a stack on free ports, for tests and benchmarks."""
    return Stack(
        folder,
        free_address(folder / "asterisk"),
        free_port(),
        pjsip=dict(pjsip or {}),
        extensions=dict(extensions or {}),
        queues=dict(queues or {}),
        site=site,
        settings=settings or {},
        supervised=supervised,
        console=pages,
    )


def sample_phones(password: str = SAMPLE_PASSWORD) -> dict[str, str]:
    """Return the residents' SIP accounts, as files for `pjsip.d`."""
    accounts = (PROJECT / "asterisk" / "sample" / "pjsip.conf").read_text()
    return {"sample": render(accounts, {"SAMPLE_PASSWORD": password})}


def _runs(process: ManagedProcess | None) -> bool:
    return process is not None and process.running
