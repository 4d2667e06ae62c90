"""A gateway for SMS on this machine, reached by Apprise."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from threading import Thread


@dataclass(frozen=True)
class Sms:
    """A short message that was sent."""

    number: str
    text: str


class SmsGateway:
    """Takes short messages."""

    def __init__(self, port: int) -> None:
        self.setting = f"json://127.0.0.1:{port}/{{address}}"
        self._sent: SimpleQueue[Sms] = SimpleQueue()

    def take(self, number: str, text: str) -> None:
        """Take a message."""
        self._sent.put(Sms(number, text))

    def next(self, seconds: float) -> Sms:
        """Return the next message.

        Raises:
            queue.Empty: none came in time.
        """
        return self._sent.get(timeout=seconds)


@contextmanager
def sms_gateway() -> Iterator[SmsGateway]:
    """Open a gateway on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            gateway.take(self.path.strip("/"), body["message"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    gateway = SmsGateway(server.server_port)
    serving = Thread(target=server.serve_forever, name="sms-gateway")
    serving.start()
    try:
        yield gateway
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
