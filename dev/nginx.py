"""A real nginx from `.runtime/`, for tests behind a proxy."""

from dataclasses import dataclass
from pathlib import Path

from dev.paths import PROJECT
from dev.ports import listening
from dev.processes import ChildProcess
from dev.programs import proxy_program

SITE = PROJECT / "docker" / "nginx-site.conf"
"""The site as it is shipped."""


@dataclass
class Nginx:
    """nginx as a child process, with the shipped site but without TLS."""

    port: int
    upstream_port: int
    state: Path
    asterisk_port: int = 0
    """Asterisk's HTTP port, where phones in browsers are led to."""
    process: ChildProcess | None = None

    def start(self) -> None:
        """Start it and wait until it accepts connections.

        Raises:
            ProcessFailed: it did not start; the message ends with its log.
        """
        self.state.mkdir(parents=True, exist_ok=True)
        configuration = self.state / "nginx.conf"
        configuration.write_text(self._configuration())
        arguments = ["-p", str(self.state), "-c", str(configuration), "-e", "stderr", "-g", "daemon off;"]
        self.process = ChildProcess(
            "nginx", proxy_program("nginx"), arguments, log=self.state / "nginx.log", folder=self.state
        )
        self.process.wait_until(lambda: listening(self.port))

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()

    def _configuration(self) -> str:
        site = SITE.read_text().replace("listen 443 ssl;", f"listen 127.0.0.1:{self.port};")
        site = site.replace("127.0.0.1:8080", f"127.0.0.1:{self.upstream_port}")
        site = site.replace("127.0.0.1:8088", f"127.0.0.1:{self.asterisk_port or self.upstream_port}")
        site = "\n".join(line for line in site.splitlines() if "ssl_certificate" not in line)
        folders = "\n".join(
            f"{kind}_temp_path {self.state}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return (
            f"worker_processes 1;\npid {self.state}/nginx.pid;\nevents {{ worker_connections 512; }}\n"
            f"http {{\naccess_log off;\n{folders}\n{site}\n}}\n"
        )
