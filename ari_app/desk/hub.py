"""Hub: desks of this node, with pops, messages, broadcasts and commands."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import msgspec
import structlog
from aiohttp import WSCloseCode
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ari_app.desk import metrics
from ari_app.desk.absences import Absences
from ari_app.desk.commands import CommandReader
from ari_app.desk.handler import DeskHandler
from ari_app.desk.model import CallChanged, Draft, DraftChanged, Message, PopClosed, PopShown, Replaced, Welcome
from ari_app.desk.open_desks import OpenDesks
from ari_app.desk.painting import Painting, until_painted
from ari_app.desk.pop import Pop
from ari_app.desk.relay import NOTHING, Relay, Relayed
from ari_app.desk.socket import CloseCode, DeskSocket
from ari_app.desk.store import DeskState
from ari_app.web.sessions import Session
from foundation.clock import milliseconds, utc_now
from foundation.problems import Problem
from foundation.routes import Principal, Role
from foundation.tasks import log_failure

log = structlog.get_logger()

DESKS_PER_PERSON = 4
"""Desks of one supervisor, such as a wallboard beside the desk; agents have one."""
AT_ONCE = 100
"""Sockets of a broadcast between two pauses: a pop does not wait for a thousand wallboards."""
JOINING = 16
"""Desks that are welcomed at a time: after a restart a thousand reconnect, and calls need Redis too."""
DEADLINE_S = 2.0


class Hub:
    """Desks of this node, and messages to desks of other nodes."""

    def __init__(self, redis: Redis, handler: DeskHandler, *, absence_grace_s: float = 5.0) -> None:
        self._handler = handler
        self.state = DeskState(redis)
        self._relay = Relay(redis, self._relayed)
        self._open = OpenDesks()
        self._numbers = itertools.count(1)
        self._broadcasting = asyncio.Lock()
        self._joining = asyncio.Semaphore(JOINING)
        self._absences = Absences(handler, self._relay, self._joining, grace_s=absence_grace_s)
        self._painting = Painting()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def start(self) -> None:
        """Listen to the messages of other nodes."""
        await self._relay.start()

    async def aclose(self) -> None:
        """Close every desk; browsers come back by themselves."""
        self._closed = True
        self._spawn_closing(self.sockets(), WSCloseCode.GOING_AWAY, "the service stops")
        await self._absences.aclose()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._relay.aclose()

    def sockets(self) -> list[DeskSocket]:
        """Return every open desk of this node."""
        return self._open.all()

    def session(self, session_id: str) -> Session | None:
        """Return the session of an open desk by its id."""
        return next((socket.session for socket in self.sockets() if socket.session.id == session_id), None)

    def listening(self, roles: Iterable[Role]) -> bool:
        """Return whether a desk of these roles is open on this node."""
        return self._open.any_of(roles)

    def connected(self, staff_id: str) -> bool:
        """Return whether this staff member has a desk open on this node."""
        return bool(self._open.of_person(staff_id))

    async def pop(self, agent_id: str, pop: Pop) -> bool:
        """Show a call on the agent's desk; return whether one took it.

        The phone rings after that (G14): once the pop is on the screen, where a desk of this node says when that is.

        The desk is written to first and remembered meanwhile; a desk that connects in between gets the pop as well,
        with its welcome or again as a message.
        """
        body = msgspec.json.encode(pop)
        payload = self._encode(PopShown(pop=cast("Pop", msgspec.Raw(body))))
        before_ids = {socket.id for socket in self._open.of_person(agent_id)}
        with self._painting.of(pop.id) as painted:
            shown = await self._shown(agent_id, pop.call_id, body, payload, before_ids)
            if any(socket.paints_pops for socket in self._open.of_person(agent_id)):
                await until_painted(painted)
        metrics.POPS.labels("yes" if shown else "no").inc()
        return shown

    async def _shown(self, agent_id: str, call_id: str, body: bytes, payload: bytes, before_ids: set[str]) -> bool:
        shown = await self._deliver(agent_id, payload)
        draft = None
        with _out_of_reach("desk_state_lost", agent_id):
            async with asyncio.timeout(DEADLINE_S):
                draft = await self.state.show(agent_id, call_id, body)
        for socket in self._open.of_person(agent_id):
            if socket.id not in before_ids:
                shown = await socket.send(payload) or shown
        shown = shown or await self._relay.publish(agent_id, Relayed(payload=msgspec.Raw(payload)))
        if draft is not None:
            await self.send(agent_id, DraftChanged(draft=draft))
        return shown

    async def store_draft(self, who: Principal, draft: Draft) -> None:
        """Store fields of a draft; tell this and the call's other desks.

        Raises:
            DraftRefused: the desk shows another call.
        """
        stored, others = await self.state.store_draft(who, draft)
        for agent_id in (who.staff_id, *others):
            await self.send(agent_id, DraftChanged(draft=stored))

    async def close_pop(
        self, agent_id: str, call_id: str, *, missed_of: int | None = None, answered_by: str | None = None
    ) -> None:
        """Close the pop of a call; its draft stays with the call."""
        await self.send(agent_id, PopClosed(call_id=call_id, missed_of=missed_of, answered_by=answered_by))
        with _out_of_reach("desk_state_lost", agent_id):
            async with asyncio.timeout(DEADLINE_S):
                await self.state.close(agent_id, call_id)

    async def shown_call(self, agent_id: str) -> str | None:
        """Return the call that an agent's desk shows."""
        with _out_of_reach("desk_state_unknown", agent_id):
            async with asyncio.timeout(DEADLINE_S):
                return await self.state.shown_call(agent_id)
        return None

    async def call_changed(self, agent_id: str, changed: CallChanged) -> None:
        """Send the new state of the agent's own call."""
        await self.send(agent_id, changed)

    async def send(self, staff_id: str, message: Message, *, relay: bool = True) -> bool:
        """Send to a staff member on any node; return whether it arrived.

        Where every node hears of what the message tells, each sends it with `relay=False`, or it arrives twice.
        """
        payload = self._encode(message)
        if await self._deliver(staff_id, payload):
            return True
        return relay and await self._relay.publish(staff_id, Relayed(payload=msgspec.Raw(payload)))

    async def broadcast(self, role: Role | Iterable[Role], message: Message) -> None:
        """Send to the desks of some roles on this node, in order."""
        roles = {role} if isinstance(role, Role) else set(role)
        await self._send_all(self._open.of_roles(roles), message)

    async def broadcast_to(self, allowed: Callable[[Principal], bool], message: Message) -> None:
        """Send to the desks of some people on this node, in order."""
        await self._send_all([one for one in self.sockets() if allowed(one.session.principal)], message)

    async def _send_all(self, listening: Sequence[DeskSocket], message: Message) -> None:
        if not listening:
            return
        payload = self._encode(message)
        async with self._broadcasting:
            for count, socket in enumerate(listening, 1):
                await socket.send(payload)
                if count % AT_ONCE == 0:
                    await asyncio.sleep(0)

    async def end_session(self, staff_id: str, session_id: str | None) -> None:
        """Close the desks of a session; without an id, of the person.

        Its agent leaves the queues at once, after a present call.
        """
        had_desk = await self._end_session(staff_id, session_id)
        elsewhere = await self._relay.publish(staff_id, Relayed(ended_session=session_id or "*"))
        if not had_desk and not elsewhere:
            await self._sign_out(staff_id)

    async def serve(self, socket: DeskSocket) -> None:
        """Serve an authenticated socket until it ends."""
        if self._closed:
            await socket.close(WSCloseCode.GOING_AWAY, "the service stops")
            return
        commands = CommandReader(
            socket,
            carry_out=self._handler.command,
            store_draft=self.store_draft,
            painted=self._painting.done,
            encode=self._encode,
        )
        try:
            async with self._joining:
                await self._join(socket)
            await commands.run()
        except (RedisError, OSError, TimeoutError, Problem) as error:
            log.warning("desk_not_welcomed", staff_id=socket.staff_id, error=repr(error))
            socket.forget()
            await socket.close(WSCloseCode.TRY_AGAIN_LATER, "try again")
        except Exception:
            log.exception("desk_failed", staff_id=socket.staff_id)
            await socket.close(WSCloseCode.INTERNAL_ERROR, "this failed on our side")
        finally:
            self._leave(socket)
            self._relay.unsubscribe(socket.staff_id)

    async def _join(self, socket: DeskSocket) -> None:
        async with asyncio.timeout(DEADLINE_S):
            await self._relay.subscribe(socket.staff_id)
            socket.order = await self.state.next_order()
        self._open.add(socket)
        if socket.role is Role.AGENT:
            self._replace_older(socket.staff_id, socket.order, 1)
            await self._relay.publish(socket.staff_id, Relayed(newest_order=socket.order))
            await self._absences.ended(socket.staff_id)
        else:
            self._replace_older(socket.staff_id, socket.order, DESKS_PER_PERSON)
        async with asyncio.timeout(DEADLINE_S):
            await socket.open(self._encode(await self._welcome(socket.session.principal)))

    def _leave(self, socket: DeskSocket) -> None:
        if self._open.leave(socket) and socket.role is Role.AGENT and not self._closed:
            self._absences.begin(socket.staff_id)

    async def _welcome(self, who: Principal) -> Welcome:
        shown = await self.state.shown(who.staff_id)
        return Welcome(
            now_ms=milliseconds(utc_now()),
            staff_id=who.staff_id,
            staff_number=who.staff_number,
            name=who.name,
            role=who.role,
            snapshot=await self._handler.snapshot(who),
            # As it is stored, encoded.
            pop=cast("Pop | None", shown.pop),
            draft=shown.draft,
        )

    async def _deliver(self, staff_id: str, payload: bytes) -> bool:
        taken = False
        for socket in self._open.of_person(staff_id):
            taken = await socket.send(payload) or taken
        return taken

    def _replace_older(self, staff_id: str, newest_order: int, allowed: int) -> None:
        """Close all desks but the newest; `newest_order` may be on another node."""
        for socket in self._open.older(staff_id, newest_order, allowed):
            log.info("desk_replaced", staff_id=staff_id, socket=socket.id)
            self._open.take_out(socket)
            self._spawn(self._replace(socket), f"desk-replace:{socket.id}")

    async def _replace(self, socket: DeskSocket) -> None:
        await socket.send(self._encode(Replaced()))
        await socket.close(CloseCode.REPLACED, "replaced")

    async def _end_session(self, staff_id: str, session_id: str | None) -> bool:
        """Close the desks of a session here; tell whether it had one.

        An agent has one desk: an older session without it ends without a word to the queues.
        """
        ended = [
            socket for socket in self._open.of_person(staff_id) if session_id is None or socket.session.id == session_id
        ]
        if ended:
            await self._sign_out(staff_id)
        self._spawn_closing(ended, CloseCode.SIGNED_OUT, "signed out")
        return bool(ended)

    async def _sign_out(self, staff_id: str) -> None:
        """Take an agent out of the queues.

        Where that fails, the time of the closed desk does it later.
        """
        try:
            await self._handler.signed_out(staff_id)
        except Problem as error:
            log.warning("agent_not_signed_out", agent_id=staff_id, error=repr(error))

    async def _relayed(self, staff_id: str, message: Relayed) -> None:
        """Carry out a message of another node, or of this one."""
        if message.payload != NOTHING:
            await self._deliver(staff_id, bytes(message.payload))
        if message.newest_order is not None:
            self._replace_older(staff_id, message.newest_order, 1)
        if message.ended_session is not None:
            await self._end_session(staff_id, None if message.ended_session == "*" else message.ended_session)

    def _spawn_closing(self, sockets: Iterable[DeskSocket], code: int, reason: str) -> None:
        for socket in sockets:
            self._spawn(socket.close(code, reason), f"desk-close:{socket.id}")

    def _spawn(self, work: Any, name: str) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(log_failure)

    def _encode(self, message: Message) -> bytes:
        return msgspec.json.encode(msgspec.structs.replace(message, id=next(self._numbers)))


@contextlib.contextmanager
def _out_of_reach(event: str, agent_id: str) -> Any:
    """Log that Redis is out of reach: the call goes on."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        log.warning(event, agent_id=agent_id, error=repr(error))
