"""The shipped Prometheus files, loaded by a real Prometheus."""

import asyncio
import json
import re
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from dev.paths import PROJECT
from dev.ports import free_port
from dev.processes import ChildProcess
from dev.programs import Program, host_program
from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, WAIT_S, Hotline, people, stack_in

MONITORING = PROJECT / "monitoring"
CALLER = "13800000002"
OF_PROMETHEUS = re.compile(r"(_bucket|_count|_sum)$")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = stack_in(tmp_path_factory.mktemp("hotline"), TRUNK="PJSIP/{number}@13800000006")
    running.start()
    yield running
    running.stop()


@pytest.fixture
async def hotline(stack: Stack) -> AsyncIterator[Hotline]:
    async for opened in people(stack):
        yield opened


def fetch(url: str) -> str:
    """Get a page of a server on this machine."""
    with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - always loopback HTTP
        return str(response.read().decode())


class Prometheus:
    """A Prometheus with the shipped configuration, pointed at one hotline."""

    def __init__(self, folder: Path, stack: Stack) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        shutil.copytree(MONITORING, folder, dirs_exist_ok=True)
        config = folder / "prometheus.yml"
        config.write_text(
            config.read_text().replace("127.0.0.1:8080", f"127.0.0.1:{stack.http_port}").replace("15s", "1s")
        )
        arguments = [
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={self.url.removeprefix('http://')}",
        ]
        self.process = ChildProcess(
            "prometheus", Program(host_program("prometheus")), arguments, log=folder / "log", folder=folder
        )

    def ready(self) -> bool:
        try:
            fetch(f"{self.url}/-/ready")
        except OSError:
            return False
        return True

    def value(self, query: str) -> float | None:
        """Ask for one value; None while there is none."""
        address = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        found = json.loads(fetch(address))["data"]["result"]
        return float(found[0]["value"][1]) if found else None

    async def reaches(self, query: str, expected: float) -> None:
        """Wait until a query has this value."""
        async with asyncio.timeout(WAIT_S):
            while await asyncio.to_thread(self.value, query) != expected:
                await asyncio.sleep(0.1)


@pytest.fixture
def prometheus(stack: Stack, tmp_path: Path) -> Iterator[Prometheus]:
    server = Prometheus(tmp_path, stack)
    with server.process:
        server.process.wait_until(server.ready)
        yield server


async def test_prometheus_sees_a_waiting_caller_and_the_end_of_the_call(
    hotline: Hotline, prometheus: Prometheus
) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    await hotline.waiting(supervisor, "repair", 1)
    await prometheus.reaches('up{job="hotline"}', 1)
    await prometheus.reaches('hotline_queue_waiting{queue="repair"}', 1)
    await prometheus.reaches('hotline_calls{stage="queued"}', 1)
    await prometheus.reaches('hotline_trunk_online{trunk="13800000006"}', 0)
    await caller.hang_up()
    await prometheus.reaches('hotline_calls_ended_total{outcome="abandoned"}', 1)
    await prometheus.reaches('hotline_call_wait_seconds_count{queue="repair",outcome="abandoned"}', 1)
    await prometheus.reaches('hotline_queue_waiting{queue="repair"}', 0)


def test_every_metric_of_alerts_and_dashboard_is_served(stack: Stack) -> None:
    served = set(re.findall(r"^# TYPE (\w+) ", fetch(f"{stack.url}/metrics"), re.MULTILINE))
    for file in ("hotline-alerts.yml", "grafana-dashboard.json"):
        used = set(re.findall(r"\bhotline_[a-z_]+", (MONITORING / file).read_text()))
        assert {OF_PROMETHEUS.sub("", name) for name in used} <= served, file


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "config", "prometheus.yml"],
        ["check", "rules", "hotline-alerts.yml"],
        ["test", "rules", "hotline-alerts.test.yml"],
    ],
    ids=lambda given: "-".join(given[:2]),
)
def test_promtool_accepts_the_files(arguments: list[str]) -> None:
    command = [*host_program("promtool"), *arguments]
    done = subprocess.run(command, cwd=MONITORING, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
