"""TCP proxy that a test can cut (F7)."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress


class Proxy:
    """Proxy for one port, in a thread of its own."""

    def __init__(self, address: str, port: int, target_port: int) -> None:
        self._address, self._port, self._target_port = address, port, target_port
        self._writers: set[asyncio.StreamWriter] = set()
        self._losing: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy")

    def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        self._thread.start()
        listening = asyncio.start_server(self._accept, self._address, self._port)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result()

    def cut(self) -> int:
        """Close every connection in order; return the number of sockets."""
        return asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result()

    def lose(self) -> None:
        """Withhold what the connecting side sends, until connections are closed."""
        asyncio.run_coroutine_threadsafe(self._lose(), self._loop).result()

    def stop(self) -> None:
        """Cut, and listen no more."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _lose(self) -> None:
        self._losing |= self._writers

    async def _cut(self) -> int:
        writers, self._writers = self._writers, set()
        for writer in writers:
            writer.close()
        return len(writers)

    async def _end(self) -> None:
        self._server.close()
        await self._cut()
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            onwards = await asyncio.open_connection(self._address, self._target_port)
        except OSError:
            writer.close()
            return
        both = {writer, onwards[1]}
        self._writers |= both
        await asyncio.gather(
            _forward(reader, onwards[1], lambda: onwards[1] in self._losing),
            _forward(onwards[0], writer, lambda: False),
        )
        self._writers -= both
        self._losing -= both


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: Callable[[], bool]) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            if not lost():
                writer.write(data)
                await writer.drain()
    writer.close()
