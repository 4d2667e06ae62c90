"""Audio for many calls on one UDP port.

Each call is sent a tone every 20 ms; what comes back is counted by call.
"""

import asyncio
import socket
import struct
import time
from dataclasses import dataclass

ADDRESS = "127.0.0.1"
FRAME_SECONDS = 0.02
SAMPLES = 160
HEADER = struct.Struct("!BBHII")
# Half a wave of about 500 Hz up and down in mu-law, loud enough to be no silence.
TONE = bytes([0x90, 0x8E, 0x90, 0xA0, 0xFF, 0x20, 0x10, 0x0E, 0x10, 0x20, 0xFF, 0xA0, 0x90, 0x8E, 0x90, 0xA0] * 10)
QUIET = frozenset({0xFF, 0x7F, 0xFE, 0x7E})


@dataclass
class Stream:
    """Sound sent and heard in one call.

    Times are seconds of the monotonic clock.
    """

    port: int
    sequence: int = 0
    last_s: float = 0.0
    longest_gap_s: float = 0.0
    """The longest time without sound since `mark`."""
    frames: int = 0


class Media:
    """The UDP port.

    Streams are distinguished by Asterisk's port: each channel has its own.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind((ADDRESS, 0))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self._streams: dict[int, Stream] = {}
        self.late_s = 0.0
        """How much later than due we spoke at most since `mark`: the others heard nothing from us for so long."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._socket, self._receive)
        self._sending = loop.create_task(self._send(), name="chaos-media")

    def add(self, port: int) -> Stream:
        """Add a call, by the port of its audio at Asterisk."""
        stream = self._streams[port] = Stream(port)
        return stream

    def remove(self, stream: Stream) -> None:
        """The call is over."""
        if self._streams.get(stream.port) is stream:
            del self._streams[stream.port]

    def mark(self) -> None:
        """Measure gaps anew."""
        now, self.late_s = time.monotonic(), 0.0
        for stream in self._streams.values():
            stream.last_s, stream.longest_gap_s = now, 0.0

    async def aclose(self) -> None:
        """Close the port."""
        self._sending.cancel()
        await asyncio.gather(self._sending, return_exceptions=True)
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self.late_s = max(self.late_s, loop.time() - due)
            for stream in self._streams.values():
                stream.sequence += 1
                header = HEADER.pack(0x80, 0, stream.sequence & 0xFFFF, stream.sequence * SAMPLES, stream.port)
                self._socket.sendto(header + TONE, (ADDRESS, stream.port))
            due = max(due, loop.time() - FRAME_SECONDS) + FRAME_SECONDS
            await asyncio.sleep(max(0.0, due - loop.time()))

    def _receive(self) -> None:
        while True:
            try:
                data, (_, port) = self._socket.recvfrom(2048)
            except BlockingIOError:
                return
            stream = self._streams.get(port)
            if stream is None or QUIET.issuperset(data[HEADER.size :]):
                continue
            now = time.monotonic()
            if stream.frames:
                stream.longest_gap_s = max(stream.longest_gap_s, now - stream.last_s)
            stream.frames += 1
            stream.last_s = now
