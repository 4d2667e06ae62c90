"""A port is given to one server only."""

import socket
import subprocess
import sys
from pathlib import Path

from dev.paths import PROJECT
from dev.ports import free_port, preferred_port

MANY = 60
"""More than a block."""


def of_another_process() -> set[int]:
    program = f"from dev.ports import free_port\nprint(*(free_port() for _ in range({MANY})))"
    printed = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    return {int(port) for port in printed.stdout.split()}


def test_no_port_is_given_twice() -> None:
    ours = [free_port() for _ in range(MANY)]
    assert len(set(ours)) == MANY
    assert not of_another_process() & set(ours)


def test_no_outgoing_connection_is_given_one() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert free_port() < lowest


def test_occupied_port_is_not_given() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", free_port()))
        server.listen()
        taken = server.getsockname()[1]
        assert preferred_port(taken) != taken
    assert preferred_port(taken) == taken


def test_a_server_that_is_started_again_has_its_usual_port() -> None:
    """Connections of the last run linger for a minute."""
    usual = free_port()
    with socket.create_server(("127.0.0.1", usual)) as server, socket.create_connection(("127.0.0.1", usual)) as client:
        accepted, _ = server.accept()
        accepted.close()  # who closes first lingers
        assert client.recv(1) == b""
    assert preferred_port(usual) == usual
    with socket.create_server(("127.0.0.1", usual)):
        assert preferred_port(usual) != usual


def test_usual_port_is_held_before_its_server_listens() -> None:
    """Two first starts, which listen after a minute, choose different ports."""
    port = free_port()
    assert preferred_port(port) == port
    program = f"from dev.ports import preferred_port\nprint(preferred_port({port}))"
    other = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert int(other.stdout) != port
    assert preferred_port(port) == port
