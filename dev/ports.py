"""Ports for local servers; each is given to one of them only.

A port from the kernel (bind to 0) is free at that moment only: until its server listens, and whenever it is started
again, the kernel may give the same one to another program. So these come from below the kernel's own range (ip(7),
`ip_local_port_range`), in blocks which a process holds for as long as it lives.
"""

import random
import socket
import threading
from collections.abc import Iterator

FIRST, END = 10_000, 20_000
BLOCK = 50


class _Ports:
    """Ports of this process, each handed out once."""

    def __init__(self) -> None:
        self._held: list[socket.socket] = []
        self._usual: dict[tuple[int, int], socket.socket] = {}
        self._mine = self._of_held_blocks()
        self._lock = threading.Lock()

    def take(self, kind: int, address: str) -> int:
        with self._lock:
            for port in self._mine:
                if _is_free(port, kind, address):
                    return port
        raise OSError(f"no port between {FIRST} and {END} is free")

    def hold(self, port: int, kind: int) -> bool:
        """Hold a usual port; return whether this process has it."""
        with self._lock:
            if (port, kind) not in self._usual:
                held = socket.socket(socket.AF_UNIX)
                try:
                    held.bind(f"\0hotline-port-{int(kind)}-{port}")
                except OSError:
                    held.close()
                    return False
                self._usual[port, kind] = held
            return True

    def _of_held_blocks(self) -> Iterator[int]:
        for first in random.sample(range(FIRST, END, BLOCK), (END - FIRST) // BLOCK):
            held = socket.socket(socket.AF_UNIX)
            try:
                # An abstract name (unix(7)) belongs to the network namespace, as ports do, and ends with the process.
                held.bind(f"\0hotline-ports-{first}")
            except OSError:
                held.close()
                continue
            self._held.append(held)
            yield from range(first, first + BLOCK)


_ports = _Ports()


def free_port(kind: int = socket.SOCK_STREAM, address: str = "127.0.0.1") -> int:
    """Return a free port that is given to no other server.

    Raises:
        OSError: there is none.
    """
    return _ports.take(kind, address)


def preferred_port(port: int, kind: int = socket.SOCK_STREAM, address: str = "127.0.0.1") -> int:
    """Return the usual port where it is free, else another one.

    It is held as long as this process lives, so that two first starts, which listen late, do not choose the same one.
    Lingering connections (TIME_WAIT) do not occupy it: a restart finds every port where it was.
    """
    free = _is_free(port, kind, address, lingering=True) and _ports.hold(port, kind)
    return port if free else free_port(kind, address)


def listening(port: int, address: str = "127.0.0.1") -> bool:
    """Return whether a server accepts TCP connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((address, port)) == 0


def _is_free(port: int, kind: int, address: str, *, lingering: bool = False) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        if lingering and kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True
