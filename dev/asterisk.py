"""A real Asterisk, configured as shipped in `asterisk/etc`."""

import os
import re
import secrets
import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals
from typing import NoReturn

from dev.installed import InstalledAsterisk, find_asterisk
from dev.paths import ASTERISK_CONFIGURATION, RUNTIME
from dev.ports import free_port, listening
from dev.processes import ChildProcess, ManagedProcess, ProcessFailed

SITE_FOLDERS = ("pjsip.d", "extensions.d", "queues.d", "musiconhold.d")
"""Folders of files that Asterisk reads after the shipped ones."""
TRANSPORT = re.compile(r"^\[(transport-(?:udp|tcp|tls))\]", re.MULTILINE)


@dataclass(frozen=True)
class AsteriskAddress:
    """Everything another program needs to reach one Asterisk."""

    http_port: int
    sip_port: int
    ami_port: int
    events_port: int
    """Port on which the service listens for Asterisk's outbound WebSocket."""
    state: Path
    rtp_start: int = 20000
    rtp_end: int = 24000
    address: str = "127.0.0.1"
    application: str = "hotline"
    user: str = "hotline"
    password: str = "hotline-local"
    hotline_number: str = "96001"
    sip_address: str = ""
    """Where Asterisk listens for SIP; empty: `address`."""
    external_address: str = ""
    """Address to name to phones and carriers outside `local_networks`; empty: no address is translated."""
    local_networks: tuple[str, ...] = ()

    @property
    def rest_url(self) -> str:
        return f"http://{self.address}:{self.http_port}/ari"

    @property
    def events_url(self) -> str:
        return f"ws://{self.address}:{self.events_port}/ari/events"


def free_address(state: Path, **others: str | int) -> AsteriskAddress:
    """Return an address on free ports, with its own RTP range."""
    rtp_start = _free_rtp_range()
    return AsteriskAddress(
        http_port=free_port(),
        sip_port=free_port(socket.SOCK_DGRAM),
        ami_port=free_port(),
        events_port=free_port(),
        state=state,
        rtp_start=rtp_start,
        rtp_end=rtp_start + 999,
        **others,  # type: ignore[arg-type]
    )


@dataclass
class Asterisk:
    """Asterisk as a child process: rendered configuration, start, stop.

    `pjsip`, `extensions` and `queues` are extra configuration files by name: the sample profile, a test or a benchmark
    adds its trunks and phones there, and what is shipped stays as shipped. `site` is the operator's folder of such
    files.
    """

    at: AsteriskAddress
    prompts: Path = RUNTIME / "prompts"
    recordings: Path | None = None
    """Folder of ARI's own recordings; by default in this Asterisk's state."""
    pjsip: dict[str, str] = field(default_factory=dict)
    extensions: dict[str, str] = field(default_factory=dict)
    queues: dict[str, str] = field(default_factory=dict)
    site: Path | None = None
    installed: InstalledAsterisk = field(default_factory=find_asterisk)
    process: ManagedProcess | None = None

    def start(self, started: Callable[[ManagedProcess], object] = lambda _: None) -> None:
        """Render the configuration, start Asterisk, wait until it listens.

        `started` gets the process before the wait.

        Raises:
            ProcessFailed: it did not come up, and the message ends with its log; or a file of the operator is not
                usable.
        """
        folder = self.write_configuration()
        self.process = ChildProcess(
            "asterisk",
            self.installed.program,
            ["-f", "-C", str(folder / "asterisk.conf")],
            log=self.at.state / "log" / "console.log",
            folder=self.at.state,
        )
        started(self.process)
        self.process.wait_until(self._ready)

    def become(self) -> NoReturn:
        """Replace this process by Asterisk, in the foreground.

        Raises:
            ProcessFailed: a file of the operator is not usable.
        """
        folder = self.write_configuration()
        os.chdir(self.at.state)
        program = self.installed.program
        command = [*program.command, "-f", "-C", str(folder / "asterisk.conf")]
        os.execve(command[0], command, program.environ())  # noqa: S606 - no shell is wanted

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()

    def signal(self, number: Signals) -> None:
        if self.process is not None:
            self.process.signal(number)

    def command(self, line: str) -> str:
        """Return the output of a command of Asterisk's console."""
        program = self.installed.program
        asked = [*program.command, "-C", str(self.at.state / "etc" / "asterisk.conf"), "-rx", line]
        return subprocess.run(asked, env=program.environ(), capture_output=True, text=True, check=True).stdout

    def _ready(self) -> bool:
        return (self.at.state / "run" / "asterisk.ctl").exists() and all(
            listening(port, self.at.address) for port in (self.at.http_port, self.at.ami_port)
        )

    def write_configuration(self) -> Path:
        """Render the configuration; return its folder.

        Raises:
            ProcessFailed: a file of the operator names a variable that is not set.
        """
        state = self.at.state
        for folder in ("lib/keys", "run", "log", "spool", "agi", "etc"):
            (state / folder).mkdir(parents=True, exist_ok=True)
        recordings = self.recordings or state / "recordings"
        recordings.mkdir(parents=True, exist_ok=True)
        _link(state / "spool" / "recording", recordings)
        (state / "run" / "asterisk.ctl").unlink(missing_ok=True)
        data = self._data_folder()
        values = {
            "ETC": state / "etc",
            "STATE": state,
            "DATA": data,
            "MODULES": self.installed.modules,
            "SYSTEM_NAME": self.at.application,
            "PROMPTS": self.prompts,
            "APPLICATION": self.at.application,
            "ARI_USER": self.at.user,
            "ARI_PASSWORD": self.at.password,
            "EVENTS_URI": self.at.events_url,
            "HTTP_ADDRESS": self.at.address,
            "HTTP_PORT": self.at.http_port,
            "AMI_ADDRESS": self.at.address,
            "AMI_PORT": self.at.ami_port,
            "SIP_ADDRESS": self.at.sip_address or self.at.address,
            "SIP_PORT": self.at.sip_port,
            "RTP_START": self.at.rtp_start,
            "RTP_END": self.at.rtp_end,
            "SITE": self.site or state,
        }
        for template in ASTERISK_CONFIGURATION.glob("*.conf"):
            (state / "etc" / template.name).write_text(render(template.read_text(), values))
        files = {"pjsip.d": self.pjsip, "extensions.d": self.extensions, "queues.d": self.queues}
        for folder in SITE_FOLDERS:
            shutil.rmtree(state / "etc" / folder, ignore_errors=True)
            (state / "etc" / folder).mkdir()
            # An #include that matches nothing is an error.
            for name, text in {"shipped": "", **files.get(folder, {})}.items():
                (state / "etc" / folder / f"{name}.conf").write_text(render(text, values))
            for own in sorted((self.site / folder).glob("*.conf")) if self.site is not None else ():
                (state / "etc" / folder / own.name).write_text(_render_own(own, values))
        if self.at.external_address:
            self._translate_addresses(state / "etc")
        return state / "etc"

    def _translate_addresses(self, etc: Path) -> None:
        """Name the external address on every transport, those of the operator included."""
        files = [etc / "pjsip.conf", *sorted((etc / "pjsip.d").glob("*.conf"))]
        found = {name for file in files for name in TRANSPORT.findall(file.read_text(encoding="utf-8"))}
        local = "".join(f"local_net = {network}\n" for network in self.at.local_networks)
        lines = [
            f"[{name}](+)\nexternal_signaling_address = {self.at.external_address}\n"
            f"external_media_address = {self.at.external_address}\n{local}"
            for name in sorted(found)
        ]
        # The name sorts last: a transport is added to once it is there.
        (etc / "pjsip.d" / "zz-external.conf").write_text("".join(lines))

    def _data_folder(self) -> Path:
        """Link Asterisk's data relatively.

        Debian's links are absolute and point outside an unpacked tree.
        """
        data = self.at.state / "data"
        data.mkdir(exist_ok=True)
        for name in ("documentation", "rest-api", "moh", "static-http"):
            _link(data / name, self.installed.data / name)
        (data / "sounds").mkdir(exist_ok=True)
        _link(data / "sounds" / "en", self.installed.sounds)
        return data


def render(template: str, values: Mapping[str, object]) -> str:
    """Fill in `@NAME@`; a name without a value is an error.

    Raises:
        KeyError: a name without a value.
    """
    return re.sub(r"@([A-Z_]+)@", lambda match: str(values[match[1]]), template)


def _render_own(file: Path, values: Mapping[str, object]) -> str:
    """Fill in a file of the operator; other names are environment variables.

    Raises:
        ProcessFailed: a variable is not set.
    """
    # To Asterisk a semicolon begins a comment.
    environment = {name.removeprefix("HOTLINE_"): value.replace(";", r"\;") for name, value in os.environ.items()}
    try:
        return render(file.read_text(encoding="utf-8"), {**environment, **values})
    except KeyError as missing:
        raise ProcessFailed(f"{file}: the environment variable HOTLINE_{missing.args[0]} is not set") from None


def _link(link: Path, target: Path) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _free_rtp_range() -> int:
    """Return the start of a thousand RTP ports.

    Where two Asterisks share one, each goes on to the next free port.
    """
    return 20000 + secrets.randbelow(40) * 1000
