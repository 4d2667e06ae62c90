"""Client of Asterisk's manager interface, for requests that ARI lacks.

Recording both sides of a call with MixMonitor, members of `app_queue`, and Asterisk's database.

One connection, opened again after a loss; events are off.
"""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from os import PathLike, fspath
from typing import Final, Literal

import structlog

from ari_app.ari.errors import AriConflict, AriError, AriInvalid, AriNotFound, AriRefused, AriTimeout, AriUnreachable
from ari_app.ari.inbound import delay_s
from foundation.tasks import keep_running

CONNECT_TIMEOUT_S: Final = 5.0
STABLE_S: Final = 10.0
ID_VARIABLE: Final = "HOTLINE_MIXMONITOR"

# A line break would begin another action, the rest would begin another argument of the application.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f,()"\\]')
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

Response = Mapping[str, str]

log = structlog.get_logger()


@dataclass
class _Asked:
    """An action under way."""

    action: str
    answer: asyncio.Future[list[Response]]
    """The response, or the events of a list."""
    listed: list[Response] | None = None
    """The events so far, once the response has said that they follow."""

    def hear(self, message: Response) -> None:
        """Take one message with the action's number."""
        if self.answer.done():
            return
        if message.get("EventList", "").casefold() == "start":
            self.listed = []
        elif message.get("EventList", "").casefold() == "complete":
            self.answer.set_result(self.listed or [])
        elif self.listed is not None:
            self.listed.append(message)
        else:
            self.answer.set_result([message])


class AmiClient:
    """Client of one Asterisk's manager interface.

    Requests raise the same errors as ARI's do; their `method` is `AMI` and their `path` the action's name.
    """

    def __init__(self, host: str, port: int, user: str, password: str, *, timeout_s: float = 5.0) -> None:
        self._host = host
        self._port = port
        self._user = user
        self._password = password
        self._timeout_s = timeout_s
        self._numbers = count(1)
        self._pending: dict[str, _Asked] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to connect; requests wait for the connection."""
        self._task = asyncio.create_task(keep_running("ami", self._run), name="ami")

    async def aclose(self) -> None:
        """Disconnect."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    @property
    def connected(self) -> bool:
        """Tell whether the connection is logged in."""
        return self._ready.is_set()

    async def mix_monitor(
        self,
        channel_id: str,
        receive_path: str | PathLike[str],
        transmit_path: str | PathLike[str] | None = None,
        *,
        options: str = "",
    ) -> str:
        """Record a channel: its voice and, on request, the sound it hears.

        Each goes into a file of its own: `receive_path` and `transmit_path`.

        The files are as long as each other: MixMonitor fills in silence by default. It goes on without us
        until the channel ends. `options` are further letters without arguments, such as `b` (only while bridged).
        Returns the recording's id, by which it alone can be stopped.

        Raises:
            AriNotFound: the channel is gone.
            ValueError: a path that is not absolute, or a character that would mean something else to Asterisk.
        """
        if not re.fullmatch("[a-zA-Z]*", options):
            raise ValueError("options: letters only")
        sides = f"r({_path('receive_path', receive_path)})"
        if transmit_path is not None:
            sides += f"t({_path('transmit_path', transmit_path)})"
        # Asterisk returns the id only where it is stored in a variable too.
        fields = {"Channel": _safe("channel_id", channel_id), "Options": f"{sides}i({ID_VARIABLE}){options}"}
        return (await self._ask("MixMonitor", fields)).get("MixMonitorID", "")

    async def stop_mix_monitor(self, channel_id: str, mix_monitor_id: str | None = None) -> None:
        """Stop a recording of the channel, by default any.

        Its files are complete when this returns.

        Raises:
            AriNotFound: the channel is gone, and its recording ended with it.
            AriConflict: there is no recording on this channel.
        """
        fields = {"Channel": _safe("channel_id", channel_id)}
        if mix_monitor_id is not None:
            fields["MixMonitorID"] = _safe("mix_monitor_id", mix_monitor_id)
        await self._ask("StopMixMonitor", fields)

    async def mute_mix_monitor(
        self, channel_id: str, *, muted: bool = True, direction: Literal["read", "write", "both"] = "both"
    ) -> None:
        """Record silence for a while, or the sound again.

        `direction`: `read` is the channel's own voice, `write` is the sound it hears.

        Raises:
            AriNotFound: the channel is gone.
            AriConflict: there is no recording on this channel.
        """
        fields = {
            "Channel": _safe("channel_id", channel_id),
            "Direction": direction,
            "State": "1" if muted else "0",
        }
        await self._ask("MixMonitorMute", fields)

    async def add_queue_member(self, queue: str, interface: str) -> None:
        """Add a phone to a queue of `app_queue`. Idempotent."""
        with suppress(AriConflict):
            await self._ask("QueueAdd", {"Queue": _safe("queue", queue), "Interface": _safe("interface", interface)})

    async def remove_queue_member(self, queue: str, interface: str) -> None:
        """Remove a phone from a queue of `app_queue`. Idempotent."""
        with suppress(AriNotFound):
            await self._ask("QueueRemove", {"Queue": _safe("queue", queue), "Interface": _safe("interface", interface)})

    async def database_entries(self, family: str) -> dict[str, str]:
        """Return a family of Asterisk's own database, by key."""
        try:
            found = await self._ask_list("DBGetTree", {"Family": _safe("family", family)})
        except AriNotFound:
            return {}
        return {entry["Key"].rpartition("/")[2]: entry.get("Val", "") for entry in found if "Key" in entry}

    async def delete_database_entry(self, family: str, key: str) -> None:
        """Remove an entry of Asterisk's own database. Idempotent."""
        with suppress(AriNotFound):
            await self._ask("DBDel", {"Family": _safe("family", family), "Key": _safe("key", key)})

    async def endpoint_details(self, name: str) -> list[Response]:
        """Return a SIP endpoint as Asterisk uses it.

        Its own fields, then those of its addresses, contacts and matches; `Event` names the kind.

        Raises:
            AriNotFound: Asterisk has no such endpoint.
        """
        return await self._ask_list("PJSIPShowEndpoint", {"Endpoint": _safe("name", name)})

    async def qualify_endpoint(self, name: str) -> None:
        """Ask an endpoint's addresses with OPTIONS; their contacts get the outcome."""
        await self._ask("PJSIPQualify", {"Endpoint": _safe("name", name)})

    async def outbound_registrations(self) -> list[Response]:
        """Return the registrations at carriers, each with its `Status`."""
        found = await self._ask_list("PJSIPShowRegistrationsOutbound", {})
        return [one for one in found if one.get("Event") == "OutboundRegistrationDetail"]

    async def ping(self) -> None:
        """Ask for any response."""
        await self._ask("Ping", {})

    async def _ask(self, action: str, fields: Mapping[str, str]) -> Response:
        """Send an action and return its response.

        Raises:
            AriTimeout, AriUnreachable: no answer.
            AriError: what the answer meant.
        """
        (response,) = await self._ask_list(action, fields)
        return response

    async def _ask_list(self, action: str, fields: Mapping[str, str]) -> list[Response]:
        """Send an action and return its responses.

        They are the events of a list, or one response. Raises as `_ask` does.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeout_s
        try:
            async with asyncio.timeout_at(deadline):
                await self._ready.wait()
        except TimeoutError:
            raise AriUnreachable("AMI", action, "not connected", sent=False) from None
        try:
            async with asyncio.timeout_at(deadline):
                return await self._exchange(action, fields)
        except TimeoutError:
            # The next action gets a new connection.
            if self._writer is not None:
                self._writer.close()
            raise AriTimeout("AMI", action, f"no answer within {self._timeout_s:g} s") from None

    async def _exchange(self, action: str, fields: Mapping[str, str]) -> list[Response]:
        writer = self._writer
        if writer is None:
            raise AriUnreachable("AMI", action, "not connected", sent=False)
        action_id = str(next(self._numbers))
        message = message_of({"Action": action, "ActionID": action_id, **fields})
        asked = self._pending[action_id] = _Asked(action, asyncio.get_running_loop().create_future())
        try:
            writer.write(message)
            answer = await asked.answer
        finally:
            del self._pending[action_id]
        for response in answer:
            if response.get("Response", "Success") != "Success":
                raise _error_for(action, response.get("Message", ""))
        return answer

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            began = loop.time()
            try:
                await self._connect_and_read()
            except (OSError, TimeoutError, EOFError, AriError, ValueError) as error:
                log.warning("ami_disconnected", error=str(error) or type(error).__name__)
            failures = 1 if loop.time() - began >= STABLE_S else failures + 1
            await asyncio.sleep(delay_s(failures))

    async def _connect_and_read(self) -> None:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(self._host, self._port)
        self._writer = writer
        reading: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await reader.readline()  # the banner
                reading = asyncio.create_task(self._read(reader), name="ami-reader")
                await self._exchange("Login", {"Username": self._user, "Secret": self._password, "Events": "off"})
            self._ready.set()
            await reading
        finally:
            self._ready.clear()
            self._writer = None
            if reading is not None:
                reading.cancel()
                await asyncio.wait({reading})
            for asked in self._pending.values():
                if not asked.answer.done():
                    asked.answer.set_exception(AriUnreachable("AMI", asked.action, "the connection broke"))
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Match responses with their actions until the connection ends."""
        while True:
            try:
                message = parse(await reader.readuntil(b"\r\n\r\n"))
            except asyncio.IncompleteReadError:
                return
            asked = self._pending.get(message.get("ActionID", ""))
            if asked is not None:
                asked.hear(message)


def message_of(fields: Mapping[str, str]) -> bytes:
    """Return an action as it goes over the wire.

    Raises:
        ValueError: a control character in a name or value, which could begin another action.
    """
    for name, value in fields.items():
        if _CONTROL.search(name) or _CONTROL.search(value):
            raise ValueError(f"{name}: must not contain control characters")
    return ("".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n").encode()


def parse(message: bytes) -> Response:
    """Parse a response: its fields by name."""
    lines = message.decode(errors="replace").split("\r\n")
    return {name: value.strip() for name, colon, value in (line.partition(":") for line in lines) if colon}


def _safe(name: str, value: str) -> str:
    if not value or _UNSAFE.search(value):
        forbidden = "control characters, commas, brackets, quotes and backslashes"
        raise ValueError(f"{name}: must not be empty, and must be free of {forbidden}")
    return value


def _path(name: str, path: str | PathLike[str]) -> str:
    text = fspath(path)
    if not text.startswith("/"):
        raise ValueError(f"{name}: must be absolute, or Asterisk puts it elsewhere")
    return _safe(name, text)


def _error_for(action: str, message: str) -> AriError:
    words = message.casefold()
    kind: type[AriError] = AriInvalid
    if (
        "no such channel" in words
        or "not there" in words
        or "not in queue" in words
        or "entry could not be deleted" in words
        or "entry not found" in words
        or "unable to retrieve endpoint" in words
    ):
        kind = AriNotFound
    elif "already there" in words:
        kind = AriConflict
    elif "authentication" in words or "permission" in words:
        kind = AriRefused
    elif "could not stop" in words or "cannot set mute" in words:
        kind = AriConflict
    return kind("AMI", action, message)
