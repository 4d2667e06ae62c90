"""Callers and agents' phones for load, one UDP port each.

Each datagram has the kernel's own time of arrival.

SIPp drives load too (`bench/sipp`), but tells when a message arrived only in its logs; here one clock, CLOCK_REALTIME
in nanoseconds, times what both sides send and what reaches them, without the generator's own delays.
"""

import asyncio
import socket
import struct
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.sip_message import SDP, Message, new_branch, read, request, response

ADDRESS = "127.0.0.1"
RECEIVE_BUFFER = 4 << 20
SO_TIMESTAMPNS = 35
TIMESPEC = struct.Struct("qq")
RESEND_SECONDS = 0.5
BUSY = "486 Busy Here"


class SipSocket:
    """One UDP port for SIP, and one that swallows the media."""

    def __init__(self, on_message: Callable[[Message, int], None], media_port: int | None = None) -> None:
        self._on_message = on_message
        self._socket = _bound_socket()
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._media = _bound_socket(receive_buffer=4096)
        self.server = (ADDRESS, 0)
        self.local: tuple[str, int] = self._socket.getsockname()
        self.body = SDP.format(address=ADDRESS, port=media_port or self._media.getsockname()[1])
        asyncio.get_running_loop().add_reader(self._socket, self._receive)

    def send(self, data: bytes) -> int:
        """Send to the server; return the time before, epoch nanoseconds."""
        at = time.time_ns()
        self._socket.sendto(data, self.server)
        return at

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._media.close()

    def _receive(self) -> None:
        while True:
            try:
                data, ancillary, _, _ = self._socket.recvmsg(65536, 128)
            except BlockingIOError:
                return
            seconds, nanoseconds = TIMESPEC.unpack(ancillary[0][2])
            self._on_message(read(data), seconds * 1_000_000_000 + nanoseconds)


@dataclass(eq=False)
class CallerCall:
    """One call of a caller.

    Times are nanoseconds of the epoch; 0: did not happen.
    """

    number: str
    invite: bytes
    branch: str
    sender: str
    receiver: str
    uri: str
    call_id: str
    sent_ns: int = 0
    answered_ns: int = 0
    ended_ns: int = 0
    failed: int = 0
    """The final status that refused it."""
    heard_of: bool = False
    """Anything came back."""
    resent: int = 0
    contact: str = ""
    sequence: int = 1
    """Number of the last request within the call."""
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Callers:
    """A trunk that calls in and waits to be hung up."""

    def __init__(self, media_port: int | None = None) -> None:
        self.socket = SipSocket(self._received, media_port)
        self.calls: dict[str, CallerCall] = {}
        self.on_end: Callable[[CallerCall], None] | None = None
        self.on_media: Callable[[CallerCall, int], None] | None = None
        """Hears where Asterisk listens for a call's audio."""

    def call(self, number: str, caller: str) -> CallerCall:
        """Dial `number` as `caller`."""
        host, port = self.socket.server
        uri, branch, call_id = f"sip:{number}@{host}:{port}", new_branch(), uuid.uuid4().hex
        sender, receiver = f"<sip:{caller}@{host}>;tag={uuid.uuid4().hex[:8]}", f"<{uri}>"
        invite = request(
            "INVITE", uri, self.socket.local, sender, receiver, call_id, "1", branch=branch, body=self.socket.body
        )
        call = CallerCall(caller, invite, branch, sender, receiver, uri, call_id)
        self.calls[call_id] = call
        call.sent_ns = self.socket.send(invite)
        asyncio.get_running_loop().call_later(RESEND_SECONDS, self._resend, call)
        return call

    def hang_up(self, call: CallerCall) -> None:
        """Give up a call that is waiting, answered or not."""
        if call.over.is_set():
            return
        if call.answered_ns:
            self._send_within(call, "BYE")
            self._end(call, time.time_ns())
        else:
            text = request(
                "CANCEL", call.uri, self.socket.local, call.sender, call.receiver, call.call_id, "1", branch=call.branch
            )
            self.socket.send(text)

    def press(self, call: CallerCall, key: str) -> None:
        """Press a key, sent by INFO (RFC 6086)."""
        if call.answered_ns and not call.over.is_set():
            self._send_within(call, "INFO", f"Signal={key}\r\nDuration=160\r\n")

    def end(self, call: CallerCall) -> None:
        """The call is over without a message from either end."""
        self._end(call, time.time_ns())

    def close(self) -> None:
        self.socket.close()

    def _received(self, message: Message, at_ns: int) -> None:
        call = self.calls.get(message.call_id)
        if message.status == 0:
            if message.method != "ACK":
                self.socket.send(response(message, "200 OK", self.socket.local, "caller"))
            if message.method == "BYE" and call is not None:
                self._end(call, at_ns)
        elif call is not None and message.method == "INVITE":
            self._invite_answered(call, message, at_ns)

    def _invite_answered(self, call: CallerCall, message: Message, at_ns: int) -> None:
        call.heard_of = True
        if message.status < 200:
            return
        call.receiver = message.headers["to"]
        if message.status < 300:
            call.contact = message.contact
            if not call.answered_ns and self.on_media is not None and message.media_port is not None:
                self.on_media(call, message.media_port)
            call.answered_ns = call.answered_ns or at_ns
            self.socket.send(
                request("ACK", call.contact, self.socket.local, call.sender, call.receiver, call.call_id, "1")
            )
        else:
            text = request(
                "ACK", call.uri, self.socket.local, call.sender, call.receiver, call.call_id, "1", branch=call.branch
            )
            self.socket.send(text)
            call.failed = message.status
            self._end(call, at_ns)

    def _send_within(self, call: CallerCall, method: str, body: str = "") -> None:
        call.sequence += 1
        self.socket.send(
            request(
                method,
                call.contact,
                self.socket.local,
                call.sender,
                call.receiver,
                call.call_id,
                str(call.sequence),
                body=body,
                content="application/dtmf-relay",
            )
        )

    def _resend(self, call: CallerCall) -> None:
        if not call.heard_of:
            call.resent += 1
            self.socket.send(call.invite)
            asyncio.get_running_loop().call_later(RESEND_SECONDS, self._resend, call)

    def _end(self, call: CallerCall, at_ns: int) -> None:
        if not call.over.is_set():
            call.ended_ns = at_ns
            call.over.set()
            if self.on_end is not None:
                self.on_end(call)


@dataclass(eq=False)
class AgentCall:
    """One call at an agent's phone.

    Times are nanoseconds of the epoch; 0: did not happen.
    """

    agent: str
    caller: str
    invite: Message
    tag: str
    offered_ns: int
    talking_ns: int = 0
    ended_ns: int = 0
    """When the agent sent the BYE, or the other end's BYE or CANCEL arrived."""
    by_agent: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)


class AgentPhones:
    """All agents' phones behind one port.

    They ring, answer (at once by default), talk, and hang up first.
    """

    def __init__(self, talk_seconds: float, *, ring_seconds: float = 0.0, media_port: int | None = None) -> None:
        self.talk_seconds = talk_seconds
        self.ring_seconds = ring_seconds
        self.socket = SipSocket(self._received, media_port)
        self.calls: list[AgentCall] = []
        self.double_offers = 0
        """INVITEs that reached an agent who was in a call: an error of the queue."""
        self.on_offer: Callable[[AgentCall], None] | None = None
        self.on_end: Callable[[AgentCall], None] | None = None
        self.kept: set[AgentCall] = set()
        """Calls that their agents do not hang up."""
        self._by_call_id: dict[str, AgentCall] = {}
        self._by_agent: dict[str, AgentCall] = {}

    def end(self, call: AgentCall) -> None:
        """The call is over without a message from either end."""
        self._end(call, time.time_ns())

    def close(self) -> None:
        self.socket.close()

    def _received(self, message: Message, at_ns: int) -> None:
        call = self._by_call_id.get(message.call_id)
        if message.status:
            return
        if message.method == "INVITE":
            if call is None:
                self._offered(message, at_ns)
        elif message.method == "ACK":
            if call is not None and not call.talking_ns and not call.over.is_set():
                call.talking_ns = at_ns
                asyncio.get_running_loop().call_later(self.talk_seconds, self._hang_up, call)
        else:
            self._respond(message, "200 OK", call.tag if call is not None else "agent")
            if call is not None and message.method in ("BYE", "CANCEL"):
                if message.method == "CANCEL":
                    self._respond(call.invite, "487 Request Terminated", call.tag)
                self._end(call, at_ns)

    def _offered(self, invite: Message, at_ns: int) -> None:
        agent = invite.called_user
        before = self._by_agent.get(agent)
        if before is not None and not before.over.is_set():
            self.double_offers += 1
            self._respond(invite, BUSY, "busy")
            return
        call = AgentCall(agent, invite.caller_user, invite, uuid.uuid4().hex[:8], at_ns)
        self.calls.append(call)
        self._by_call_id[invite.call_id] = self._by_agent[agent] = call
        self._respond(invite, "180 Ringing", call.tag)
        if self.ring_seconds:
            asyncio.get_running_loop().call_later(self.ring_seconds, self._answer, call)
        else:
            self._answer(call)
        if self.on_offer is not None:
            self.on_offer(call)

    def _answer(self, call: AgentCall) -> None:
        if not call.over.is_set():
            self._respond(call.invite, "200 OK", call.tag, self.socket.body)

    def _hang_up(self, call: AgentCall) -> None:
        if call.over.is_set() or call in self.kept:
            return
        invite = call.invite
        text = request(
            "BYE",
            invite.contact,
            self.socket.local,
            f"{invite.headers['to']};tag={call.tag}",
            invite.headers["from"],
            invite.call_id,
            "1000",
        )
        call.by_agent = True
        self._end(call, self.socket.send(text))

    def _end(self, call: AgentCall, at_ns: int) -> None:
        if not call.over.is_set():
            call.ended_ns = at_ns
            call.over.set()
            if self.on_end is not None:
                self.on_end(call)

    def _respond(self, message: Message, status: str, tag: str, body: str = "") -> None:
        self.socket.send(response(message, status, self.socket.local, tag, body))


def _bound_socket(receive_buffer: int = RECEIVE_BUFFER) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    opened.bind((ADDRESS, 0))
    opened.setblocking(False)
    return opened
