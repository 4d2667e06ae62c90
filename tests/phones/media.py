"""A phone's RTP: G.711 every 20 ms and RFC 4733 key presses.

All sound that was heard is stored for the test.
"""

import asyncio
import random
import struct
import time
from collections import deque
from collections.abc import Callable
from typing import Self

import numpy

from tests.phones.sound import FRAME, RATE, Codec, Samples, decode, encode

KEYS = "0123456789*#ABCD"
FRAME_SECONDS = FRAME / RATE
KEY_FRAMES = 8
"""A key is held for 160 ms."""
PAUSE_FRAMES = 4
END_PACKETS = 3
GAP_NANOSECONDS = 60_000_000
"""A later packet than this after the one before it begins a new stream: silence stands between both."""
SAMPLE_NANOSECONDS = 1_000_000_000 // RATE
HEADER = struct.Struct("!BBHII")
EVENT = struct.Struct("!BBH")
SILENCE: Samples = numpy.zeros(FRAME, dtype=numpy.int16)


class Stream:
    """Packets in one order of timestamps, and when they were due.

    A process that was held up reads packets late, and then many at once: the earliest of them tells when all were due.
    """

    def __init__(self, timestamp: int, arrived: int) -> None:
        self._first = timestamp
        self._due = arrived
        self.following = timestamp
        self.last_arrival = arrived

    def add(self, timestamp: int, size: int, arrived: int) -> int:
        """Take a packet; return its place in samples."""
        place = (timestamp - self._first) & 0xFFFFFFFF
        self._due = min(self._due, arrived - place * SAMPLE_NANOSECONDS)
        self.following, self.last_arrival = (timestamp + size) & 0xFFFFFFFF, arrived
        return place

    def due(self, place: int) -> int:
        """Return when a packet was due, by the monotonic clock."""
        return self._due + place * SAMPLE_NANOSECONDS


class Media(asyncio.DatagramProtocol):
    """One call's RTP socket.

    It listens from the start and sends once it knows where to.
    """

    def __init__(self, on_key: Callable[[str], None]) -> None:
        self._on_key = on_key
        self._transport: asyncio.DatagramTransport | None = None
        self._sender: asyncio.Task[None] | None = None
        self._remote: tuple[str, int] | None = None
        self._codec = Codec.PCMU
        self._event_type = 101
        self._sequence = random.randrange(1 << 15)
        self._timestamp = random.randrange(1 << 30)
        self._source = random.getrandbits(32)
        self._to_play: deque[tuple[Samples, asyncio.Future[None]]] = deque()
        self._keys: deque[tuple[str, asyncio.Future[None]]] = deque()
        self._held_up: list[tuple[int, float]] = []
        self._heard: list[tuple[Stream, int, Samples]] = []
        self._stream: tuple[int, Stream] | None = None
        """Source and stream of the last packet."""
        self._heard_event: int | None = None
        self.port = 0

    @classmethod
    async def open(cls, address: str, on_key: Callable[[str], None]) -> Self:
        """Bind a free port."""
        media = cls(on_key)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: media, (address, 0))
        media._transport = transport
        media.port = transport.get_extra_info("sockname")[1]
        return media

    def send_to(self, address: str, port: int, codec: Codec, event_type: int) -> None:
        """Set the other end's address and codec, and start sending.

        Silence comes first, as a phone does.
        """
        self._remote, self._codec, self._event_type = (address, port), codec, event_type
        if self._sender is None:
            self._sender = asyncio.create_task(self._send())

    def close(self) -> None:
        if self._sender is not None:
            self._sender.cancel()
        if self._transport is not None:
            self._transport.close()
        for _, done in [*self._to_play, *self._keys]:
            done.cancel()

    async def play(self, samples: Samples) -> None:
        """Speak; return when the last of it has been sent.

        Cancelled when the call ends first.
        """
        done = asyncio.get_running_loop().create_future()
        self._to_play.append((samples, done))
        await done

    def hush(self) -> None:
        """Stop what is being played; waiters for its end return."""
        for _, done in self._to_play:
            if not done.done():
                done.set_result(None)
        self._to_play.clear()

    async def press(self, key: str) -> None:
        """Press one key; returns when it has been released."""
        done = asyncio.get_running_loop().create_future()
        self._keys.append((key, done))
        await done

    def heard(self, seconds: float | None = None) -> Samples:
        """Return the sound that arrived, by the wall clock.

        Silence stands where nothing came. `seconds` limits it to the last ones.
        """
        now = time.monotonic_ns()
        packets = [(stream.due(place), samples) for stream, place, samples in self._heard]
        since = packets[0][0] if packets and seconds is None else now - round((seconds or 0.0) * 1e9)
        sound = numpy.zeros(max(0, (now - since) * RATE // 1_000_000_000), dtype=numpy.int16)
        for due, samples in packets:
            position = (due - since) // SAMPLE_NANOSECONDS
            if 0 <= position < sound.size:
                kept = samples[: sound.size - position]
                sound[position : position + kept.size] = kept
        return sound

    def held_up(self, seconds: float) -> float:
        """Return the longest delay of a packet sent in the last seconds."""
        since = time.monotonic_ns() - round(seconds * 1e9)
        return max((late for at, late in self._held_up if at >= since), default=0.0)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        arrived = time.monotonic_ns()
        first, second, _, timestamp, source = HEADER.unpack_from(data)
        payload = data[HEADER.size + 4 * (first & 0x0F) :]
        payload_type = second & 0x7F
        if payload_type in Codec.__members__.values():
            samples = decode(Codec(payload_type), payload)
            stream = self._stream_of(source, timestamp, arrived)
            self._heard.append((stream, stream.add(timestamp, samples.size, arrived), samples))
        elif payload_type == self._event_type and timestamp != self._heard_event:
            self._heard_event = timestamp
            self._on_key(KEYS[payload[0]])

    def _stream_of(self, source: int, timestamp: int, arrived: int) -> Stream:
        """Return the stream of a packet, begun where none goes on."""
        if self._stream is not None:
            former, stream = self._stream
            is_late = arrived - stream.last_arrival > GAP_NANOSECONDS
            if former == source and stream.following == timestamp and not is_late:
                return stream
        stream = Stream(timestamp, arrived)
        self._stream = source, stream
        return stream

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            if self._keys:
                key, done = self._keys.popleft()
                due = await self._send_key(key, due)
                if not done.done():
                    done.set_result(None)
            else:
                self._send_packet(self._codec, encode(self._codec, self._next_frame()), advance=FRAME)
                due = await self._next(due)

    async def _send_key(self, key: str, due: float) -> float:
        """Send one key press (RFC 4733).

        One timestamp for the whole press, its duration growing, the end sent three times.
        """
        event = KEYS.index(key)
        for frame in range(1, KEY_FRAMES + 1):
            payload = EVENT.pack(event, 10, frame * FRAME)
            self._send_packet(self._event_type, payload, marker=frame == 1)
            due = await self._next(due)
        for _ in range(END_PACKETS):
            self._send_packet(self._event_type, EVENT.pack(event, 0x80 | 10, KEY_FRAMES * FRAME))
        self._timestamp += KEY_FRAMES * FRAME
        for _ in range(PAUSE_FRAMES):
            self._send_packet(self._codec, encode(self._codec, SILENCE), advance=FRAME)
            due = await self._next(due)
        return due

    def _send_packet(self, payload_type: int, payload: bytes, *, marker: bool = False, advance: int = 0) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        header = HEADER.pack(
            0x80, payload_type | (0x80 if marker else 0), self._sequence, self._timestamp & 0xFFFFFFFF, self._source
        )
        self._transport.sendto(header + payload, self._remote)
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._timestamp += advance

    def _next_frame(self) -> Samples:
        if not self._to_play:
            return SILENCE
        samples, done = self._to_play.popleft()
        if samples.size > FRAME:
            self._to_play.appendleft((samples[FRAME:], done))
        elif not done.done():
            done.set_result(None)
        return numpy.pad(samples[:FRAME], (0, max(0, FRAME - samples.size)))

    async def _next(self, due: float) -> float:
        """Wait for the next frame's moment.

        A process that was held up does not send a burst afterwards.
        """
        loop = asyncio.get_running_loop()
        if (late := loop.time() - due - FRAME_SECONDS) > FRAME_SECONDS:
            self._held_up.append((time.monotonic_ns(), late))
        due = max(due + FRAME_SECONDS, loop.time() - FRAME_SECONDS)
        await asyncio.sleep(due - loop.time())
        return due
