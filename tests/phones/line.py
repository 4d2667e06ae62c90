"""One phone's SIP account on asyncio.

Registration and one call at a time, as a desk phone without call waiting has.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tests.phones.media import Media
from tests.phones.messages import Dialog, Messages, SIPMessage, contact, is_response, remote_media, transaction

REGISTER_SECONDS = 120
RESEND_SECONDS = 0.5
GIVE_UP_SECONDS = 32.0

Tell = Callable[..., None]


class Refused(Exception):
    """The server's final answer was no."""

    def __init__(self, response: SIPMessage) -> None:
        super().__init__(str(response.status))
        self.status = int(response.status)


class Stage(Enum):
    """Stage of the one call."""

    CALLING = "calling"
    RINGING = "ringing"
    ANSWERED = "answered"


@dataclass
class Call:
    """The call this phone is in."""

    dialog: Dialog
    media: Media
    stage: Stage
    given_up: bool = False
    """Hung up before the other end answered."""


@dataclass
class Manners:
    """Automatic behaviour of the phone when it is called."""

    answers_after: float | None = None
    """Seconds of ringing; None rings until a command decides."""
    rejects: str | None = None
    """The status to refuse with at once, such as `486 Busy Here`."""


class Line(asyncio.DatagramProtocol):
    """Registers, calls, is called; says what happens through `tell(event, **details)`."""

    def __init__(self, server: tuple[str, int], user: str, password: str, shown_as: str, tell: Tell) -> None:
        self._server, self._user, self._password, self._shown_as = server, user, password, shown_as
        self._tell = tell
        self._waiting: dict[tuple[str, str, str], asyncio.Queue[SIPMessage]] = {}
        self._answers: dict[tuple[str, str, str], str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._registered = False
        self.manners = Manners()
        self.call: Call | None = None
        self.media: Media | None = None
        """The latest call's sound, kept after its end."""

    async def open(self, address: str) -> None:
        """Take a free port and register.

        Raises:
            Refused: the account or its password was not accepted.
            TimeoutError: the registrar did not answer.
        """
        self._address = address
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, (address, 0))
        port = self._transport.get_extra_info("sockname")[1]
        shown_as = self._shown_as or f"<sip:{self._user}@{address}>"
        self._messages = Messages(self._server, self._user, self._password, (address, port), shown_as)
        await self._register(REGISTER_SECONDS)
        self._start(self._stay_registered())
        self._tell("registered")

    async def close(self) -> None:
        """End the call, sign off, let go of the ports."""
        if self.call is not None:
            await self.hang_up()
        for task in list(self._tasks):
            task.cancel()
        if self._registered:
            await self._register(0)
        self._transport.close()

    async def dial(self, number: str) -> None:
        """Send an INVITE and return; events report its result."""
        if self.call is not None:
            raise ValueError("this phone is in a call")
        media = await Media.open(self._address, self._key_heard)
        call_id, tag = self._messages.gen_call_id(), self._messages.gen_tag()
        text = self._messages.invitation(number, media.port, challenge=None, call_id=call_id, tag=tag)
        call = Call(Dialog(SIPMessage(text.encode()), incoming=False, local_tag=tag), media, Stage.CALLING)
        self.call, self.media = call, media
        self._tell("calling", call=call_id, number=number)
        self._start(self._see_call_through(call, number, text))

    def answer(self) -> None:
        """Take the call that is ringing."""
        call = self._current(Stage.RINGING)
        call.stage = Stage.ANSWERED
        self._respond(
            call.dialog.invite, "200 OK", body=self._messages.answer_body(call.dialog.invite, call.media.port)
        )
        self._connect_media(call, call.dialog.invite)
        self._tell("answered", call=call.dialog.call_id)

    def reject(self, status: str = "486 Busy Here") -> None:
        """Refuse the call that is ringing."""
        call = self._current(Stage.RINGING)
        self._respond(call.dialog.invite, status)
        self._ended(call, by="us", status=int(status[:3]))

    async def hang_up(self) -> None:
        """End the call, whatever its stage."""
        if self.call is None:
            raise ValueError("this phone is in no call")
        call = self.call
        if call.stage is Stage.RINGING:
            self.reject()
        elif call.stage is Stage.CALLING:
            # The INVITE's own final response ends the call, unless the other end answered before it heard of this.
            call.given_up = True
            await self._request(self._messages.cancel(call.dialog.invite))
        else:
            self._ended(call, by="us", status=200)
            await self._request(self._messages.farewell(call.dialog))

    async def refer(self, number: str, joining: str) -> int:
        """Ask the server to transfer the call; return its status."""
        response = await self._request(self._messages.referral(self._current(Stage.ANSWERED).dialog, number, joining))
        return int(response.status)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        arrived = time.monotonic_ns()
        try:
            message = SIPMessage(data)
            if is_response(message):
                if (waiting := self._waiting.get(transaction(message))) is not None:
                    waiting.put_nowait(message)
            else:
                self._requested(message, arrived)
        except Exception as problem:  # noqa: BLE001 - an unreadable message is reported, and the phone stays up
            self._tell("error", text=f"{problem!r}: {data[:300]!r}")

    def _requested(self, request: SIPMessage, arrived: int) -> None:
        key = transaction(request)
        if key in self._answers:
            # Sent again: so is the answer.
            self._send(self._answers[key])
        elif request.method == "INVITE":
            self._invited(request, arrived)
        elif request.method == "CANCEL":
            self._respond(request, "200 OK")
            if (call := self._call_of(request)) is not None and call.stage is Stage.RINGING:
                self._respond(call.dialog.invite, "487 Request Terminated")
                self._ended(call, by="them", status=487, reason=request.headers.get("Reason"))
        elif request.method == "BYE":
            self._respond(request, "200 OK")
            if (call := self._call_of(request)) is not None:
                self._ended(call, by="them", status=200, reason=request.headers.get("Reason"))
        elif request.method != "ACK":
            self._respond(request, "200 OK")
            if request.method == "NOTIFY":
                self._tell("notified", text=str(request.raw, "utf8").partition("\r\n\r\n")[2].strip())

    def _invited(self, request: SIPMessage, arrived: int) -> None:
        if (call := self._call_of(request)) is not None:
            self._respond(request, "200 OK", body=self._messages.answer_body(request, call.media.port))
            self._connect_media(call, request)
        elif self.call is not None or self.manners.rejects is not None:
            self._tell_invite(request, arrived)
            status = self.manners.rejects or "486 Busy Here"
            self._respond(request, status)
            self._tell("ended", call=request.headers["Call-ID"], by="us", status=int(status[:3]))
        else:
            self._start(self._ring(request, arrived))

    async def _ring(self, request: SIPMessage, arrived: int) -> None:
        tag = self._messages.gen_tag()
        dialog = Dialog(request, True, tag, request.headers["From"]["tag"], contact(request))
        self.media = await Media.open(self._address, self._key_heard)
        self.call = call = Call(dialog, self.media, Stage.RINGING)
        self._respond(request, "180 Ringing")
        self._tell_invite(request, arrived)
        if self.manners.answers_after is not None:
            await asyncio.sleep(self.manners.answers_after)
            if self.call is call and call.stage is Stage.RINGING:
                self.answer()

    async def _see_call_through(self, call: Call, number: str, text: str) -> None:
        response = await self._request(text, provisional=lambda heard: self._progress(call, heard))
        if int(response.status) == 401 and not call.given_up:
            self._send(self._messages.acknowledge(call.dialog.invite, response))
            text = self._messages.invitation(
                number, call.media.port, challenge=response, call_id=call.dialog.call_id, tag=call.dialog.local_tag
            )
            call.dialog.invite = SIPMessage(text.encode())
            response = await self._request(text, provisional=lambda heard: self._progress(call, heard))
        self._send(self._messages.acknowledge(call.dialog.invite, response))
        if int(response.status) >= 300:
            self._ended(call, by="them", status=int(response.status), reason=response.headers.get("Reason"))
            return
        call.dialog.remote_tag, call.dialog.target = response.headers["To"]["tag"], contact(response)
        if call.given_up:
            self._ended(call, by="us", status=200)
            await self._request(self._messages.farewell(call.dialog))
            return
        call.stage = Stage.ANSWERED
        self._connect_media(call, response)
        self._tell("answered", call=call.dialog.call_id)

    def _progress(self, call: Call, response: SIPMessage) -> None:
        if int(response.status) > 100:
            self._tell("progress", call=call.dialog.call_id, status=int(response.status))
        if response.body.get("m"):
            self._connect_media(call, response)

    def _connect_media(self, call: Call, description: SIPMessage) -> None:
        remote = remote_media(description)
        call.media.send_to(remote.address, remote.port, remote.codec, remote.event_type)

    def _ended(self, call: Call, **how: Any) -> None:
        call.media.close()
        self.call = None
        self._tell("ended", call=call.dialog.call_id, **how)

    def _tell_invite(self, request: SIPMessage, arrived: int) -> None:
        caller = request.headers["From"]
        name = caller["caller"].strip().strip('"')
        self._tell("invite", at_ns=arrived, call=request.headers["Call-ID"], caller=caller["number"], caller_name=name)

    def _key_heard(self, key: str) -> None:
        self._tell("dtmf", key=key)

    def _current(self, stage: Stage) -> Call:
        if self.call is None or self.call.stage is not stage:
            raise ValueError(f"no call is {stage.value}")
        return self.call

    def _call_of(self, request: SIPMessage) -> Call | None:
        call = self.call
        return call if call is not None and call.dialog.call_id == request.headers["Call-ID"] else None

    async def _stay_registered(self) -> None:
        while True:
            await asyncio.sleep(REGISTER_SECONDS / 2)
            await self._register(REGISTER_SECONDS)

    async def _register(self, seconds: int) -> None:
        response = await self._request(self._messages.registration(expires=seconds))
        if int(response.status) == 401:
            response = await self._request(self._messages.registration(expires=seconds, challenge=response))
        if int(response.status) >= 300:
            raise Refused(response)
        self._registered = seconds > 0

    async def _request(self, text: str, provisional: Callable[[SIPMessage], None] | None = None) -> SIPMessage:
        """Send until something answers; the final response.

        Raises:
            TimeoutError: nothing answered at all.
        """
        key = transaction(SIPMessage(text.encode()))
        heard = self._waiting[key] = asyncio.Queue()
        try:
            response = await self._first_response(text, heard)
            while int(response.status) < 200:
                if provisional is not None:
                    provisional(response)
                response = await heard.get()
            return response
        finally:
            del self._waiting[key]

    async def _first_response(self, text: str, heard: asyncio.Queue[SIPMessage]) -> SIPMessage:
        async with asyncio.timeout(GIVE_UP_SECONDS):
            while True:
                self._send(text)
                try:
                    return await asyncio.wait_for(heard.get(), RESEND_SECONDS)
                except TimeoutError:
                    continue

    def _respond(self, request: SIPMessage, status: str, *, body: str = "") -> None:
        call = self._call_of(request)
        tag = call.dialog.local_tag if call is not None else self._messages.gen_tag()
        text = self._messages.response(request, status, tag=tag, body=body)
        self._answers[transaction(request)] = text
        self._send(text)

    def _send(self, text: str) -> None:
        self._transport.sendto(text.encode(), self._server)

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Any) -> None:
        try:
            await work
        except Exception as problem:  # noqa: BLE001 - a phone tells its troubles to the test and stays up
            self._tell("error", text=repr(problem))
