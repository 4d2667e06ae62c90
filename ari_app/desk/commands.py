"""Commands of desks: decoded in the socket's reader, carried out in order."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog
from redis.exceptions import RedisError

from ari_app.desk.command_model import (
    AgentCommand,
    AnyCommand,
    ControlCall,
    ExtendWrapUp,
    Hello,
    PaintsPops,
    PauseCommand,
    Ping,
    PopSeen,
    ReadyCommand,
    StoreDraft,
    WrapUpDone,
)
from ari_app.desk.model import CommandRefused, Draft, Message, Pong
from ari_app.desk.socket import DeskSocket
from foundation.clock import milliseconds, utc_now
from foundation.problems import Problem
from foundation.routes import Principal, Role

log = structlog.get_logger()

WAITING: Final = 64
"""Commands one desk may have waiting; more means that it does not wait for answers."""
FINISH_S: Final = 5.0
"""How long what was asked for before the socket closed may take."""

_DECODER: Final = msgspec.json.Decoder(AnyCommand)


class CommandReader:
    """Reads one desk's commands."""

    def __init__(
        self,
        socket: DeskSocket,
        *,
        carry_out: Callable[[str, AgentCommand], Awaitable[None]],
        store_draft: Callable[[Principal, Draft], Awaitable[None]],
        painted: Callable[[str], None],
        encode: Callable[[Message], bytes],
    ) -> None:
        self._socket = socket
        self._carry_out = carry_out
        self._store_draft = store_draft
        self._painted = painted
        self._encode = encode
        self._waiting: asyncio.Queue[AnyCommand | None] = asyncio.Queue(WAITING + 1)

    async def run(self) -> None:
        """Read until the socket closes, then finish the commands that arrived."""
        worker = asyncio.create_task(self._work(), name=f"desk-commands:{self._socket.staff_id}")
        try:
            async for raw in self._socket.messages():
                await self._read(raw)
            self._waiting.put_nowait(None)
            await asyncio.wait({worker}, timeout=FINISH_S)
        finally:
            worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await worker

    async def _read(self, raw: bytes) -> None:
        try:
            command = _DECODER.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            # msgspec names the field and the rule, never the value.
            await self._send(CommandRefused(command="unknown", problem="malformed", detail=str(error)))
            return
        if isinstance(command, Ping):
            await self._send(Pong(now_ms=milliseconds(utc_now())))
        elif isinstance(command, PaintsPops):
            self._socket.paints_pops = True
        elif isinstance(command, PopSeen):
            # A caller waits for it: it stands in no line.
            self._painted(command.id)
        elif self._waiting.qsize() >= WAITING:
            await self._send(
                CommandRefused(command=_name(command), problem="too-many-requests", detail="Wait for answers.")
            )
        else:
            self._waiting.put_nowait(command)

    async def _work(self) -> None:
        while (command := await self._waiting.get()) is not None:
            try:
                await self._obey(command)
            except Problem as problem:
                await self._send(CommandRefused(command=_name(command), problem=problem.slug, detail=problem.detail))
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("desk_command_failed", command=_name(command), error=repr(error))
                await self._send(CommandRefused(command=_name(command), problem="unavailable", detail="Try again."))
            except Exception:
                log.exception("desk_command_failed", command=_name(command))
                await self._send(
                    CommandRefused(command=_name(command), problem="internal", detail="This failed on our side.")
                )

    async def _obey(self, command: AnyCommand) -> None:
        match command:
            case Hello() | Ping() | PaintsPops() | PopSeen():
                pass  # a client that has a cookie as well as a ticket is in already; the others were heard where read
            case _ if self._socket.role is not Role.AGENT:
                await self._send(CommandRefused(command=_name(command), problem="forbidden", detail="For agents only."))
            case StoreDraft():
                draft = Draft(command.call_id, command.fields)
                await self._store_draft(self._socket.session.principal, draft)
            case ReadyCommand() | PauseCommand() | WrapUpDone() | ExtendWrapUp() | ControlCall():
                await self._carry_out(self._socket.staff_id, command)

    async def _send(self, message: Message) -> None:
        await self._socket.send(self._encode(message))


def _name(command: AnyCommand) -> str:
    if isinstance(command, ControlCall):
        return command.action
    return str(type(command).__struct_config__.tag)
